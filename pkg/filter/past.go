package filter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"winnow/pkg/message"
)

// What was answered about a message is recorded, so that it can be decided again by other lists, rules and entries. That works
// as far as answers tell: a list that nobody asked then has none. So a stage that takes part says beside its answers what it
// does not know, and the worst and the best that it could be.

// InForce is what stages had in force, by name: what each list is asked, what each rule is, as words that differ where that
// does. What something is worth (scores, actions, what a return code means) is not in it: of that the answers are independent.
type InForce map[string]string

// What InForce calls things that more than one stage goes by.
const (
	NetworksInForce = "networks" // whose addresses are whose
	IdentityInForce = "identity" // how it is found out who sent a message
)

// Key names what was in force: the same for the same, and only for that.
func (f InForce) Key() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(h, "%q %q\n", name, f[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// A Past is a message, or a connection, that was decided on, as far as it is known now.
type Past struct {
	Message *message.Message // who sent it; of what it held nothing, but where Whole is set
	Whole   bool             // a copy of it was kept: Message is all of it, but for the network
	Told    *Verdict         // what was decided, with all answers

	InForce InForce // when it was decided; nil where nobody knows any more
	Key     string  // of InForce, by which stages may keep what they make of it

	Author   string            // who wrote it, "" where nobody knows or there is not exactly one
	Origin   message.Client    // whom lists were asked about
	Identity *message.Identity // what was proven of the sender; nil where that was not found out
	Unsure   bool              // Identity was found by other settings than it would be now
	Hashed   bool              // addresses and names are hashes: nothing can be looked for among them
}

// A Doubt is something that would be looked at now and was not then.
type Doubt struct {
	Source string // whose answer is not known
	Kind   Kind
	Why    string // in words for the operator
	Worst  []Hit  // what would be worst for the message; none: nothing
	Best   []Hit  // and best
}

// A Replayer is a stage that can say what it would have answered, had it been as it is now.
type Replayer interface {
	Stage
	// InForce is what tells whether answers of then are answers to what would be asked now. Names begin with what they are, as
	// in "list zen", so that those of several stages do not meet.
	InForce() InForce
	// Again returns, for a report of this stage on past, what it would be now, and what cannot be known of it. The results
	// stand in the order in which it would give them; one that is in doubt is among them, with what is known of it.
	Again(past *Past, told *Report) ([]Result, []Doubt)
}

// Under returns the same policy that says of its verdicts what was in force when they came about.
func (p *Policy) Under(key string) *Policy {
	under := *p
	under.inForce = key
	return &under
}

// InForce is the key of what is in force with the policy, "" where nobody said.
func (p *Policy) InForce() string { return p.inForce }

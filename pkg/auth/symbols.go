package auth

import (
	"fmt"

	"winnow/pkg/message"
)

// A symbol is one thing that the stage says of a message.
type symbol struct {
	name  string
	score float64
	when  string // for the manual
	// found returns the evidence, and whether there is any.
	found func(f *facts) (string, bool)
}

// Symbols returns the names of all symbols that the stage may hit.
func Symbols() []string {
	names := make([]string, len(symbols))
	for i := range symbols {
		names[i] = symbols[i].name
	}
	return names
}

// facts is what symbols are about.
type facts struct {
	m  *message.Message
	id *message.Identity
}

// symbols is everything the stage can say, in the order it is reported in. Names that SpamAssassin's rules have mean the
// same as there.
var symbols = []symbol{
	{"SPF_PASS", 0, "the client may send for the envelope sender's domain", spfIs(message.AuthPass)},
	{"SPF_FAIL", 1, "that domain says that the client may not", spfIs(message.AuthFail)},
	{"SPF_SOFTFAIL", 0.7, "that domain says that it probably may not", spfIs(message.AuthSoftFail)},
	{"SPF_NEUTRAL", 0, "that domain does not say", spfIs(message.AuthNeutral)},
	{"SPF_NONE", 0, "that domain has no SPF record", spfIs(message.AuthNone)},
	{"SPF_TEMPERROR", 0, "the DNS did not answer for that domain", spfIs(message.AuthTempError)},
	{"SPF_PERMERROR", 0, "that domain's SPF record cannot be read", spfIs(message.AuthPermError)},
	{"SPF_PASS_WORLD", 0.5, "that domain's record authorizes the world, so that its pass proves nothing", worldPass},
}

// spfIs tells of an SPF check that came out so. A pass that everybody gets is none.
func spfIs(result message.AuthResult) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		s := &f.id.SPF
		return spfEvidence(s), s.Result == result && !s.World
	}
}

func worldPass(f *facts) (string, bool) {
	return spfEvidence(&f.id.SPF), f.id.SPF.World
}

func spfEvidence(s *message.SPF) string {
	return fmt.Sprintf("%s: %s", s.Domain, s.Reason)
}

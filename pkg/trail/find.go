package trail

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"winnow/pkg/message"
)

// What a record can be found by.
const (
	byID        = 'i'
	byQueueID   = 'q'
	byMessageID = 'm'
	byClient    = 'c'
	byNetwork   = 'n'
	bySender    = 's'
	byAuthor    = 'a'
	byRecipient = 'r'
	byUser      = 'u'
)

// A key is one thing that a record can be found by.
type key struct {
	field byte
	value string
}

// A found is the part of a record by which it is found.
type found struct {
	Kind       string    `json:"kind"`
	Time       time.Time `json:"time"`
	ID         string    `json:"id"`
	QueueID    string    `json:"queue_id"`
	Client     Client    `json:"client"`
	Origin     *Client   `json:"origin"`
	User       string    `json:"user"`
	Sender     string    `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
	} `json:"recipients"`
	MessageID string `json:"message_id"`
	Author    string `json:"author"`
}

// findable reads that part of a line.
func findable(line []byte) (*found, error) {
	var f found
	if err := json.Unmarshal(line, &f); err != nil {
		return nil, err
	}
	return &f, nil
}

// keys calls yield with everything that the record is found by.
func (f *found) keys(yield func(key)) {
	given := func(field byte, value string) {
		if value != "" {
			yield(key{field, value})
		}
	}
	given(byID, f.ID)
	given(byQueueID, f.QueueID)
	given(byMessageID, f.MessageID)
	given(byAuthor, f.Author)
	given(byUser, f.User)
	f.Client.keys(given)
	if f.Origin != nil {
		f.Origin.keys(given)
	}
	if f.Kind == OfMessage {
		yield(key{bySender, f.Sender}) // also <>
	}
	for _, r := range f.Recipients {
		yield(key{byRecipient, r.Address})
	}
}

func (c *Client) keys(given func(byte, string)) {
	given(byClient, c.Addr)
	given(byNetwork, c.Network)
	if addr, err := netip.ParseAddr(c.Addr); err == nil {
		for _, bits := range indexedBits(addr) {
			if network, err := addr.Prefix(bits); err == nil {
				given(byNetwork, network.String())
			}
		}
	}
}

// indexedBits are the lengths of the networks that a client is found by, the narrowest first.
func indexedBits(addr netip.Addr) []int {
	if addr.Is4() {
		return []int{24, 16}
	}
	return []int{64, 48, 32}
}

// A term is one word that is looked for: any of its keys, or an address in its network.
type term struct {
	keys    []key
	network netip.Prefix
}

// newTerms reads what somebody looks for: an id of ours, a queue id, a Message-ID, the address of a client, its network,
// a sender or a recipient; of two mail addresses the first is the sender's. Records of all words are meant. secret is the
// key of hashed records, nil where there is none.
func newTerms(words []string, secret []byte) ([]term, error) {
	addresses := 0
	for _, word := range words {
		if isAddress(word) {
			addresses++
		}
	}
	var terms []term
	first := true
	for _, word := range words {
		var t term
		switch {
		case isAddress(word) && addresses > 1:
			t = addressTerm(word, first)
			first = false
		case isAddress(word):
			t.keys = []key{{bySender, plainAddress(word)}, {byAuthor, plainAddress(word)}, {byRecipient, plainAddress(word)}, {byMessageID, plainID(word)}, {byUser, plainUser(word)}}
			if plainAddress(word) == "" {
				t.keys = t.keys[:1]
			}
		default:
			var err error
			if t, err = wordTerm(word); err != nil {
				return nil, err
			}
		}
		t.veil(secret)
		terms = append(terms, t)
	}
	return terms, nil
}

// isAddress tells of a mail address, or of <> for none.
func isAddress(word string) bool { return strings.Contains(word, "@") || word == "<>" }

func addressTerm(word string, sender bool) term {
	address := plainAddress(word)
	if !sender {
		return term{keys: []key{{byRecipient, address}}}
	}
	t := term{keys: []key{{bySender, address}}}
	if address != "" {
		t.keys = append(t.keys, key{byAuthor, address})
	}
	return t
}

func wordTerm(word string) (term, error) {
	bare := strings.Trim(word, "[]<> \t")
	if bare == "" {
		return term{}, fmt.Errorf("%q is nothing that could be looked for", word)
	}
	if addr, err := message.ParseAddr(bare); err == nil {
		return term{keys: []key{{byClient, addr.String()}}}, nil
	}
	if network, err := netip.ParsePrefix(bare); err == nil {
		return networkTerm(network), nil
	}
	if lower := strings.ToLower(bare); ourID.MatchString(lower) {
		return term{keys: []key{{byID, lower}}}, nil
	}
	return term{keys: []key{{byQueueID, bare}, {byMessageID, plainID(bare)}, {byUser, plainUser(bare)}}}, nil
}

// ourID is the form of the ids in our replies; no queue id has a dash.
var ourID = regexp.MustCompile(`^[0-9a-z]{4}-[0-9a-z]{4}$`)

// isID tells whether the term is an id of ours, of which there is one.
func (t *term) isID() bool { return len(t.keys) == 1 && t.keys[0].field == byID }

func networkTerm(network netip.Prefix) term {
	network = network.Masked()
	t := term{network: network}
	if network.IsSingleIP() {
		return term{keys: []key{{byClient, network.Addr().String()}}}
	}
	if network.Bits() == networkOf(network.Addr()).Bits() { // behind a veil a network is a word like any other
		t.keys = []key{{byNetwork, network.String()}}
	}
	return t
}

// veil adds what stands for the keys in hashed records.
func (t *term) veil(secret []byte) {
	if secret == nil {
		return
	}
	v := veil{key: secret}
	for _, k := range t.keys {
		if k.value != "" && k.field != byID && k.field != byQueueID {
			t.keys = append(t.keys, key{k.field, v.hash(k.value)})
		}
	}
}

// has tells whether a record has what is looked for.
func (t *term) has(f *found) (has bool) {
	f.keys(func(k key) {
		for i := range t.keys {
			has = has || t.keys[i] == k
		}
	})
	return has || t.network.IsValid() && (t.holds(&f.Client) || f.Origin != nil && t.holds(f.Origin))
}

func (t *term) holds(c *Client) bool {
	addr, err := netip.ParseAddr(c.Addr)
	return err == nil && t.network.Contains(addr)
}

// mayBeIn tells whether a block may have such a record.
func (t *term) mayBeIn(b *block) bool {
	for _, k := range t.keys {
		if b.filter.mayHave(k) {
			return true
		}
	}
	if !t.network.IsValid() {
		return false
	}
	for _, bits := range indexedBits(t.network.Addr()) {
		if bits <= t.network.Bits() {
			wider, err := t.network.Addr().Prefix(bits)
			return err == nil && b.filter.mayHave(key{byNetwork, wider.String()})
		}
	}
	return true // wider than what is indexed
}

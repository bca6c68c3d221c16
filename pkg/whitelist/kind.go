package whitelist

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// A Kind is which list a file is. What lets mail pass has to be proven; what refuses it has not.
type Kind struct {
	white    bool
	freemail *Freemail
	mentions bool // its entries are only named, so that nothing is demanded of them
}

// Blacklist is the kind of a file of senders that nobody wants.
func Blacklist() Kind { return Kind{} }

// Whitelist is the kind of a file of senders that are never scanned. No entry of it may name a domain of freemail, which
// may be nil.
func Whitelist(freemail *Freemail) Kind { return Kind{white: true, freemail: freemail} }

// check finds what may not stand in a list of the kind, and fills in what is demanded of entries that do not say.
func (k Kind) check(e *Entry, sender who) error {
	switch {
	case k.mentions:
		return nil
	case !k.white && e.Auth != "":
		return fmt.Errorf("%s%s: a blacklist asks for no proof; take it out", authField, e.Auth)
	case !k.white:
		return nil
	case sender.network.IsValid() && e.Auth != "":
		return fmt.Errorf("%s%s: a client's address is its own proof; take it out", authField, e.Auth)
	case sender.network.IsValid():
		return nil
	case e.Who == null && e.Auth != string(demandNone):
		return fmt.Errorf("%s: nothing can be proven of the null sender; if it may pass all the same, write %s %s%s to:%s", null, null, authField, demandNone, e.To)
	case e.Auth == "":
		e.Auth = string(demandAny)
	}
	if tree, ok := strings.CutPrefix(e.Who, "."); ok && message.IsGivenAway(tree) {
		return fmt.Errorf("%s: anybody can have a domain there; name the domains", e.Who)
	}
	return k.freemail.check(e.Who)
}

// Freemail is the domains in which anybody can have an address: what is proven of such a domain says nothing about who
// wrote. The nil Freemail has none.
type Freemail struct {
	names map[string]bool
	above map[string]string // trees that hold one, and which
}

// Limits of the list.
const (
	maxFreemailFile = 1 << 20 // octets
	maxFreemail     = 50_000  // domains
)

// ParseFreemail reads a list of freemail domains, one on a line; # begins a comment. The error holds every fault.
func ParseFreemail(file string, data []byte) (*Freemail, error) {
	if len(data) > maxFreemailFile {
		return nil, fmt.Errorf("%s: larger than %d octets: is it the right file?", file, maxFreemailFile)
	}
	f := &Freemail{names: map[string]bool{}, above: map[string]string{}}
	var faults []error
	n := 0
	for text := range bytes.Lines(data) {
		n++
		name, _, _ := strings.Cut(string(text), "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		domain, ok := message.HostASCII(name)
		if !ok || !strings.Contains(domain, ".") {
			faults = append(faults, fmt.Errorf("%s:%d: %q is no domain: write one on each line, such as example.com", file, n, name))
			continue
		}
		if len(f.names) == maxFreemail {
			return nil, fmt.Errorf("%s:%d: more than %d domains", file, n, maxFreemail)
		}
		f.names[domain] = true
		for tree := domain; tree != ""; _, tree, _ = strings.Cut(tree, ".") {
			if f.above[tree] == "" {
				f.above[tree] = domain
			}
		}
	}
	if faults != nil {
		return nil, errors.Join(faults...)
	}
	return f, nil
}

// Len is how many domains there are.
func (f *Freemail) Len() int {
	if f == nil {
		return 0
	}
	return len(f.names)
}

// check finds an entry that lets anybody pass who has an address in a freemail domain.
func (f *Freemail) check(name string) error {
	if f == nil {
		return nil
	}
	if f.names[name] {
		return fmt.Errorf("%s: anybody can have an address there; write the whole address, friend@%s", name, name)
	}
	if tree, ok := strings.CutPrefix(name, "."); ok && f.above[tree] != "" {
		return fmt.Errorf("%s: takes in %s, where anybody can have an address; write whole addresses, or narrower domains", name, f.above[tree])
	}
	return nil
}

package whitelist

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// An Entry is one line of a whitelist or blacklist.
type Entry struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Who     string `json:"who"`     // who sends, in canonical form: "friend@example.org", ".example.org", "192.0.2.0/24", "<>"
	To      string `json:"to"`      // "user@our.example", ".our.example"; "" stands for every recipient
	Auth    string `json:"auth"`    // what has to be proven: "any", "spf", "dkim" or "none"; "" for clients, and in a blacklist
	Comment string `json:"comment"` // what stands behind the # of its line
}

// String returns the entry as it may be written in a file.
func (e *Entry) String() string {
	text := e.Who
	if d := e.demand(); e.Auth != "" && d != demandAny {
		text += " " + authField + string(d)
	}
	if e.To != "" {
		text += " " + toField + e.To
	}
	return text
}

// demand is what has to be proven for the entry to count.
func (e *Entry) demand() demand {
	if e.Auth == "" {
		return demandNone // the client's address is its own proof
	}
	return demand(e.Auth)
}

// whitelisted is the symbol of what an entry of the whitelist lets pass.
const whitelisted = "WHITELISTED"

// claim returns what a message claims that names a sender of the entry's.
func (e *Entry) claim(domain string) claim {
	return claim{symbol: whitelisted, who: e.Who, domain: domain, demand: e.demand(), known: e.where()}
}

// where returns the entry with its place, which is what an operator looks for.
func (e *Entry) where() string { return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.String() }

// A who is what one field of a line stands for.
type who struct {
	name    string       // canonical
	network netip.Prefix // valid where it is a network
}

// null is how the null sender is written.
const null = "<>"

// What may follow the sender.
const (
	toField   = "to:"
	authField = "auth:"
)

// parseEntry reads the fields of a line; network is valid where the entry is one.
func (k Kind) parseEntry(l line) (e Entry, network netip.Prefix, err error) {
	sender, err := parseWho(l.fields[0])
	if err != nil {
		return e, network, err
	}
	e = Entry{Who: sender.name, Comment: l.comment}
	for _, field := range l.fields[1:] {
		switch {
		case strings.HasPrefix(field, toField) && e.To == "":
			e.To, err = parseTo(field[len(toField):])
		case strings.HasPrefix(field, authField) && e.Auth == "":
			e.Auth, err = parseAuth(field[len(authField):])
		case strings.HasPrefix(field, toField), strings.HasPrefix(field, authField):
			err = fmt.Errorf("%s: write one sender and at most one to: and one auth: a line", field)
		default:
			err = fmt.Errorf("%s: what follows the sender is to:user@our.example, auth:dkim, or a # and a comment", field)
		}
		if err != nil {
			return e, network, err
		}
	}
	if e.Who == null && e.To == "" {
		return e, network, fmt.Errorf("%s: is the sender of every bounce; say for whom: %s to:user@our.example", null, null)
	}
	return e, sender.network, k.check(&e, sender)
}

// parseTo reads what narrows an entry to a recipient.
func parseTo(name string) (string, error) {
	if name == "" {
		return "", errors.New("to: names no recipient; write to:user@our.example without a blank")
	}
	return parseRecipient(name)
}

// parseAuth reads what has to be proven.
func parseAuth(s string) (string, error) {
	switch d := demand(s); d {
	case demandAny, demandSPF, demandDKIM, demandNone:
		return s, nil
	}
	return "", fmt.Errorf("auth:%s: write auth:any (the default), auth:spf, auth:dkim or auth:none", s)
}

// parseRecipient reads an address or a domain of ours.
func parseRecipient(s string) (string, error) {
	w, err := parseWho(s)
	if err == nil && (w.network.IsValid() || w.name == null) {
		err = fmt.Errorf("%s: is no recipient; write an address or a domain", s)
	}
	return w.name, err
}

// parseWho reads an address, a domain, a tree of domains, a network or the null sender.
func parseWho(s string) (who, error) {
	if remedy := habit(s); remedy != "" {
		return who{}, fmt.Errorf("%s: %s", s, remedy)
	}
	switch {
	case s == null:
		return who{name: null}, nil
	case isNetwork(s):
		return parseNetwork(s)
	case strings.Contains(s, "@"):
		return parseAddress(s)
	}
	return parseDomain(s)
}

// habit recognises what other filters' lists are written like, and says what to write here.
func habit(s string) string {
	switch {
	case s == "*":
		return "everybody is no entry; name the sender, or set enabled for a recipient who wants no filtering"
	case strings.HasPrefix(s, toField), strings.HasPrefix(s, authField):
		return "the sender comes first: friend@example.org to:user@our.example"
	case strings.HasPrefix(s, "from:"):
		return "write the sender alone: " + s[len("from:"):]
	case strings.HasPrefix(s, "*@"), strings.HasPrefix(s, "@"):
		return "for every address of a domain write the domain alone: " + strings.TrimLeft(s, "*@")
	case strings.HasPrefix(s, "*."):
		return "for a domain and all its sub-domains write " + s[1:]
	case len(s) > 2 && s[0] == '<' && s[len(s)-1] == '>':
		return "write the address without < and >"
	}
	return ""
}

// isNetwork tells whether a field can only be meant as a client's address or network. An address literal, user@[192.0.2.1],
// is an address.
func isNetwork(s string) bool {
	if strings.Contains(s, "@") {
		return false
	}
	return strings.ContainsAny(s, "/:") || strings.Trim(s, "0123456789.") == ""
}

func parseNetwork(s string) (who, error) {
	network, err := netip.ParsePrefix(s)
	if addr, notAddr := netip.ParseAddr(s); notAddr == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return who{}, fmt.Errorf("%s: is no network; write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32", s)
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96) // clients are never IPv4-mapped
	}
	if network.Bits() == 0 {
		return who{}, fmt.Errorf("%s: takes in every client; name the networks", s)
	}
	if network != network.Masked() {
		return who{}, fmt.Errorf("%s: is an address with a network's length; write %s or %s", s, network.Masked(), network.Addr())
	}
	name := network.String()
	if network.IsSingleIP() {
		name = network.Addr().String()
	}
	return who{name, network}, nil
}

func parseAddress(s string) (who, error) {
	local, domain := split(s)
	given := s[strings.LastIndexByte(s, '@')+1:]
	switch {
	case local == "" || given == "" || len(s) > maxAddress:
		return who{}, fmt.Errorf("%s: is no mail address; write user@example.org", s)
	case !isDotAtom(local) && !isQuoted(local):
		return who{}, fmt.Errorf(`%s: %q is no local part; write user@example.org or "a user"@example.org`, s, local)
	case isSRS(local):
		return who{}, fmt.Errorf("%s: a forwarder's address changes every day; write its domain or its network", s)
	case given[0] == '[' && !isLiteral(domain):
		return who{}, fmt.Errorf("%s: %q is no address literal; write user@[192.0.2.1]", s, given)
	}
	if domain == "" {
		_, err := hostName(given)
		return who{}, fmt.Errorf("%s: %w", s, err)
	}
	return who{name: join(s, unsigned(local), domain)}, nil
}

func parseDomain(s string) (who, error) {
	name, tree := strings.CutPrefix(s, ".")
	domain, err := hostName(name)
	switch {
	case err != nil:
		return who{}, fmt.Errorf("%s: %w", s, err)
	case !tree && !strings.Contains(domain, "."):
		return who{}, fmt.Errorf("%s: is neither an address nor a domain; a top-level domain with all below it is written .%s", s, domain)
	case tree && name == domain:
		return who{name: s}, nil
	case tree:
		return who{name: "." + domain}, nil
	}
	return who{name: domain}, nil
}

// hostName returns a domain in canonical form, or what keeps it from being one.
func hostName(s string) (string, error) {
	domain, ok := message.HostASCII(s)
	switch last := s[strings.LastIndexByte(s, '.')+1:]; {
	case ok:
		return domain, nil
	case strings.Contains(s, "#"):
		return "", errors.New("a comment needs a blank before its #")
	case last != "" && strings.Trim(last, "0123456789") == "":
		return "", fmt.Errorf("no domain ends in the number %s; write a network as 192.0.2.0/24", last)
	}
	return "", fmt.Errorf("%q is no name of a domain; write example.org or .example.org", s)
}

// isLiteral tells whether a domain is an address in brackets (RFC 5321, 4.1.3).
func isLiteral(domain string) bool {
	if len(domain) < 2 || domain[0] != '[' || domain[len(domain)-1] != ']' {
		return false
	}
	_, err := netip.ParseAddr(strings.TrimPrefix(domain[1:len(domain)-1], "ipv6:"))
	return err == nil
}

// isQuoted tells whether a local part is a quoted string that is closed where it ends.
func isQuoted(local string) bool {
	if len(local) < 3 || local[0] != '"' {
		return false
	}
	for i := 1; i < len(local); i++ {
		switch local[i] {
		case '\\':
			i++
		case '"':
			return i == len(local)-1
		}
	}
	return false
}

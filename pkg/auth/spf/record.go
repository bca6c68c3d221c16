package spf

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// maxRecord is the longest record that is read, in octets. The RFC wants one to fit into a packet of 512 (3.4); the longest
// of large senders have about 2,000.
const maxRecord = 4096

// A record is an SPF record, read.
type record struct {
	terms    []term
	redirect *spec // nil where there is none
}

// A term is one mechanism of a record.
type term struct {
	text    string // as it stands
	kind    kind
	result  message.AuthResult // what a match means
	target  *spec              // nil for the domain of the record itself
	network netip.Prefix       // of ip4 and ip6
	bits4   int                // of a and mx: how much of an address must be the same
	bits6   int
}

// A kind is a mechanism (RFC 7208, 5).
type kind uint8

const (
	kindAll kind = iota
	kindInclude
	kindA
	kindMX
	kindPTR
	kindIP
	kindExists
)

// selectRecord returns the SPF record among the texts of a domain, "" where there is none (RFC 7208, 4.5).
func selectRecord(texts []string) (string, error) {
	var found []string
	for _, text := range texts {
		if isRecord(text) {
			found = append(found, text)
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d SPF records, where there may be one", len(found))
}

const version = "v=spf1"

func isRecord(text string) bool {
	return len(text) >= len(version) && strings.EqualFold(text[:len(version)], version) &&
		(len(text) == len(version) || text[len(version)] == ' ')
}

// parseRecord reads a record that isRecord. Its error names the term at fault.
func parseRecord(text string) (*record, error) {
	if len(text) > maxRecord {
		return nil, fmt.Errorf("a record of %d octets; at most %d are read", len(text), maxRecord)
	}
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return nil, fmt.Errorf("an octet of value %d in the record", text[i])
		}
	}
	r, explained := &record{}, false
	for word := range strings.FieldsSeq(text[len(version):]) {
		name, value, isModifier := cutModifier(word)
		if !isModifier {
			t, err := parseTerm(word)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", clip(word), err)
			}
			r.terms = append(r.terms, t)
			continue
		}
		var err error
		switch strings.ToLower(name) {
		case "redirect":
			if r.redirect != nil {
				err = errTwice
			} else {
				r.redirect, err = parseSpec(value)
			}
		case "exp":
			if explained {
				err = errTwice
			} else {
				_, err = parseSpec(value)
			}
			explained = true
		default: // to be ignored, but for its syntax (RFC 7208, 6)
			_, err = parsePieces(value, true)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", clip(word), err)
		}
	}
	return r, nil
}

var (
	errTwice     = errors.New("stands twice")
	errUnknown   = errors.New("no such mechanism")
	errArgument  = errors.New("takes no such argument")
	errNoDomain  = errors.New("the domain is missing")
	errNoAddress = errors.New("not an address")
	errBits      = errors.New("not a prefix length")
)

// cutModifier cuts a term at its =, where it is a modifier: what is before it is a name (RFC 7208, 4.6.1).
func cutModifier(word string) (name, value string, ok bool) {
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case isLetter(c):
		case i > 0 && (isDigit(c) || c == '-' || c == '_' || c == '.'):
		case i > 0 && c == '=':
			return word[:i], word[i+1:], true
		default:
			return "", "", false
		}
	}
	return "", "", false
}

// parseTerm reads a mechanism and its qualifier.
func parseTerm(word string) (term, error) {
	t := term{text: word, result: message.AuthPass}
	switch word[0] {
	case '+':
		word = word[1:]
	case '-':
		t.result, word = message.AuthFail, word[1:]
	case '~':
		t.result, word = message.AuthSoftFail, word[1:]
	case '?':
		t.result, word = message.AuthNeutral, word[1:]
	}
	name, argument := word, ""
	if end := strings.IndexAny(word, ":/"); end >= 0 {
		name, argument = word[:end], word[end:]
	}
	var err error
	switch strings.ToLower(name) {
	case "all":
		t.kind = kindAll
		if argument != "" {
			err = errArgument
		}
	case "include":
		t.kind = kindInclude
		t.target, err = parseTarget(argument)
	case "exists":
		t.kind = kindExists
		t.target, err = parseTarget(argument)
	case "a":
		t.kind = kindA
		err = t.parseHost(argument)
	case "mx":
		t.kind = kindMX
		err = t.parseHost(argument)
	case "ptr":
		t.kind = kindPTR
		if argument != "" {
			t.target, err = parseTarget(argument)
		}
	case "ip4":
		t.kind = kindIP
		t.network, err = parseNetwork(argument, false)
	case "ip6":
		t.kind = kindIP
		t.network, err = parseNetwork(argument, true)
	default:
		err = errUnknown
	}
	return t, err
}

// parseTarget reads a domain-spec behind its colon.
func parseTarget(argument string) (*spec, error) {
	value, ok := strings.CutPrefix(argument, ":")
	if !ok {
		return nil, errNoDomain
	}
	return parseSpec(value)
}

// parseHost reads what stands behind a and mx: a domain-spec or nothing, and prefix lengths (RFC 7208, 5.3).
func (t *term) parseHost(argument string) error {
	t.bits4, t.bits6 = 32, 128
	var err error
	if rest, digits, found := cutBits(argument, "//"); found {
		if t.bits6, err = parseBits(digits, 128); err != nil {
			return err
		}
		argument = rest
	}
	if rest, digits, found := cutBits(argument, "/"); found {
		if t.bits4, err = parseBits(digits, 32); err != nil {
			return err
		}
		argument = rest
	}
	if argument != "" {
		t.target, err = parseTarget(argument)
	}
	return err
}

// cutBits cuts digits off the end, and the mark that must stand before them.
func cutBits(argument, mark string) (rest, digits string, found bool) {
	rest = strings.TrimRight(argument, "0123456789")
	digits = argument[len(rest):]
	rest, found = strings.CutSuffix(rest, mark)
	return rest, digits, found && digits != ""
}

// parseBits reads a prefix length: no leading zeros (RFC 7208, 5.6).
func parseBits(digits string, most int) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > most || len(digits) > 1 && digits[0] == '0' || !isDigit(digits[0]) {
		return 0, errBits
	}
	return n, nil
}

// parseNetwork reads an address and perhaps a prefix length, behind its colon.
func parseNetwork(argument string, v6 bool) (netip.Prefix, error) {
	value, ok := strings.CutPrefix(argument, ":")
	text, digits, cut := strings.Cut(value, "/")
	addr, err := netip.ParseAddr(text)
	if !ok || err != nil || addr.Zone() != "" || addr.Is6() != v6 {
		return netip.Prefix{}, errNoAddress
	}
	bits := addr.BitLen()
	if cut {
		if digits == "" {
			return netip.Prefix{}, errBits
		}
		if bits, err = parseBits(digits, bits); err != nil {
			return netip.Prefix{}, err
		}
	}
	return addr.Prefix(bits)
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// clip bounds what is quoted of a record.
func clip(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

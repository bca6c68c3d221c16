package eval

import (
	"encoding/binary"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"winnow/pkg/dns"
)

// Records returns what an answer holds as rules see it, as text. Of names that is with the dot at their end.
func (l *Lookup) Records() []string {
	var all []string
	for _, addr := range l.Answer.Addrs {
		all = append(all, addr.String())
	}
	all = append(all, l.Answer.Texts...)
	for _, name := range l.Answer.Names {
		if name != "." {
			name += "."
		}
		all = append(all, name)
	}
	return all
}

// anyRecord is a Test that looks at each record of an answer.
func anyRecord(fits func(f *Facts, kind dns.Type, record string) bool) Test {
	return func(f *Facts, found *Lookup) (string, bool) {
		if found.Err != nil {
			return "", false
		}
		for _, record := range found.Records() {
			if fits(f, found.Type, record) {
				return record, true
			}
		}
		return "", false
	}
}

// isListing tells whether an A record is one of a list; other records always are.
func isListing(kind dns.Type, record string) bool {
	return kind != dns.A || strings.HasPrefix(record, "127.")
}

// quadNumber is an IPv4 address as a number.
func quadNumber(text string) (uint32, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return 0, false
	}
	quad := addr.As4()
	return binary.BigEndian.Uint32(quad[:]), true
}

var plainSubtest = regexp.MustCompile(`^\d+(?:\.\d+\.\d+\.\d+)?$`)

// subtest reads what a record of a list must be: bits, one of which is set; an address; or a pattern. "" is any listing.
func subtest(s *Settings, text string) (Test, error) {
	switch {
	case text == "":
		return anyRecord(func(_ *Facts, kind dns.Type, record string) bool { return isListing(kind, record) }), nil
	case plainSubtest.MatchString(text) && !strings.Contains(text, "."):
		bits, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, err
		}
		return anyRecord(func(_ *Facts, _ dns.Type, record string) bool {
			n, ok := quadNumber(record)
			return ok && n>>24 == 127 && n&uint32(bits) != 0
		}), nil
	case plainSubtest.MatchString(text):
		return anyRecord(func(_ *Facts, kind dns.Type, record string) bool { return isListing(kind, record) && record == text }), nil
	}
	p, err := s.bareRegex(text, "")
	if err != nil {
		return nil, err
	}
	return anyRecord(func(f *Facts, kind dns.Type, record string) bool {
		return isListing(kind, record) && f.match(p, record)
	}), nil
}

// A RangeTest is a subtest of numbers: m for any bit, n1-n2 for a range, n/m for some bits. Numbers are decimal, 0x..., or
// addresses; one address alone is itself.
type RangeTest struct {
	a, b uint32
	kind byte // 0, '-' or '/'
	text string
}

// ParseRangeTest reads a RangeTest.
func ParseRangeTest(text string) (t RangeTest, ok bool) {
	first, second := text, ""
	if i := strings.IndexAny(text, "-/"); i > 0 {
		first, second, t.kind = text[:i], text[i+1:], text[i]
	}
	a, quad, ok := subtestNumber(first)
	if !ok {
		return t, false
	}
	t.a, t.text = a, text
	switch {
	case t.kind != 0:
		t.b, _, ok = subtestNumber(second)
	case quad:
		t.b, t.kind = a, '-'
	}
	return t, ok
}

func subtestNumber(text string) (n uint32, quad, ok bool) {
	if n, ok := quadNumber(text); ok {
		return n, true, true
	}
	base := 10
	if rest, found := strings.CutPrefix(text, "0x"); found {
		text, base = rest, 16
	}
	wide, err := strconv.ParseUint(text, base, 32)
	return uint32(wide), false, err == nil
}

// holds compares the number of an A record.
func (t RangeTest) holds(n uint32) bool {
	switch t.kind {
	case '-':
		return t.a <= n && n <= t.b
	case '/':
		return n&t.b == t.a&t.b
	}
	return n&t.a != 0 && n>>24 == 127
}

// Fits compares a record: its text, or its number where it is an address.
func (t RangeTest) Fits(kind dns.Type, record string) bool {
	if record == t.text {
		return true
	}
	n, ok := quadNumber(record)
	return kind == dns.A && ok && t.holds(n)
}

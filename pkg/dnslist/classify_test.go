package dnslist

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
)

func addrs(text string) []netip.Addr {
	var all []netip.Addr
	for _, field := range strings.Fields(text) {
		all = append(all, netip.MustParseAddr(field))
	}
	return all
}

func symbols(l *List, codes codeSet) string {
	var all []string
	for i := range l.Codes {
		if codes.has(i) {
			all = append(all, l.Codes[i].Symbol)
		}
	}
	return strings.Join(all, " ")
}

func load(t testing.TB, text string) []List {
	t.Helper()
	lists, faults := Load("lists.yaml", []byte(text))
	for _, fault := range append(faults, Lint(lists)...) {
		t.Error(fault)
	}
	if t.Failed() {
		t.FailNow()
	}
	return lists
}

const codesFile = `
- name: values
  title: T
  zone: values.example
  ask: [client]
  refused: [127.0.0.255, 127.0.9.0/24, 127.0.10.1-127.0.10.9]
  codes:
    - {value: 127.0.0.2, symbol: TWO}
    - {value: 127.0.0.5, symbol: FIVE}
    - {range: 127.0.0.4-127.0.0.7, symbol: RANGE}
    - {value: 127.0.*.3, symbol: PATTERN}
- name: bits
  title: T
  zone: bits.example
  ask: [client]
  refused: [mask 1]
  codes:
    - {mask: 2, symbol: BLACK}
    - {mask: 4, symbol: GREY}
    - {mask: 0x88, symbol: EIGHT}
- name: any
  title: T
  zone: any.example
  ask: [client]
  codes:
    - {value: 127.0.0.9, symbol: NINE}
    - {value: any, symbol: ANY}
`

// TestClassify is FIELD C2 (a) to (f) as a table; (g), the errors, never come this far.
func TestClassify(t *testing.T) {
	lists := load(t, codesFile)
	tests := []struct {
		list    string
		answer  string // the A records
		want    Outcome
		symbols string
		unknown bool
	}{
		{"values", "", Miss, "", false},
		{"values", "127.0.0.2", Hit, "TWO", false},
		{"values", "127.0.0.5", Hit, "FIVE", false}, // the first code that matches
		{"values", "127.0.0.4", Hit, "RANGE", false},
		{"values", "127.0.0.7", Hit, "RANGE", false},
		{"values", "127.0.0.8", Unknown, "", true},
		{"values", "127.0.0.1", Unknown, "", true},
		{"values", "127.0.77.3", Hit, "PATTERN", false},
		{"values", "127.1.0.3", Unknown, "", true},
		{"values", "127.0.0.2 127.0.0.6 127.0.5.3", Hit, "TWO RANGE PATTERN", false}, // the union, in the order of the codes
		{"values", "127.0.0.6 127.0.0.2", Hit, "TWO RANGE", false},
		{"values", "127.0.0.2 127.0.0.30", Hit, "TWO", true},

		// Declining, in whatever company.
		{"values", "127.255.255.252", Refused, "", false},
		{"values", "127.255.255.254", Refused, "", false},
		{"values", "127.255.255.255", Refused, "", false},
		{"values", "127.255.255.0", Refused, "", false},
		{"values", "127.255.254.255", Unknown, "", true},
		{"values", "127.0.0.255", Refused, "", false},
		{"values", "127.0.9.77", Refused, "", false},
		{"values", "127.0.10.9", Refused, "", false},
		{"values", "127.0.10.10", Unknown, "", true},
		{"values", "127.0.0.2 127.255.255.254", Refused, "", false},
		{"values", "127.0.0.255 192.0.2.1", Refused, "", false},

		// Somebody else's answers.
		{"values", "192.0.2.1", Bogus, "", false},
		{"values", "128.0.0.2", Bogus, "", false},
		{"values", "127.0.0.2 192.0.2.1", Bogus, "", false},
		{"values", "::ffff:127.0.0.2", Bogus, "", false},
		{"values", "::1", Bogus, "", false},

		{"bits", "127.0.0.2", Hit, "BLACK", false},
		{"bits", "127.0.0.6", Hit, "BLACK GREY", false},
		{"bits", "127.0.0.14", Hit, "BLACK GREY EIGHT", false},
		{"bits", "127.0.0.128", Hit, "EIGHT", false},
		{"bits", "127.0.0.64", Unknown, "", true},
		{"bits", "127.0.0.66", Hit, "BLACK", false}, // a bit that is not declared, beside one that is
		{"bits", "127.0.0.2 127.0.0.4", Hit, "BLACK GREY", false},
		{"bits", "127.0.0.1", Refused, "", false},
		{"bits", "127.0.0.3", Refused, "", false},
		{"bits", "127.0.0.255", Refused, "", false},
		{"bits", "127.0.0.0", Unknown, "", true},
		{"bits", "10.0.0.2", Bogus, "", false}, // the bits fit, the address does not
		{"bits", "127.255.255.254", Refused, "", false},

		{"any", "127.0.0.9", Hit, "NINE", false},
		{"any", "127.9.9.9", Hit, "ANY", false},
		{"any", "127.0.0.1 127.0.0.9", Hit, "NINE ANY", false},
		{"any", "127.255.255.254", Refused, "", false},
		{"any", "126.0.0.1", Bogus, "", false},
	}
	for _, test := range tests {
		t.Run(test.list+" "+test.answer, func(t *testing.T) {
			l := &lists[slices.IndexFunc(lists, func(l List) bool { return l.Name == test.list })]
			outcome, codes, unknown := l.classify(addrs(test.answer), newAsks(l.Ask...))
			if outcome != test.want || symbols(l, codes) != test.symbols || unknown != test.unknown {
				t.Errorf("got %s %q (unknown %v), want %s %q (unknown %v)",
					outcome, symbols(l, codes), unknown, test.want, test.symbols, test.unknown)
			}
		})
	}
}

// TestShippedCodes walks through every return code of the shipped lists, by what the vendors say of them.
func TestShippedCodes(t *testing.T) {
	lists := shipped(t)
	type hit struct {
		Symbol string
		Action filter.Action
		IPv6   filter.Action
	}
	reject := func(symbol string) hit { return hit{symbol, filter.Reject, filter.Reject} }
	points := func(symbol string) hit { return hit{Symbol: symbol} }
	tests := []struct {
		lists  string
		answer string
		want   []hit
	}{
		{"zen zen-dqs", "127.0.0.2", []hit{reject("ZEN_SBL")}},
		{"zen zen-dqs", "127.0.0.3", []hit{{"ZEN_CSS", filter.Reject, filter.None}}},
		{"zen zen-dqs", "127.0.0.4", []hit{reject("ZEN_XBL")}},
		{"zen zen-dqs", "127.0.0.5", []hit{reject("ZEN_XBL")}},
		{"zen zen-dqs", "127.0.0.7", []hit{reject("ZEN_XBL")}},
		{"zen zen-dqs", "127.0.0.2 127.0.0.9", []hit{reject("ZEN_SBL"), reject("ZEN_DROP")}},
		{"zen zen-dqs", "127.0.0.10", []hit{reject("ZEN_PBL")}},
		{"zen zen-dqs", "127.0.0.11", []hit{reject("ZEN_PBL")}},
		{"zen zen-dqs", "127.0.0.4 127.0.0.11", []hit{reject("ZEN_XBL"), reject("ZEN_PBL")}},
		{"ivmsip", "127.0.0.2", []hit{reject("IVM_SIP")}},
		{"ivmsip24", "127.0.0.2", []hit{points("IVM_SIP24")}},
		{"ivmuri", "127.0.0.2", []hit{points("IVM_URI")}},
		{"barracuda", "127.0.0.2", []hit{points("BARRACUDA")}},
		{"instantrbl", "127.0.0.2", []hit{points("INSTANTRBL")}},
		{"psky", "127.0.0.2", []hit{points("PSKY_SPAM")}},
		{"psky", "127.0.0.3", []hit{points("PSKY_WORST")}},
		{"spamcop", "127.0.0.2", []hit{points("SPAMCOP")}},
		{"dnswl", "127.0.10.0", []hit{points("DNSWL_NONE")}},
		{"dnswl", "127.0.5.1", []hit{points("DNSWL_LOW")}},
		{"dnswl", "127.0.15.2", []hit{points("DNSWL_MED")}},
		{"dnswl", "127.0.2.3", []hit{points("DNSWL_HI")}},
		{"dbl dbl-dqs", "127.0.1.2", []hit{points("DBL_SPAM")}},
		{"dbl dbl-dqs", "127.0.1.4", []hit{points("DBL_PHISH")}},
		{"dbl dbl-dqs", "127.0.1.5", []hit{points("DBL_MALWARE")}},
		{"dbl dbl-dqs", "127.0.1.6", []hit{points("DBL_BOTNET")}},
		{"dbl dbl-dqs", "127.0.1.102", []hit{points("DBL_ABUSED_SPAM")}},
		{"dbl dbl-dqs", "127.0.1.103", []hit{points("DBL_ABUSED_REDIR")}},
		{"dbl dbl-dqs", "127.0.1.104", []hit{points("DBL_ABUSED_PHISH")}},
		{"dbl dbl-dqs", "127.0.1.105", []hit{points("DBL_ABUSED_MALWARE")}},
		{"dbl dbl-dqs", "127.0.1.106", []hit{points("DBL_ABUSED_BOTNET")}},
		{"uribl", "127.0.0.2", []hit{points("URIBL_BLACK")}},
		{"uribl", "127.0.0.4", []hit{points("URIBL_GREY")}},
		{"uribl", "127.0.0.8", []hit{points("URIBL_RED")}},
		{"uribl", "127.0.0.14", []hit{points("URIBL_BLACK"), points("URIBL_GREY"), points("URIBL_RED")}}, // its test entry
		{"surbl", "127.0.0.4", []hit{points("SURBL_DM")}},
		{"surbl", "127.0.0.8", []hit{points("SURBL_PH")}},
		{"surbl", "127.0.0.16", []hit{points("SURBL_MW")}},
		{"surbl", "127.0.0.32", []hit{points("SURBL_CT")}},
		{"surbl", "127.0.0.64", []hit{points("SURBL_ABUSE")}},
		{"surbl", "127.0.0.128", []hit{points("SURBL_CR")}},
		{"sbl sbl-dqs", "127.0.0.2", []hit{points("SBL_RELAY"), points("SBL_URI")}}, // each of what it counts of
		{"sbl sbl-dqs", "127.0.0.3", []hit{points("CSS_RELAY"), points("CSS_URI")}},
		{"sbl sbl-dqs", "127.0.0.2 127.0.0.9", []hit{points("SBL_RELAY"), points("SBL_URI"), points("SBL_DROP")}},
		{"sbl sbl-dqs", "127.0.0.30", []hit{points("SBL_BCL")}},
		{"authbl-dqs", "127.0.0.20", []hit{points("AUTHBL_RELAY")}},
		{"zrd-dqs", "127.0.2.2", []hit{points("ZRD_HOURS")}},
		{"zrd-dqs", "127.0.2.5", []hit{points("ZRD_DAY")}},
		{"zrd-dqs", "127.0.2.24", []hit{points("ZRD_DAY")}},
		{"ebl", "127.0.0.3", []hit{points("EBL")}},
		{"ebl", "127.0.1.2", []hit{points("EBL_GREY")}},
		{"hbl-email-dqs", "127.0.3.2", []hit{points("HBL_EMAIL")}},
		{"surbl-hash", "127.0.0.8 127.0.0.16", []hit{points("SURBL_HASH_PH"), points("SURBL_HASH_MW")}},
		{"surbl-hash", "127.0.0.64", []hit{points("SURBL_HASH_ABUSE")}},
		{"surbl-hash", "127.0.0.128", []hit{points("SURBL_HASH_CR")}},
		{"surbl", "127.0.0.80", []hit{points("SURBL_MW"), points("SURBL_ABUSE")}},
	}
	seen := map[string]bool{}
	for _, test := range tests {
		for _, name := range strings.Fields(test.lists) {
			l := &lists[slices.IndexFunc(lists, func(l List) bool { return l.Name == name })]
			outcome, codes, unknown := l.classify(addrs(test.answer), newAsks(l.Ask...))
			var got []hit
			for i, c := range l.Codes {
				if codes.has(i) {
					got = append(got, hit{c.Symbol, c.Action, c.IPv6Action})
					seen[name+c.Symbol] = true
				}
			}
			if outcome != Hit || unknown || !cmp.Equal(got, test.want) {
				t.Errorf("%s %s: got %s %v, want %v", name, test.answer, outcome, got, test.want)
			}
		}
	}
	for _, l := range lists {
		for _, c := range l.Codes {
			if !seen[l.Name+c.Symbol] {
				t.Errorf("%s: %s (%s) is not in the table", l.Name, c.Symbol, c.Match)
			}
		}
	}
}

// TestShippedRefusals asks the shipped lists what they make of the ways in which vendors decline.
func TestShippedRefusals(t *testing.T) {
	special := map[string]string{
		"dbl": "127.0.1.255", "dbl-dqs": "127.0.1.255", "uribl": "127.0.0.1", "surbl": "127.0.0.1", "zrd-dqs": "127.0.2.255", "dnswl": "127.0.0.255",
	}
	lists := shipped(t)
	for i := range lists {
		l := &lists[i]
		answers := []string{"127.255.255.250", "127.255.255.251", "127.255.255.252", "127.255.255.254", "127.255.255.255"}
		if own := special[l.Name]; own != "" {
			answers = append(answers, own)
		}
		for _, answer := range answers {
			if outcome, _, _ := l.classify(addrs(answer), newAsks(l.Ask...)); outcome != Refused {
				t.Errorf("%s %s: got %s, want %s", l.Name, answer, outcome, Refused)
			}
		}
		if outcome, codes, _ := l.classify(addrs("127.0.0.1"), newAsks(l.Ask...)); codes != 0 && l.Name != "dnswl" {
			t.Errorf("%s 127.0.0.1: got %s: no list but DNSWL lists by that", l.Name, outcome)
		}
	}
}

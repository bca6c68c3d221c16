package stats_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
)

// coded is a list's answer with a hit for each code, worth points.
func coded(list string, points float64, codes ...byte) filter.Result {
	r := filter.Result{Source: list, Kind: filter.List, Asked: 1}
	for _, last := range codes {
		r.Hits = append(r.Hits, filter.Hit{Symbol: fmt.Sprint("CODE_", last), Score: points, Code: [4]byte{127, 0, 0, last}})
	}
	return r
}

// answered is a list's answer at which only a rule looks.
func answered(list string, codes ...byte) filter.Result {
	r := filter.Result{Source: list, Kind: filter.List, Asked: 1, Listed: true}
	for _, last := range codes {
		r.Answers = append(r.Answers, filter.Answer{Codes: []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, last})}})
	}
	return r
}

// ofCodes keeps the counters of codes.
func ofCodes(all map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for name, n := range all {
		if rest, ok := strings.CutPrefix(name, "code:"); ok {
			kept[rest] = n
		}
	}
	return kept
}

// TestCodes credits return codes. Tagging starts at 5.
func TestCodes(t *testing.T) {
	scan, known := filter.Scan, filter.Whitelisted
	both := coded("zen", 3, 2, 4)
	both.Hits[1].Observe = true
	for _, test := range []struct {
		name string
		mail mail
		want string
	}{
		{"one code", mail{content: []filter.Result{coded("zen", 5, 4)}}, "zen:127.0.0.4:hits zen:127.0.0.4:only zen:127.0.0.4:unique zen:127.0.0.4:decisive zen:127.0.0.4:doubtful_of"},
		{"two that need each other", mail{content: []filter.Result{coded("zen", 3, 2, 4)}},
			"zen:127.0.0.2:hits zen:127.0.0.2:unique zen:127.0.0.2:decisive zen:127.0.0.2:doubtful_of " +
				"zen:127.0.0.4:hits zen:127.0.0.4:unique zen:127.0.0.4:decisive zen:127.0.0.4:doubtful_of zen:several:hits"},
		{"either would do", mail{content: []filter.Result{coded("zen", 5, 2, 4)}},
			"zen:127.0.0.2:hits zen:127.0.0.2:unique zen:127.0.0.2:doubtful_of zen:127.0.0.4:hits zen:127.0.0.4:unique zen:127.0.0.4:doubtful_of zen:several:hits"},
		{"one is observed", mail{content: []filter.Result{both, list("dbl", 2)}},
			"zen:127.0.0.2:hits zen:127.0.0.2:only zen:127.0.0.2:decisive zen:127.0.0.2:doubtful_of zen:127.0.0.4:observed zen:127.0.0.4:doubtful_of " +
				"dbl:*:hits dbl:*:only dbl:*:decisive dbl:*:doubtful_of"},
		{"all are observed", mail{content: []filter.Result{watched(coded("zen", 3, 2))}}, "zen:127.0.0.2:observed zen:127.0.0.2:observed_unique zen:127.0.0.2:doubtful_of"},
		{"it speaks for the message", mail{content: []filter.Result{coded("dnswl", -2, 10)}}, "dnswl:127.0.0.10:favours"},
		{"one of two recipients wants it", mail{content: []filter.Result{coded("zen", 1, 2)}, recipients: []filter.Standing{known, scan}},
			"zen:127.0.0.2:hits zen:127.0.0.2:only zen:127.0.0.2:doubtful zen:127.0.0.2:doubtful_of"},
		{"a rule looks at one answer", mail{content: []filter.Result{answered("zen", 4, 4)}}, "zen:127.0.0.4:hits zen:127.0.0.4:only"},
		{"a rule looks at two", mail{content: []filter.Result{answered("zen", 2, 4)}}, "zen:*:hits zen:*:only"},
		{"a rule's hit is the only code's", mail{content: []filter.Result{func() filter.Result {
			r := answered("zen", 4)
			r.Hits = []filter.Hit{{Symbol: "RCVD_IN_XBL", Score: 5}}
			return r
		}()}}, "zen:127.0.0.4:hits zen:127.0.0.4:only zen:127.0.0.4:unique zen:127.0.0.4:decisive zen:127.0.0.4:doubtful_of"},
		{"the client's list", mail{connect: []filter.Result{coded("zen", 5, 4)}},
			"zen:127.0.0.4:hits zen:127.0.0.4:only zen:127.0.0.4:unique zen:127.0.0.4:decisive zen:127.0.0.4:doubtful_of"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantCounters(t, ofCodes(counted(t, func(r *stats.Recorder) { test.mail.record(t, r) })), parse(t, test.want))
		})
	}
}

// TestCodesAddUp counts verdicts at random: a list's hits are what each code has alone and what several have together, and no
// code has more of anything than its list.
func TestCodesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := counted(t, func(r *stats.Recorder) {
			for range rapid.IntRange(0, 20).Draw(rt, "verdicts") {
				connection, v := drawVerdict(rt, filter.Connect), drawVerdict(rt, filter.Content)
				if rapid.Bool().Draw(rt, "with connection") {
					v.Connection = connection
				}
				r.Connection(message.Client{}, connection, rapid.Bool().Draw(rt, "refused"))
				r.Message(&message.Message{}, v)
			}
		})
		apart := map[string]int64{}
		for name, n := range ofCodes(c) {
			parts := strings.Split(name, ":")
			figure, of := parts[len(parts)-1], strings.Join(parts[:len(parts)-2], ":")
			if figure == "only" || parts[len(parts)-2] == "several" {
				apart[of] += n
			}
			if figure != "only" && figure != "decisive" && figure != "observed" && figure != "favours" && n > c["list:"+of+":"+figure] {
				rt.Errorf("%s is %d, of its list %d", name, n, c["list:"+of+":"+figure])
			}
		}
		for name, n := range c {
			if of, ok := strings.CutSuffix(name, ":hits"); ok && strings.HasPrefix(name, "list:") && apart[strings.TrimPrefix(of, "list:")] != n {
				rt.Errorf("%s is %d, its codes add up to %d", name, n, apart[strings.TrimPrefix(of, "list:")])
			}
		}
	})
}

// TestCodesBounded has a list answer more codes than are told apart, by day and not by flush.
func TestCodesBounded(t *testing.T) {
	got := ofCodes(counted(t, func(r *stats.Recorder) {
		for last := range 100 {
			mail{content: []filter.Result{coded("wild", 1, byte(last+1))}}.record(t, r)
			flush(t, r)
		}
	}))
	if n := got["wild:*:only"]; n != 100-32 {
		t.Errorf("%d of 100 are not told apart, want 68: %v", n, got)
	}
}

// inRange holds codes by their last octet.
type inRange struct{ from, to byte }

func (r inRange) Has(addr netip.Addr) bool {
	last := addr.As4()[3]
	return r.from <= last && last <= r.to
}

// TestCodeExample writes what the manual shows.
func TestCodeExample(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{today: {
		"list:zen:asked": 1000, "list:zen:cached": 700, "list:zen:hits": 620, "list:zen:misses": 380, "list:zen:refusals": 600, "list:zen:refusals_alone": 450,
		"list:zen:unique": 12, "list:zen:decisive": 15, "list:zen:doubtful": 3, "list:zen:doubtful_of": 60,
		"code:zen:127.0.0.2:hits": 150, "code:zen:127.0.0.2:only": 90, "code:zen:127.0.0.2:unique": 4, "code:zen:127.0.0.2:decisive": 5, "code:zen:127.0.0.2:doubtful_of": 10,
		"code:zen:127.0.0.4:hits": 380, "code:zen:127.0.0.4:only": 320, "code:zen:127.0.0.4:unique": 8, "code:zen:127.0.0.4:decisive": 10, "code:zen:127.0.0.4:doubtful_of": 30,
		"code:zen:127.0.0.10:hits": 170, "code:zen:127.0.0.10:only": 130, "code:zen:127.0.0.10:doubtful": 3, "code:zen:127.0.0.10:doubtful_of": 25,
		"code:zen:several:hits":     80,
		"code:other:127.0.0.2:hits": 7, "code:zen:127.0.0.2:later": 1, "code:zen": 1, "code:zen:hits": 1,
	}})
	q := stats.Query{Days: []string{today}, Lists: []stats.List{{Name: "zen", Title: "Zen", Meanings: []stats.Meaning{
		{Codes: inRange{2, 2}, Symbol: "ZEN_SBL"}, {Codes: inRange{4, 7}, Symbol: "ZEN_XBL"}, {Codes: inRange{10, 11}, Symbol: "ZEN_PBL"},
	}}}}
	r, err := stats.ReadList(t.Context(), s, q, "zen")
	if err != nil {
		t.Fatal(err)
	}
	if r.Several != 80 || r.Before != 0 || len(r.Codes.Codes) != 3 || r.Codes.Codes[2].DoubtfulShare != 12 {
		t.Errorf("got %+v", r.Codes)
	}
	var text, asCSV, asJSON strings.Builder
	forms := stats.NewForms(r)
	if err := errors.Join(forms.WriteTable(&text), forms.WriteCSV(&asCSV), forms.WriteJSON(&asJSON)); err != nil {
		t.Fatal(err)
	}
	golden(t, "codes.txt", []byte(text.String()))
	for _, want := range []string{"2016-12-14,2016-12-14,code,zen:127.0.0.4,only,320\n", "2016-12-14,2016-12-14,codes,zen,several,80\n"} {
		if !strings.Contains(asCSV.String(), want) {
			t.Errorf("CSV has no %s", want)
		}
	}
	if !strings.Contains(asJSON.String(), `"symbols": "ZEN_PBL"`) {
		t.Errorf("JSON: got %s", asJSON.String())
	}
}

// TestMisses counts for lists of what they had nothing, once for a message, whoever asked.
func TestMisses(t *testing.T) {
	away := filter.Result{Source: "dbl", Kind: filter.List, Asked: 1, Err: errors.New("timeout")}
	unasked := filter.Result{Source: "uribl", Kind: filter.List}
	got := counted(t, func(r *stats.Recorder) {
		mail{connect: []filter.Result{list("zen", 0)}, content: []filter.Result{
			list("psky", 0), list("psky", 0), list("dbl", 0), away, unasked, watched(list("new", 1)), list("surbl", 0), list("surbl", 2), answered("sorbs", 2),
			list("dnswl", -1), rules(0),
		}}.record(t, r)
	})
	for name, n := range map[string]int64{"zen": 1, "psky": 1, "dbl": 0, "uribl": 0, "new": 0, "surbl": 0, "sorbs": 0, "dnswl": 0} {
		if got["list:"+name+":misses"] != n {
			t.Errorf("%s: got %d misses, want %d", name, got["list:"+name+":misses"], n)
		}
	}
	if n := got["rules:rules:misses"]; n != 0 {
		t.Errorf("rules: got %d misses, want none", n)
	}
}

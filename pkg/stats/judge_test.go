package stats_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
)

// merits are the figures that judge gives.
func merits(all map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for name, n := range all {
		for _, figure := range []string{":hits", ":favours", ":observed", ":unique", ":observed_unique", ":decisive", ":doubtful"} {
			if strings.HasSuffix(name, figure) && !strings.HasPrefix(name, "code:") {
				kept[name] = n
			}
		}
	}
	return kept
}

// TestMerit holds the one function that says whose merit a caught message is to what it promises. Tagging starts at 5.
func TestMerit(t *testing.T) {
	known, scan, off := filter.Whitelisted, filter.Scan, filter.NotEnabled
	for _, test := range []struct {
		name string
		mail mail
		want string
	}{
		// The four cases of "unique".
		{"two lists: nobody's", mail{content: []filter.Result{list("zen", 3), list("dbl", 3), rules(1)}},
			"list:zen:hits list:zen:decisive list:dbl:hits list:dbl:decisive"},
		{"a list, and rules that suffice alone: nobody's", mail{content: []filter.Result{list("zen", 6), rules(5)}},
			"list:zen:hits rules:rules:hits"},
		{"a list and a few small rules: the list's", mail{content: []filter.Result{list("zen", 3), rules(1.5), rules(0.5)}},
			"list:zen:hits list:zen:unique list:zen:decisive rules:rules:decisive"},
		{"no list: the rules'", mail{content: []filter.Result{list("zen", 0), rules(3), rules(2)}},
			"rules:rules:hits rules:rules:unique rules:rules:decisive"},

		{"a list alone", mail{content: []filter.Result{list("zen", 5), rules(0)}}, "list:zen:hits list:zen:unique list:zen:decisive"},
		{"not caught", mail{content: []filter.Result{list("zen", 3), rules(1)}}, "list:zen:hits"},
		{"a list whose answer only a rule looks at", mail{content: []filter.Result{{Source: "zen", Asked: 1, Listed: true}, rules(5)}},
			"list:zen:hits rules:rules:hits rules:rules:unique rules:rules:decisive"},
		{"one of two would do", mail{content: []filter.Result{list("zen", 6), list("dbl", 6)}}, "list:zen:hits list:dbl:hits"},
		{"one would do, the other not", mail{content: []filter.Result{list("zen", 6), list("dbl", 2)}},
			"list:zen:hits list:zen:decisive list:dbl:hits"},
		{"decimal scores", mail{content: []filter.Result{list("zen", 0.2), list("dbl", 1.2), rules(3.8)}},
			"list:zen:hits list:dbl:hits list:dbl:decisive rules:rules:decisive"},
		{"decimal scores of rules", mail{content: []filter.Result{list("zen", 0.2), rules(1.4), rules(2.8), rules(0.8)}},
			"list:zen:hits rules:rules:hits rules:rules:decisive"},
		{"a list of the client counts for the message", mail{connect: []filter.Result{list("zen", 3)}, content: []filter.Result{rules(2)}},
			"list:zen:hits list:zen:unique list:zen:decisive rules:rules:decisive"},
		{"a list asked in two phases is one source", mail{connect: []filter.Result{list("zen", 3)}, content: []filter.Result{list("zen", 3)}},
			"list:zen:hits=2 list:zen:unique list:zen:decisive"},
		{"several hits of a list are one", mail{content: []filter.Result{{Source: "zen", Asked: 2, Hits: []filter.Hit{{Score: 3}, {Score: 3}}}}},
			"list:zen:hits list:zen:unique list:zen:decisive"},

		// Demands.
		{"a list demands", mail{content: []filter.Result{demands("zen", filter.Reject), rules(1)}},
			"list:zen:hits list:zen:unique list:zen:decisive"},
		{"two demand", mail{content: []filter.Result{demands("zen", filter.Reject), demands("dbl", filter.Tag)}}, "list:zen:hits list:dbl:hits"},
		{"one demands, points of the other would do", mail{content: []filter.Result{demands("zen", filter.Tag), list("dbl", 5)}},
			"list:zen:hits list:dbl:hits"},
		{"what the connection's list demanded was spared at RCPT", mail{connect: []filter.Result{demands("zen", filter.Reject)}, content: []filter.Result{list("dbl", 6)}, exempt: true},
			"list:zen:hits list:dbl:hits list:dbl:decisive"},
		{"a rule demands", mail{content: []filter.Result{list("zen", 0), answer("gtube.cf", filter.Rules, filter.Hit{Action: filter.Reject})}},
			"rules:rules:hits rules:rules:unique rules:rules:decisive"},

		// What speaks for the message.
		{"a list speaks for it", mail{content: []filter.Result{list("dnswl", -2), list("zen", 6), list("dbl", 0.9)}},
			"list:dnswl:favours list:zen:hits list:dbl:hits"},
		{"a list speaks for it, in vain", mail{content: []filter.Result{list("dnswl", -1), list("zen", 4), list("dbl", 2)}},
			"list:dnswl:favours list:zen:hits list:zen:decisive list:dbl:hits list:dbl:decisive"},
		{"a list takes no uniqueness by speaking for it", mail{content: []filter.Result{list("dnswl", -1), list("zen", 6)}},
			"list:dnswl:favours list:zen:hits list:zen:unique list:zen:decisive"},
		{"rules speak for it too", mail{content: []filter.Result{list("zen", 3), rules(6), rules(-2)}},
			"list:zen:hits list:zen:unique list:zen:decisive rules:rules:decisive"},
		{"rules that speak for it in all", mail{content: []filter.Result{rules(-3), rules(1)}}, "rules:rules:favours"},
		{"the connection is spoken for", mail{connect: []filter.Result{demands("dnswl", filter.Accept)}}, "list:dnswl:favours"},

		// What is only observed.
		{"observed alone", mail{content: []filter.Result{watched(list("new", 3)), rules(1)}}, "list:new:observed list:new:observed_unique"},
		{"two observed", mail{content: []filter.Result{watched(list("new", 3)), watched(demands("other", filter.Reject))}},
			"list:new:observed list:new:observed_unique list:other:observed list:other:observed_unique"},
		{"observed takes nothing from others", mail{content: []filter.Result{watched(list("new", 9)), list("zen", 6)}},
			"list:new:observed list:zen:hits list:zen:unique list:zen:decisive"},
		{"observed beside a list that does not suffice", mail{content: []filter.Result{watched(list("new", 9)), list("zen", 1)}},
			"list:new:observed list:zen:hits"},
		{"observed beside rules that suffice", mail{content: []filter.Result{watched(list("new", 9)), rules(5)}},
			"list:new:observed rules:rules:hits rules:rules:unique rules:rules:decisive"},
		{"observed in part", mail{content: []filter.Result{{Source: "zen", Hits: []filter.Hit{{Score: 5}, {Score: 5, Observe: true}}}}},
			"list:zen:hits list:zen:unique list:zen:decisive"},
		{"rules observed", mail{content: []filter.Result{rules(2), watched(rules(3))}}, "rules:rules:observed rules:rules:observed_unique"},
		{"rules observed that do not suffice", mail{content: []filter.Result{rules(1), watched(rules(3))}}, ""},
		{"observed that speaks for it", mail{content: []filter.Result{watched(list("dnswl", -3))}}, ""},
		{"observed on a message that is not scanned", mail{connect: []filter.Result{watched(list("new", 3))}, recipients: []filter.Standing{off}},
			"list:new:observed entry:auto-whitelist:hits"},

		// What is wanted.
		{"hit and whitelisted", mail{connect: []filter.Result{list("zen", 3), list("dbl", 0)}, recipients: []filter.Standing{known}},
			"list:zen:hits list:zen:doubtful entry:auto-whitelist:hits"},
		{"one of several whitelists it", mail{content: []filter.Result{list("zen", 6), rules(7), watched(list("new", 1))}, recipients: []filter.Standing{scan, known}},
			"list:zen:hits list:zen:doubtful rules:rules:hits rules:rules:doubtful list:new:observed list:new:doubtful entry:auto-whitelist:hits"},
		{"small rules are no hit to doubt", mail{content: []filter.Result{list("zen", 0), rules(2)}, recipients: []filter.Standing{known, scan}},
			"entry:auto-whitelist:hits"},
		{"speaking for what is wanted is no doubt", mail{content: []filter.Result{list("dnswl", -2)}, recipients: []filter.Standing{known, scan}},
			"list:dnswl:favours entry:auto-whitelist:hits"},
		{"refused, and a recipient whitelists it", mail{connect: []filter.Result{demands("zen", filter.Reject), list("dbl", 1), list("bad", 0)}, recipients: []filter.Standing{known, known}},
			"list:zen:hits list:zen:doubtful list:dbl:hits list:dbl:doubtful entry:auto-whitelist:hits"},
		{"refused, and nobody wants it", mail{connect: []filter.Result{demands("zen", filter.Reject)}}, "list:zen:hits"},
		{"given up", mail{connect: []filter.Result{list("zen", 3)}, recipients: []filter.Standing{known}, ends: true},
			"list:zen:hits entry:auto-whitelist:hits"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := merits(counted(t, func(r *stats.Recorder) { test.mail.record(t, r) }))
			wantCounters(t, got, parse(t, test.want))
		})
	}
}

// parse reads counters; a name alone stands for 1.
func parse(t *testing.T, text string) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for _, word := range strings.Fields(text) {
		name, n, _ := strings.Cut(word, "=")
		all[name] = 1
		if n != "" {
			if _, err := fmt.Sscan(n, ptr(all, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return all
}

// ptr scans into a map.
func ptr(m map[string]int64, name string) fmt.Scanner { return scanner(func(n int64) { m[name] = n }) }

type scanner func(int64)

func (s scanner) Scan(state fmt.ScanState, _ rune) error {
	var n int64
	if _, err := fmt.Fscan(state, &n); err != nil {
		return err
	}
	s(n)
	return nil
}

// TestAskedOnce has several messages over one connection: what was asked about the connection is counted with it, once.
func TestAskedOnce(t *testing.T) {
	m := mail{connect: []filter.Result{list("zen", 3)}, content: []filter.Result{list("dbl", 0), rules(2), rules(0)}}
	got := counted(t, func(r *stats.Recorder) {
		connection, v := m.verdicts(t)
		r.Connection(m.client(), connection, false)
		for range 3 {
			r.Message(nil, v)
		}
	})
	wantCounters(t, without(got, "rule:"), parse(t, `connections accepted messages=3 scanned=3 caught=3 action:tag=3
		list:zen:asked list:zen:hits list:zen:unique=3 list:zen:decisive=3 list:zen:doubtful_of=3 caught_by:zen=3 list:dbl:asked=3
		rules:rules:asked=3 rules:rules:decisive=3 entry:auto-whitelist:asked=3`))
}

// TestOutcomes tells misses from errors, and errors from each other.
func TestOutcomes(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("list: %w", err) }
	m := mail{content: []filter.Result{
		{Source: "miss", Asked: 2, Cached: 1},
		{Source: "error", Asked: 1, Err: errors.New("timeout")},
		{Source: "refused", Asked: 1, Err: wrap(filter.ErrRefused)},
		{Source: "bogus", Asked: 1, Err: wrap(filter.ErrBogus)},
		{Source: "unknown", Asked: 1, Err: wrap(filter.ErrUnknown)},
		{Source: "both", Asked: 3, Err: errors.New("timeout"), Hits: []filter.Hit{{Score: 1}}},
		{Source: "nothing to ask"},
		{Source: "20_body.cf", Kind: filter.Rules, Asked: 100, Err: errors.New("took too long")},
	}}
	got := counted(t, func(r *stats.Recorder) { m.record(t, r) })
	wantCounters(t, without(got, "entry:"), parse(t, `connections accepted messages scanned delivered action:accept errors
		list:miss:asked=2 list:miss:cached list:error:asked list:error:errors list:refused:asked list:refused:refused
		list:bogus:asked list:bogus:bogus list:unknown:asked list:unknown:unknown
		list:both:asked=3 list:both:errors list:both:hits list:both:doubtful_of rules:rules:asked rules:rules:errors`))
}

// TestLatency takes the time of what a cache did not have.
func TestLatency(t *testing.T) {
	v := &filter.Verdict{Class: filter.ClassScanned, Reports: []filter.Report{
		{Stage: "uribl", Phase: filter.Content, Took: time.Hour, Results: []filter.Result{
			{Source: "cached", Asked: 2, Cached: 2, Took: time.Millisecond},
			{Source: "fast", Asked: 2, Cached: 1, Took: time.Millisecond},
			{Source: "slow", Asked: 1, Took: time.Millisecond + 1},
			{Source: "lost", Asked: 1, Took: 20 * time.Second, Err: errors.New("timeout")},
			{Source: "nothing to ask", Took: time.Second},
		}},
		{Stage: "rules", Phase: filter.Content, Took: time.Hour, Results: []filter.Result{
			{Source: "1.cf", Kind: filter.Rules, Asked: 1, Took: 10 * time.Millisecond}, {Source: "2.cf", Kind: filter.Rules, Asked: 1, Took: 20 * time.Millisecond},
		}},
	}}
	got := counted(t, func(r *stats.Recorder) { r.Message(nil, v) })
	for name := range got {
		if _, isTime := without(got)[name]; isTime || strings.HasSuffix(name, ":misses") {
			delete(got, name)
		}
	}
	wantCounters(t, got, parse(t, `list:fast:timed list:fast:took_us=1000 list:fast:within_1ms
		list:slow:timed list:slow:took_us=1000 list:slow:within_2ms list:lost:timed list:lost:took_us=20000000 list:lost:longer
		rules:rules:timed rules:rules:took_us=30000 rules:rules:within_50ms`))
}

// TestRefusals counts a refused connection for the first list in order, and tells whether it was needed for it.
func TestRefusals(t *testing.T) {
	reject := func(name string) filter.Result { return demands(name, filter.Reject) }
	got := counted(t, func(r *stats.Recorder) {
		for _, m := range []mail{
			{connect: []filter.Result{list("dbl", 1), reject("zen"), reject("ivmsip")}},
			{connect: []filter.Result{list("zen", 0), reject("ivmsip")}},
			{connect: []filter.Result{watched(reject("zen")), demands("ivmsip", filter.Defer)}},
			{connect: []filter.Result{watched(reject("zen"))}},
			{connect: []filter.Result{reject("zen"), demands("dnswl", filter.Accept)}},
			{connect: []filter.Result{reject("zen")}, own: true},
		} {
			connection, _ := m.verdicts(t)
			r.Connection(m.client(), connection, connection.Refused())
		}
		failed := &filter.Verdict{Action: filter.Defer, Reports: []filter.Report{{Stage: "dnsbl", Err: errors.New("panic")}}}
		r.Connection(message.Client{}, failed, true)
		r.Connection(message.Client{}, nil, true)
		r.Connection(message.Client{}, nil, false)
	})
	for name := range got {
		if strings.HasSuffix(name, ":asked") {
			delete(got, name)
		}
	}
	wantCounters(t, without(got), parse(t, `connections=8 accepted=3 own refused_by_error=2 failed:dnsbl errors
		list:zen:refusals list:ivmsip:refusals=2 list:ivmsip:refusals_alone=2 refused_by:ivmsip=2 refused_by:ivmsip,zen
		list:zen:hits=2 list:zen:observed=2 list:ivmsip:hits=3 list:dbl:hits list:dnswl:favours`))
}

// TestClasses counts each class of message where it belongs.
func TestClasses(t *testing.T) {
	spam := []filter.Result{list("zen", 20)}
	known, black, off, scan := filter.Whitelisted, filter.Blacklisted, filter.NotEnabled, filter.Scan
	for _, test := range []struct {
		name string
		mail mail
		want string
	}{
		{"scanned", mail{}, "messages scanned delivered action:accept"},
		{"caught", mail{content: spam}, "messages scanned caught action:reject"},
		{"caught, one is lenient", mail{content: spam, recipients: []filter.Standing{scan, off}}, "messages scanned caught action:tag"},
		{"whitelisted", mail{content: spam, recipients: []filter.Standing{known}}, "messages whitelisted delivered action:accept"},
		{"not enabled", mail{content: spam, recipients: []filter.Standing{off, known}}, "messages not_enabled delivered action:accept"},
		{"too large", mail{content: spam, size: 10 << 20}, "messages too_large delivered action:accept"},
		{"blacklisted", mail{content: spam, recipients: []filter.Standing{black, black}}, "messages blacklisted action:reject"},
		{"blacklisted by one", mail{recipients: []filter.Standing{black, scan}}, "messages scanned delivered action:accept"},
		{"outbound", mail{own: true, content: spam}, "outbound"},
		{"no message", mail{ends: true}, ""},
		{"refused", mail{connect: []filter.Result{demands("zen", filter.Reject)}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := counted(t, func(r *stats.Recorder) {
				_, v := test.mail.verdicts(t)
				r.Message(nil, v)
			})
			wantCounters(t, without(got, "list:", "entry:", "caught_by:"), parse(t, test.want))
		})
	}
}

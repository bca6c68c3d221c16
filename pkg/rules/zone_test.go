package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

// TestZoneResults shows whose merit the hits are, and whose points count where a list asks the same zone.
func TestZoneResults(t *testing.T) {
	text := `header HIT eval:check_rbl('set', 'bl.example')
		score HIT 2
		header __SUB eval:check_rbl('other', 'sub.example')
		meta BY_SUB __SUB
		body LOCAL /See/`
	zones := dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2"), "9.113.0.203.sub.example": dnstest.A("127.0.0.2")}
	for _, tt := range []struct {
		listed  string
		points  ZonePoints
		observe bool
	}{{"", ListPoints, false}, {"bl.example", ListPoints, true}, {"bl.example", BothPoints, false}} {
		config := DefaultConfig()
		config.Zones = tt.points
		set, _ := Load([]Folder{mapFolder("rules", map[string]string{"test.cf": text})}, config)
		testNetwork(set, zones, tt.listed)
		got := set.check(t.Context(), mustParse(t, relayed))
		want := []filter.Result{
			{Source: "test.cf", Kind: filter.Rules, Asked: 1, Hits: []filter.Hit{
				{Symbol: "BY_SUB", Score: 1, Detail: "__SUB"}, {Symbol: "LOCAL", Score: 1, Detail: `body: "See"`},
			}},
			{Source: "bl.example", Kind: filter.List, Asked: 3, Listed: true, Hits: []filter.Hit{
				{Symbol: "HIT", Score: 2, Detail: "9.113.0.203.bl.example A 127.0.0.2", Observe: tt.observe},
			}},
			{Source: "sub.example", Kind: filter.List, Asked: 3, Listed: true},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(filter.Result{}, "Took")); diff != "" {
			t.Errorf("listed %q, points %s (-want +got):\n%s", tt.listed, tt.points, diff)
		}
	}
}

// TestNobodyWaited shows that questions whose answers nobody waited for are not held against their zones.
func TestNobodyWaited(t *testing.T) {
	const asks = "header ASKS eval:check_rbl('set', 'bl.example')\n"
	for _, tt := range []struct {
		name, rules string
		waited      bool
	}{
		{"answers are waited for", asks + "body LOCAL /See/", true},
		{"a short circuit", asks + `loadplugin Mail::SpamAssassin::Plugin::Shortcircuit
			header SHORT Subject =~ /hello/
			shortcircuit SHORT on
			priority SHORT -500`, false},
		{"a meta that cannot hit", `header __ASKS eval:check_rbl('set', 'bl.example')
			body __NOT /not there/
			meta ASKS __NOT && __ASKS`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				set := mustLoad(t, tt.rules)
				zones := testNetwork(set, &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				set.check(ctx, mustParse(t, relayed))
				zone := zones["bl.example"]
				if zone == nil {
					t.Fatal("nothing was asked")
				}
				if got := zone.patience < 10*time.Second; got != tt.waited {
					t.Errorf("a question is a failure after %v", zone.patience)
				}
			})
		})
	}
}

// TestSenderGoesAway shows that questions are not held against their zones either when who wanted the answers has gone.
func TestSenderGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := mustLoad(t, "header ASKS eval:check_rbl('set', 'bl.example')")
		late := &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})}
		zones := testNetwork(set, late)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := set.begin(ctx, mustParse(t, relayed))
		defer r.end()
		r.askAll()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := late.err(); !errors.Is(got, context.Canceled) {
			t.Errorf("a question ended with %v, want it canceled", got)
		}
		r.await()
		r.zoneResults()
		if got := zones["bl.example"].patience; got != noPatience {
			t.Errorf("a question is a failure after %v", got)
		}
	})
}

// TestAnswersLeadNowhere shows that an answer that comes when the zones tell what they were asked leads to no question.
func TestAnswersLeadNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := mustLoad(t, `
			header __ASKS eval:check_rbl('set', 'bl.example')
			header __NS eval:check_rbl_ns_from('a', 'rhs.example')
			body __NOT /not there/
			meta ASKS __NOT && __ASKS && __NS`)
		late := &lateResolver{Resolver: dnstest.Zones{"sender.example.net": {NS: []string{"ns.example.org"}}}, let: make(chan struct{})}
		zones := testNetwork(set, late)
		known := set.network.Zone
		set.network.Zone = func(name string) Zone {
			zone := known(name)
			zones[name].onResult = func() {
				close(late.let)
				synctest.Wait()
			}
			return zone
		}
		set.check(t.Context(), mustParse(t, relayed))
		if zones["bl.example"] == nil || zones["rhs.example"] != nil {
			t.Errorf("asked %v, want bl.example alone", slices.Collect(maps.Keys(zones)))
		}
	})
}

// TestListed shows that a zone lists nothing by not having a name, by refusing to answer, or by what a rule takes for a
// refusal, though rules hit by all that.
func TestListed(t *testing.T) {
	set := mustLoad(t, `
		askdns GONE _AUTHORDOMAIN_.gone.example A [NXDOMAIN]
		header REFUSED eval:check_rbl('set-lastexternal', 'refused.example')
		header BLOCKED eval:check_rbl('blocked-lastexternal', 'blocked.example', '127.0.0.1')
		dns_block_rule BLOCKED blocked.example
		header LISTED eval:check_rbl('listed-lastexternal', 'listed.example')`)
	testNetwork(set, dnstest.Zones{
		"1.2.0.192.refused.example": dnstest.A("127.255.255.254"), "1.2.0.192.blocked.example": dnstest.A("127.0.0.1"),
		"1.2.0.192.listed.example": dnstest.A("127.0.0.2"),
	})
	for _, result := range set.check(t.Context(), mustParse(t, relayed)) {
		want := ""
		switch result.Source {
		case "test.cf":
			want = "BLOCKED GONE REFUSED"
		case "listed.example":
			want = "LISTED"
		}
		if got := strings.Join(hits([]filter.Result{result}), " "); got != want || result.Listed != (want == "LISTED") {
			t.Errorf("%s: got %q, listed %v; want %q", result.Source, got, result.Listed, want)
		}
	}
}

// TestTooManyQuestions shows that a mail about which there is more to ask than is asked has an error.
func TestTooManyQuestions(t *testing.T) {
	var rules, mail strings.Builder
	rules.WriteString("uridnsbl_max_domains 200\n")
	for i := range 6 {
		fmt.Fprintf(&rules, "urirhsbl ASKS%d uri%d.example. A\nbody ASKS%d eval:check_uridnsbl('ASKS%d')\n", i, i, i, i)
	}
	mail.WriteString("Subject: x\n\n")
	for i := range 200 {
		fmt.Fprintf(&mail, "http://www.d%d.com/\n", i)
	}
	for _, tt := range []struct{ rules, want string }{
		{rules.String(), "200 questions of rules were not put"},
		{strings.Replace(rules.String(), "200", "100", 1), ""},
	} {
		set := mustLoad(t, tt.rules)
		asked := dnstest.Record(dnstest.Zones{})
		testNetwork(set, asked)
		err := set.check(t.Context(), mustParse(t, mail.String()))[0].Err
		if got := fmt.Sprint(err); !strings.Contains(got, tt.want) || (err == nil) != (tt.want == "") {
			t.Errorf("%d questions, error %v; want %q", len(asked.Questions()), err, tt.want)
		}
	}
}

// TestKeysAreHidden shows that a subscriber's key in a rule file is seen nowhere but in the questions.
func TestKeysAreHidden(t *testing.T) {
	const key = "abcdefghij0123456789klmnop"
	set, faults := loadFiles(map[string]string{"test.cf": strings.ReplaceAll(`
		header RBL eval:check_rbl('set-lastexternal', 'KEY.zen.dq.example.')
		header SUB eval:check_rbl_sub('set-lastexternal', '127.0.0.9')
		askdns ASK _AUTHORDOMAIN_.KEY.dbl.dq.example A /^127/
		askdns WHOLE test.KEY.dbl.dq.example A
		urirhssub URI KEY.dbl.dq.example. A 127.0.1.2
		body URI eval:check_uridnsbl('URI')
		header HASH eval:check_hashbl_emails('KEY.ebl.dq.example/MX')
		header BROKEN eval:check_rbl('set', 'KEY.a b')
		askdns LOST _A_.KEY.dbl.dq.example A what`, "KEY", key)})
	asked := dnstest.Record(dnstest.Zones{
		"1.2.0.192." + key + ".zen.dq.example": dnstest.A("127.0.0.2"), "author.example.com." + key + ".dbl.dq.example": dnstest.A("127.0.0.2"),
		"test." + key + ".dbl.dq.example": dnstest.A("127.0.0.2"), "example.com." + key + ".dbl.dq.example": dnstest.A("127.0.1.2"),
	})
	set.Connect(&Network{Resolver: asked, Zone: func(zone string) Zone { return &keyZone{testZone{name: zone, resolver: asked}} }})
	m := mustParse(t, relayed)
	if got := strings.Join(hits(set.check(t.Context(), m)), " "); got != "ASK RBL URI WHOLE" {
		t.Errorf("got %q", got)
	}
	shown := []any{faults, set.Lint(), set.Coverage(), set.check(t.Context(), m)}
	for _, name := range []string{"RBL", "SUB", "ASK", "WHOLE", "URI", "HASH", "BROKEN", "LOST"} {
		shown = append(shown, set.Show(name), set.Explain(t.Context(), m, name))
	}
	for _, what := range shown {
		text, err := json.MarshalIndent(what, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, key) {
				t.Errorf("shows the key: %s", line)
			}
		}
	}
}

// A keyZone knows that its name holds a key.
type keyZone struct{ testZone }

func (z *keyZone) Show(key string) string { return key + "." + dns.HideKeys(z.name) }

func (z *keyZone) Result(patience time.Duration) filter.Result {
	result := z.testZone.Result(patience)
	result.Source = dns.HideKeys(result.Source)
	return result
}

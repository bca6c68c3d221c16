package test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"winnow/pkg/dnslist"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

// What an operator asks beside a winnow that runs: it is answered from what is known a moment ago.
func TestVerbs(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	d := startDaemon(t, writeConf(t, confDir(c), c))
	t.Run("lists", d.testLists)
	t.Run("lists query", d.testQuery)
	t.Run("stats", d.testStats)
	t.Run("whitelist", d.testWhitelist)
	d.terminate(t)
}

func (d *daemon) testLists(t *testing.T) {
	until(t, "the first probes", func() error {
		var states []dnslist.State
		if d.read(t, &states, "lists"); len(states) <= len(daytest.Lists) {
			t.Fatalf("got %d lists, want those that are off, too", len(states))
		}
		for _, l := range states {
			if l.Health != dnslist.OK && l.Health != dnslist.Off {
				return fmt.Errorf("%s is %s", l.List, l.Health)
			}
		}
		return nil
	})
	if got := d.command(t, "lists"); got.code != 0 || !strings.Contains(got.stdout, "zen.spamhaus.org") {
		t.Errorf("got %+v", got)
	}
}

// Exit codes: 0 nothing was found, 1 something was, 2 the question was wrong.
func (d *daemon) testQuery(t *testing.T) {
	for _, test := range []struct {
		words string
		code  int
		out   string
	}{
		{clean + "1", 0, "miss"},
		{onZen + "1 --json", 1, "ZEN_XBL"},
		{"black-site.example", 1, "URIBL_BLACK"},
		{"clean-site.example", 0, "miss"},
		{"nothing_at_all", 2, ""},
		{"127.0.0.2 127.0.0.3", 2, ""},
		{"", 2, ""},
	} {
		got := d.command(t, append([]string{"lists", "query"}, strings.Fields(test.words)...)...)
		if got.code != test.code || !strings.Contains(got.stdout, test.out) {
			t.Errorf("%q: got %+v, want code %d and %q", test.words, got, test.code, test.out)
		}
	}
}

func (d *daemon) testStats(t *testing.T) {
	d.deliver(t, clean+"1", note("points: 6"))
	if o := d.deliver(t, onZen+"1", note("hello")); o.Recipients[0].Code != 'y' {
		t.Errorf("from a listed client: got %v", o)
	}
	var r *stats.Report
	until(t, "the account", func() error {
		r = d.report(t)
		return missing(r.Connections.Total == 2, "%d connections", r.Connections.Total)
	})
	if r.Messages.Caught != 1 || row(t, r, "zen").Refusals != 1 {
		t.Errorf("%d messages caught and %d clients refused, want 1 and 1", r.Messages.Caught, row(t, r, "zen").Refusals)
	}
	if got := d.command(t, "stats"); got.code != 0 || !strings.Contains(got.stdout, "Spamhaus ZEN") {
		t.Errorf("got %+v", got)
	}
}

// What anna has taught by writing to a friend is shown, counts, and can be taken back.
func (d *daemon) testWhitelist(t *testing.T) {
	const anna, friend = "anna@our.example", "friend@partner.example.net"
	written, answer := note("hello"), note("points: 16")
	written.Sender, written.Recipients = anna, []string{friend}
	answer.Sender, answer.Recipients = friend, []string{anna}
	answered := func(when string, want byte) {
		t.Helper()
		if o := d.deliver(t, clean+"2", answer); o.Reply.Code != want {
			t.Errorf("%s: got %v, want %c", when, o, want)
		}
	}
	answered("before", 'y')
	d.deliver(t, "127.0.0.1", written)
	var shown struct {
		Whitelist []json.RawMessage
		Learned   []struct{ Address string }
		Users     []string
	}
	until(t, "what anna taught", func() error {
		d.read(t, &shown, "whitelist", "show", anna)
		return missing(len(shown.Learned) == 1 && shown.Learned[0].Address == friend, "got %v", shown.Learned)
	})
	if d.read(t, &shown, "whitelist", "show"); len(shown.Users) != 1 || len(shown.Whitelist) != strings.Count(siteWhitelist, "\n") {
		t.Errorf("got users %v and %d entries of the file", shown.Users, len(shown.Whitelist))
	}
	answered("of a correspondent", 'a')
	if o := d.deliver(t, "198.19.129.9", answer); o.Reply.Code != 'y' {
		t.Errorf("from a host that may not send for him: got %v", o)
	}
	var forged []struct {
		Senders []struct {
			Sender string
			Forged int
		}
	}
	until(t, "whom somebody impersonates", func() error {
		d.read(t, &forged, "stats", "--forged")
		return missing(len(forged) == 1 && len(forged[0].Senders) == 1 && forged[0].Senders[0].Sender == friend && forged[0].Senders[0].Forged == 1, "got %v", forged)
	})
	if got := d.command(t, "whitelist", "check"); got.code != 0 || strings.Count(got.stdout, "no fault") != 2 {
		t.Errorf("whitelist check: got %+v", got)
	}
	forget := []string{"whitelist", "remove", friend, "--to", anna, "--learned"}
	if got := d.command(t, forget...); got.code != 0 {
		t.Errorf("taking it back: got %+v", got)
	}
	answered("taken back", 'y')
	if got := d.command(t, forget...); got.code != 1 || !strings.Contains(got.stderr, "has not written") {
		t.Errorf("taking it back again: got %+v, want code 1", got)
	}
}

// Without a resolver `lists` says so, with its exit code too; winnow itself starts, and lets mail through.
func TestNoResolver(t *testing.T) {
	t.Parallel()
	resolver := newLists(t, daytest.Zones())
	c := siteConfig(t, resolver.Addr())
	conf := writeConf(t, confDir(c), c)
	if got := command(t, "lists", "--config", conf); got.code != 0 {
		t.Errorf("all are well: got %+v", got)
	}
	resolver.Kill()
	if got := command(t, "lists", "--config", conf); got.code != 1 || !strings.Contains(got.stdout, " down ") {
		t.Errorf("the resolver is dead: got %+v, want code 1", got)
	}
	d := startDaemon(t, conf)
	if o := d.deliver(t, onZen+"1", note("hello")); o.Reply.Code != 'a' {
		t.Errorf("without a resolver: got %v", o)
	}
	d.terminate(t)
}

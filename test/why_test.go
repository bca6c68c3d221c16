package test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/rig"
	"winnow/pkg/trail"
)

// asWhy asks `winnow why` beside a winnow that serves, as an operator does.
type asWhy struct{ conf string }

func (w asWhy) ask(t testing.TB, words ...string) ended {
	t.Helper()
	return command(t, append(append([]string{"why"}, words...), "--config", w.conf)...)
}

// about waits until the trail tells of something, and returns what it says.
func (w asWhy) about(t testing.TB, words ...string) string {
	t.Helper()
	var got ended
	until(t, "a record", func() error {
		got = w.ask(t, words...)
		return missing(got.code == 0, "%+v", got)
	})
	return got.stdout
}

func whyBeside(t testing.TB, s *site, c *app.Config) asWhy {
	t.Helper()
	return asWhy{writeConf(t, s.dir, c)}
}

// A refused sender reads out the id of the reply: `winnow why` tells its postmaster's colleague here all about it.
func TestWhy(t *testing.T) {
	var conf *app.Config
	s := newSite(t, func(c *app.Config) { c.Trail.Subject = trail.FullSubject; conf = c })
	w := whyBeside(t, s, conf)
	client := func(addr string) rig.Client { return rig.Client{Addr: netip.MustParseAddr(addr)} }
	idOf := func(m rig.Mail) string {
		reply := s.send(t, m).Final().String()
		found := regexp.MustCompile(`\[([0-9a-z]{4}-[0-9a-z]{4})\]`).FindStringSubmatch(reply)
		if found == nil {
			t.Fatalf("no id in %q", reply)
		}
		return found[1]
	}
	says := func(name, got string, want ...string) {
		t.Logf("%s:\n%s", name, got)
		t.Helper()
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q is not in\n%s", name, w, got)
			}
		}
	}

	listed := idOf(rig.Mail{Client: client(onZen + "7"), Sender: "a@sender.example.net", Data: letter("listed", 0)})
	says("a listed client", w.about(t, listed),
		"["+listed+"] refused (550)", "198.18.128.7 is listed by zen: ZEN_XBL", "Without the list zen it would have gone on to be scanned",
		"The sender was told: ", "https://www.spamhaus.org/query/ip/198.18.128.7", "connect: dnsbl", "7.128.18.198.zen.spamhaus.org 127.0.0.4", "ivmsip", "not listed",
		"sender  ", "<a@sender.example.net>", "user@our.example (refused (550), by ZEN_XBL of zen)")

	both := idOf(rig.Mail{Client: client(onZenIVM + "7"), Sender: "a@sender.example.net", Data: letter("both", 0)})
	if got := w.about(t, both); strings.Contains(got, "Without the list") {
		t.Errorf("two lists want it refused, so neither decides:\n%s", got)
	}

	spam := idOf(rig.Mail{Sender: "a@sender.example.net", Data: letter("spam subject", 16)})
	says("by points", w.about(t, spam), "refused (550)", "Points did: 16", "Without the rule POINTS_16 it would have been delivered, with 0 points",
		"rules", "POINTS_16", "spam subject", "spf: ")

	pest := idOf(rig.Mail{Sender: "black@pests.example", Data: letter("pest", 0)})
	says("blacklisted", w.about(t, pest), "The recipient's blacklist has the sender", "Without the entry in blacklist it would have gone on to be scanned")

	for _, words := range [][]string{{"198.18.128.7"}, {"198.18.128.0/24"}, {"a@sender.example.net", "user@our.example"}, {"<1@sender.example.net>"}} {
		if got := w.about(t, words...); !strings.Contains(got, listed) && !strings.Contains(got, spam) {
			t.Errorf("%v: neither %s nor %s is in\n%s", words, listed, spam, got)
		}
	}
	delivered := s.send(t, rig.Mail{Sender: "white@friends.example", Data: letter("from a friend", 16)}).Final()
	queue := regexp.MustCompile(`queued as (\w+)`).FindStringSubmatch(delivered.String())
	if queue == nil {
		t.Fatalf("not delivered: %v", delivered)
	}
	says("a friend's, by its queue id", w.about(t, queue[1]), "delivered", "It was not scanned: every recipient knows the sender.", "Without the entry in whitelist it would have gone on to be scanned")

	var found struct {
		Record       trail.Record
		Alternatives []trail.Alternative
		Explanation  trail.Explanation
	}
	if err := json.Unmarshal([]byte(w.about(t, spam, "--json")), &found); err != nil || found.Record.ID != spam || found.Record.Action != filter.Reject || len(found.Alternatives) == 0 {
		t.Errorf("JSON: got %+v, %v", found.Record, err)
	}
	for _, test := range []struct {
		words string
		code  int
		errs  string
	}{
		{"zzzz-zzzz", 1, "records go back to"},
		{"zzzz-zzzz --since yesterday", 2, "is no time"},
		{"zzzz-zzzz --since 2h --limit 0", 2, "--limit"},
		{"", 2, "requires at least 1 arg"},
	} {
		if got := w.ask(t, strings.Fields(test.words)...); got.code != test.code || !strings.Contains(got.stderr, test.errs) {
			t.Errorf("%s: got %+v, want code %d and %q", test.words, got, test.code, test.errs)
		}
	}
}

// At CONNECT there is no message to tell of it: the connection's record does.
func TestWhyAtConnect(t *testing.T) {
	var conf *app.Config
	s := newSite(t, func(c *app.Config) { must(t, c.Milter.RejectAt.UnmarshalText([]byte("connect"))); conf = c })
	w := whyBeside(t, s, conf)
	reply := s.send(t, rig.Mail{Client: rig.Client{Addr: netip.MustParseAddr(onZen + "7")}, Sender: "a@sender.example.net", Data: letter("x", 0)}).Final()
	if !reply.Refused() {
		t.Fatalf("got %v", reply)
	}
	if got := w.about(t, onZen+"7"); !strings.Contains(got, "Without the list zen the client would have been let in") {
		t.Errorf("got\n%s", got)
	}
}

// The trail of a service that was never started, of one that has it off, and of one that cannot write it.
func TestWhyWithoutTrail(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	w := asWhy{writeConf(t, confDir(c), c)}
	if got := w.ask(t, "zzzz-zzzz"); got.code != 1 || !strings.Contains(got.stderr, "nothing was ever recorded") {
		t.Errorf("never started: got %+v", got)
	}
	c.Trail.Enabled = false
	w = asWhy{writeConf(t, confDir(c), c)}
	if got := w.ask(t, "zzzz-zzzz"); got.code != 1 || !strings.Contains(got.stderr, "trail.enabled is false") {
		t.Errorf("off: got %+v", got)
	}
	c.Trail.Enabled = true
	must(t, os.MkdirAll(c.StateDir, 0o700))
	writeFile(t, filepath.Join(c.StateDir, "trail"), "in the way")
	d := startDaemon(t, writeConf(t, confDir(c), c))
	if o := d.deliver(t, clean+"1", note("points: 6")); o.Reply.Code != 'a' {
		t.Errorf("mail does not flow: %v", o)
	}
	d.awaitLog(t, 1, `"error"`, "decisions are not recorded")
	until(t, "the count of what is not recorded", func() error {
		r := d.report(t)
		return missing(r.Unrecorded > 0, "%d unrecorded", r.Unrecorded)
	})
	d.terminate(t)
}

// Two nodes share a Redis: what one decided the other knows.
func TestWhyOfAnotherNode(t *testing.T) {
	t.Parallel()
	needs(t, rig.RedisProgram)
	r := newRig(t)
	redis, err := r.Redis(t.Context(), rig.RedisConfig{})
	must(t, err)
	c, other := daemonConfig(t), daemonConfig(t)
	for _, each := range []*app.Config{c, other} {
		each.Store = patient(redis)
		each.Trail.Stream = 100
	}
	d := startDaemon(t, writeConf(t, confDir(c), c))
	d.deliver(t, clean+"1", note("points: 16"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	until(t, "the other's record", func() error {
		found, err := app.SearchTrail(ctx, other, trail.Query{Words: []string{clean + "1"}})
		must(t, err)
		return missing(len(found.Records) == 1 && found.Records[0].Action == filter.Reject, "%d records, %v", len(found.Records), found.Notes)
	})
	for i := range 300 { // the stream is bounded
		d.deliver(t, fmt.Sprintf("%s%d", clean, 2+i%200), note("points: 1"))
	}
	until(t, "the bound", func() error {
		found, err := app.SearchTrail(ctx, other, trail.Query{Limit: 1000})
		must(t, err)
		return missing(len(found.Records) >= 100 && len(found.Records) < 250, "%d records", len(found.Records))
	})
	d.terminate(t)
}

package test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/replay"
	"winnow/pkg/rig"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
)

// Real mail comes in, is decided on and recorded; then `winnow replay` says, beside the winnow that serves, what other settings
// had made of it: with the same ones nothing else, with others just those records that they are about.
func TestReplay(t *testing.T) {
	var conf *app.Config
	s := newSite(t, func(c *app.Config) {
		c.Trail.KeepSamples.Refused, c.Trail.KeepSamples.Tagged, c.Trail.KeepSamples.Delivered = 1, 1, 1
		conf = c
	})
	r := replayOf{t: t, s: s, conf: conf, ids: map[string]string{}}
	client := func(addr string) rig.Client { return rig.Client{Addr: netip.MustParseAddr(addr)} }
	r.send("listed", rig.Mail{Client: client(onZen + "7"), Sender: "a@sender.example.net", Data: letter("listed", 0)})
	r.send("twice listed", rig.Mail{Client: client(onZenIVM + "7"), Sender: "a@sender.example.net", Data: letter("twice listed", 0)})
	r.send("tagged", rig.Mail{Sender: "a@sender.example.net", Data: letter("tagged", 6)})
	r.send("refused", rig.Mail{Sender: "a@sender.example.net", Data: letter("refused", 16)})
	r.send("clean", rig.Mail{Sender: "a@sender.example.net", Data: letter("clean", 0)})
	r.send("a friend's", rig.Mail{Sender: "white@friends.example", Data: letter("a friend's", 16)})
	r.send("a pest's", rig.Mail{Sender: "black@pests.example", Data: letter("a pest's", 0)})
	r.wait(7)
	r.copies(3)

	if got := r.with(nil); got.Found != 0 || got.Records.Messages != 7 || got.NewlyPassed.Connections+got.Unknown.Messages != 0 {
		t.Errorf("the same settings: %+v", got)
	}
	for _, test := range []struct {
		name   string
		change func(*app.Config)
		want   map[string]string // what becomes of which, by subject
	}{
		{"a list off", func(c *app.Config) { c.Lists.Disable = append(c.Lists.Disable, "zen") }, map[string]string{"listed": replay.NewlyPassed}},
		{"a list observed", func(c *app.Config) { c.Lists.Observe = []string{"zen", "ivmsip"} },
			map[string]string{"listed": replay.NewlyPassed, "twice listed": replay.NewlyPassed}},
		{"a threshold", func(c *app.Config) { c.Policy.Reject, c.Policy.Defer = 17, 0 }, map[string]string{"refused": replay.NewlyPassed}},
		{"a score", func(c *app.Config) { r.overrides(c, "score POINTS_6 15\n") }, map[string]string{"tagged": replay.NewlyRefused}},
		{"a rule without points", func(c *app.Config) { r.overrides(c, "score POINTS_6 0\n") }, map[string]string{"tagged": replay.NewlyUntag}},
		{"a whitelist entry", func(c *app.Config) { r.whitelist(c, siteWhitelist+"sender.example.net auth:none\n") },
			map[string]string{"tagged": replay.NewlyUntag, "refused": replay.NewlyPassed, "clean": replay.OtherClass}},
		{"a friend no more", func(c *app.Config) { r.whitelist(c, "") }, map[string]string{"a friend's": replay.NotKnown}},
		{"nobody is blacklisted", func(c *app.Config) { c.Whitelist.Blacklist = "" }, map[string]string{"a pest's": replay.NewlyPassed}},
		{"a new rule", func(c *app.Config) { r.rules(c, "header NEW_RULE Subject =~ /^clean/\nscore NEW_RULE 6\n") }, map[string]string{"clean": replay.NewlyTagged}},
		{"a rule that is gone", func(c *app.Config) {
			c.Rules.Folders = nil
			r.rules(c, strings.Replace(siteRules, "/points: 6\\b/", "/points: six/", 1))
		},
			map[string]string{"tagged": replay.NewlyUntag}},
		{"another action", func(c *app.Config) { c.Policy.Reject = 17 }, map[string]string{"refused": replay.OtherAction}},
		{"a new list of little weight", func(c *app.Config) { c.Lists.Disable = []string{"dnswl", "dbl", "surbl"} }, map[string]string{}},
		{"a new list of links", func(c *app.Config) { c.Lists.Disable = []string{"dnswl", "dbl", "spamcop"} },
			map[string]string{"clean": replay.NotKnown, "tagged": replay.NotKnown, "refused": replay.NotKnown}},
	} {
		got := r.with(test.change)
		found := map[string]string{}
		for _, c := range got.Changes {
			found[r.subject(c.ID)] = c.Sort
		}
		if fmt.Sprint(found) != fmt.Sprint(test.want) {
			t.Errorf("%s: got %v, want %v\n%+v", test.name, found, test.want, got)
		}
	}
	sample := whyBeside(t, s, conf).ask(t, r.ids["tagged"], "--sample")
	if text := strings.ReplaceAll(sample.stdout, "\r\n", "\n"); !strings.HasSuffix(text, "\n\nHello,\n\npoints: 6\n") || !strings.Contains(text, "Subject: tagged\n") {
		t.Errorf("the copy: %+v", sample)
	}
	if got := whyBeside(t, s, conf).ask(t, r.ids["listed"], "--sample"); got.code != 1 || !strings.Contains(got.stderr, "no copy is kept") {
		t.Errorf("a copy of what never came: %+v", got)
	}
	if got := whyBeside(t, s, conf).ask(t, r.ids["tagged"]); !strings.Contains(got.stdout, "A copy of the message is kept") {
		t.Errorf("why: %+v", got)
	}
	got := r.run()
	if got.code != 0 || !strings.Contains(got.stdout, "Nothing would change.") {
		t.Errorf("for people: %+v", got)
	}
	t.Logf("%s", got.stdout)
}

// A replayOf decides the mail of a site again.
type replayOf struct {
	t    *testing.T
	s    *site
	conf *app.Config
	ids  map[string]string // by subject
}

// send sends a mail and notes its id.
func (r *replayOf) send(subject string, m rig.Mail) {
	r.t.Helper()
	reply := r.s.send(r.t, m).Final().String()
	if found := regexp.MustCompile(`\[([0-9a-z]{4}-[0-9a-z]{4})\]`).FindStringSubmatch(reply); found != nil {
		r.ids[subject] = found[1]
		return
	}
	queue := regexp.MustCompile(`queued as (\w+)`).FindStringSubmatch(reply)
	if queue == nil {
		r.t.Fatalf("%s: neither refused with an id nor delivered: %s", subject, reply)
	}
	until(r.t, "the record of "+subject, func() error {
		found, err := app.SearchTrail(r.t.Context(), r.conf, trail.Query{Words: queue[1:]})
		must(r.t, err)
		if len(found.Records) == 1 {
			r.ids[subject] = found.Records[0].ID
		}
		return missing(len(found.Records) == 1, "%d records", len(found.Records))
	})
}

func (r *replayOf) subject(id string) string {
	for subject, of := range r.ids {
		if of == id {
			return subject
		}
	}
	return id
}

// wait waits until so many messages are recorded, and what was in force beside them.
func (r *replayOf) wait(n int) {
	r.t.Helper()
	until(r.t, "the records", func() error {
		found, err := app.SearchTrail(r.t.Context(), r.conf, trail.Query{})
		must(r.t, err)
		kept, err := filepath.Glob(filepath.Join(trail.Dir(r.conf.StateDir), "in-force-*.gz"))
		must(r.t, err)
		return missing(len(found.Records) == n && len(kept) == 1, "%d records, %d files of what is in force", len(found.Records), len(kept))
	})
}

// copies waits until so many messages are kept whole.
func (r *replayOf) copies(n int) {
	r.t.Helper()
	until(r.t, "the copies", func() error {
		kept, err := filepath.Glob(filepath.Join(trail.Dir(r.conf.StateDir), "samples", "*", "*.gz"))
		must(r.t, err)
		return missing(len(kept) == n, "%d copies", len(kept))
	})
}

// rules gives a configuration further rules.
func (r *replayOf) rules(c *app.Config, text string) {
	dir := r.t.TempDir()
	writeFile(r.t, filepath.Join(dir, "20_new.cf"), text)
	c.Rules.Folders = append(slices.Clone(c.Rules.Folders), dir)
}

// overrides gives a configuration a file of overrides.
func (r *replayOf) overrides(c *app.Config, text string) {
	c.Rules.Overrides = filepath.Join(r.t.TempDir(), "overrides.cf")
	writeFile(r.t, c.Rules.Overrides, text)
}

func (r *replayOf) whitelist(c *app.Config, text string) {
	c.Whitelist.Whitelist = filepath.Join(r.t.TempDir(), "whitelist")
	writeFile(r.t, c.Whitelist.Whitelist, text)
}

// run runs the verb.
func (r *replayOf) run(more ...string) ended {
	r.t.Helper()
	running := writeConf(r.t, r.t.TempDir(), r.conf)
	return command(r.t, append([]string{"replay", "--config", running, "--from", "1h"}, more...)...)
}

// with decides again by a changed configuration.
func (r *replayOf) with(change func(*app.Config)) *replay.Report {
	r.t.Helper()
	c := *r.conf
	c.Lists.Enable, c.Lists.Disable = slices.Clone(c.Lists.Enable), slices.Clone(c.Lists.Disable)
	if change != nil {
		change(&c)
	}
	dir := r.t.TempDir()
	running := writeConf(r.t, dir, r.conf)
	must(r.t, os.Rename(running, running+".running"))
	got := command(r.t, "replay", "--config", writeConf(r.t, dir, &c), "--running", running+".running", "--from", time.Now().Add(-time.Hour).Format(time.RFC3339), "--json")
	if got.code != 0 {
		r.t.Fatalf("%+v", got)
	}
	var report replay.Report
	must(r.t, json.Unmarshal([]byte(got.stdout), &report))
	return &report
}

// What only observes beside the rest has no effect, and is in all figures: a list, one code of a list, a file of rules. Then it is
// known what it would do: its answers and hits are recorded.
func TestObserveThenEnforce(t *testing.T) {
	var conf *app.Config
	s := newSite(t, func(c *app.Config) {
		extra := filepath.Join(filepath.Dir(c.StateDir), "trial.yaml")
		writeFile(t, extra, "- {name: ivmsip, title: ivmSIP, zone: sip.invaluement.com, ask: [client], phase: connect, codes: [{value: any, symbol: TRIAL_CODE, score: 3, action: reject, observe: yes}]}\n")
		c.Lists.ExtraFiles, c.Lists.Observe = []string{extra}, []string{"zen"}
		c.Rules.Files = []rules.FileConfig{{Name: "10_plan.cf", Observe: true}}
		conf = c
	})
	r := replayOf{t: t, s: s, conf: conf, ids: map[string]string{}}
	r.send("observed", rig.Mail{Client: rig.Client{Addr: netip.MustParseAddr(onZenIVM + "7")}, Sender: "a@sender.example.net", Data: letter("observed", 16)})
	r.send("clean", rig.Mail{Sender: "a@sender.example.net", Data: letter("clean", 0)})
	r.wait(2)
	days := []string{time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)} // it may be midnight
	until(t, "the figures", func() error {
		report := s.report(t, days...)
		observed := map[string]int64{}
		for _, row := range report.Sources {
			observed[row.Name] = row.Observed
		}
		return missing(observed["zen"] == 1 && observed["ivmsip"] == 1 && observed[stats.RulesName] == 1 && report.Messages.Delivered == 2, "%v, %+v", observed, report.Messages)
	})
	byRule, err := stats.ReadRules(t.Context(), s.app.Store(), stats.Query{Days: days}, nil)
	must(t, err)
	if !slices.ContainsFunc(byRule[0].Rules, func(row stats.RuleRow) bool { return row.Name == "POINTS_16" && row.Observed == 1 && row.Hits == 0 }) {
		t.Errorf("rules: %+v", byRule[0].Rules)
	}
	if got := whyBeside(t, s, conf).ask(t, r.ids["observed"]); !strings.Contains(got.stdout, "TRIAL_CODE") || strings.Count(got.stdout, "observed only") < 3 {
		t.Errorf("why: %s", got.stdout)
	}
	for name, change := range map[string]func(*app.Config){
		"the list":  func(c *app.Config) { c.Lists.Observe = nil },
		"the rules": func(c *app.Config) { c.Rules.Files = nil },
		"the code":  func(c *app.Config) { c.Lists.ExtraFiles = nil },
	} {
		got := r.with(change)
		if got.Found != 1 || got.NewlyRefused.Messages != 1 || got.Unknown != (replay.Units{}) || r.subject(got.Changes[0].ID) != "observed" {
			t.Errorf("%s enforced: %+v", name, got)
		}
	}
}

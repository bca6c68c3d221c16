package page_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
	"winnow/pkg/trail"
	"winnow/pkg/web"
)

const token = "0123456789abcdef0123456789abcdef"

// now is an afternoon of the sample day.
var now = time.Date(2016, 12, 14, 17, 30, 0, 0, time.UTC)

// A site is a winnow that serves its pages.
type site struct {
	app     *app.App
	service *app.Service
	url     string
}

// sampleLists are those of the sample day.
var sampleLists = [][2]string{
	{"zen", "Zen"}, {"ivmsip", "ivmSIP"}, {"uribl", "URIBL"}, {"ivmsip24", "ivmSIP24"}, {"ivmuri", "ivmURI"}, {"barracuda", "Barracuda"},
	{"instantrbl", "InstantRBL"}, {"psky", "Protected Sky"},
}

// listsFile declares lists, and the zones in which their test entries are as they should be.
func listsFile(lists [][2]string) (file string, zones dnstest.Zones) {
	var b strings.Builder
	zones = dnstest.Zones{}
	for _, l := range lists {
		fmt.Fprintf(&b, "- name: %s\n  title: %q\n  zone: %s.example\n  terms: free\n  budget: 100000\n  ask: [client]\n  phase: content\n  probe: {listed: 2.0.0.127, clean: 1.0.0.127}\n  codes:\n    - {value: 127.0.0.2, symbol: %[4]s, title: %[2]q, score: 3}\n    - {value: 127.0.0.4, symbol: %[4]s_XBL, title: %[2]q, score: 3}\n",
			l[0], l[1], l[0], strings.ReplaceAll(strings.ToUpper(l[0]), "-", "_"))
		zones["2.0.0.127."+l[0]+".example"] = dnstest.A("127.0.0.2")
	}
	return b.String(), zones
}

// openSite serves a site with lists and what was counted on days, until the test ends. records are in its trail.
func openSite(t testing.TB, lists [][2]string, counters map[string]map[string]int64, records []record, change func(*app.Config)) *site {
	t.Helper()
	file, zones := listsFile(lists)
	c := app.DefaultConfig()
	dir := t.TempDir()
	c.StateDir, c.Store = filepath.Join(dir, "state"), "memory:"
	c.Milter.Listen = []string{"inet:127.0.0.1:0"}
	c.DNS.Servers = []string{dnstest.Serve(t, zones).Addr}
	c.Lists.File = filepath.Join(dir, "lists.yaml")
	c.Web = web.Config{Listen: "127.0.0.1:0", Token: web.NewSecret(token), Messages: true}
	c.Trail.Subject = trail.FullSubject
	write(t, c.Lists.File, file)
	if change != nil {
		change(&c)
	}
	recordAll(t, &c, records)
	a, err := app.New(context.Background(), &c, app.Options{Version: "1.2.3", Now: func() time.Time { return now }})
	must(t, err)
	must(t, a.Store().Apply(t.Context(), "node", 1, counters, 1000*24*time.Hour))
	s, err := a.Start(context.Background())
	must(t, err)
	t.Cleanup(func() {
		must(t, s.Stop())
		must(t, a.Close())
	})
	return &site{a, s, "http://" + s.Watched()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

// A record is a message that was decided on.
type record struct {
	id, client, name, helo, sender, recipient, author, subject, detail string
	action                                                             filter.Action
}

// recordAll writes records into the trail of a configuration.
func recordAll(t testing.TB, c *app.Config, records []record) {
	t.Helper()
	must(t, os.MkdirAll(c.StateDir, 0o700))
	opened, err := trail.Open(c.Trail, trail.Options{StateDir: c.StateDir, Now: func() time.Time { return now }})
	must(t, err)
	for _, r := range records {
		m := &message.Message{
			ID: r.id, QueueID: "4Fq" + strings.ReplaceAll(r.id, "-", ""), Time: now.Add(-time.Second), Sender: r.sender, Size: 5321,
			Client: message.Client{Addr: netip.MustParseAddr(r.client), Name: r.name, Helo: r.helo},
			Header: message.Header{{Name: "From", Value: " " + r.author}, {Name: "Subject", Value: " " + r.subject}, {Name: "Message-ID", Value: " <" + r.id + "@sender.example>"}},
		}
		hit := filter.Hit{Symbol: "ZEN", Score: 6, Action: r.action, Detail: r.detail, Text: "Client host [" + r.client + "] listed by Zen; see https://list.example/" + r.client}
		settings := filter.DefaultConfig()
		v := filter.NewPipeline([]filter.Stage{filtertest.List("dnsbl", filter.Connect, "zen", hit), filtertest.Rules(filter.Hit{Symbol: "ADVANCE_FEE_4", Score: 2.5, Detail: r.detail})},
			settings.Limits, filter.NewPolicy(settings)).Check(context.Background(), m, []string{r.recipient})
		opened.Message(m, v)
	}
	must(t, opened.Close(context.Background()))
}

// sampleCounters is the sample day, and the days before with a part of it each.
func sampleCounters() map[string]map[string]int64 {
	whole := map[string]int64{
		"connections": 6_680_134, "list:zen:refusals": 5_403_727, "list:zen:refusals_alone": 4_812_004, "list:ivmsip:refusals": 236_211, "list:ivmsip:refusals_alone": 236_211, "accepted": 1_040_196, "own": 1_207,
		"messages": 1_008_901, "whitelisted": 138_055, "blacklisted": 3_513, "too_large": 6_960, "not_enabled": 131_480, "scanned": 728_893,
		"caught": 113_439, "delivered": 891_949, "outbound": 40_211, "errors": 312,
		"action:accept": 891_949, "action:tag": 61_002, "action:reject": 55_950,
		"list:zen:unique": 2_062, "list:uribl:unique": 8_137, "list:ivmsip24:unique": 2_029, "list:ivmuri:unique": 10_194,
		"list:barracuda:unique": 9_109, "list:instantrbl:unique": 8_442, "list:psky:unique": 5_468, "rules:rules:unique": 32_007,
		"caught_by:zen": 2_062, "caught_by:uribl": 8_137, "caught_by:ivmsip24": 2_029, "caught_by:ivmuri": 10_194, "caught_by:barracuda": 9_109,
		"caught_by:instantrbl": 8_442, "caught_by:psky": 5_468, "caught_by:rules:rules": 32_007, "caught_by:ivmuri,uribl": 14_920,
		"caught_by:barracuda,psky": 7_311, "caught_by:barracuda,instantrbl,zen": 5_870, "caught_by:ivmuri,rules:rules,uribl": 4_233, "caught_by:": 3_657,
		"refused_by:zen": 4_812_004, "refused_by:ivmsip,zen": 591_723, "refused_by:ivmsip": 236_211,
		"rules:rules:asked": 728_893, "rules:rules:hits": 41_300,
	}
	for i, l := range sampleLists {
		n := int64(i + 1)
		for name, value := range map[string]int64{
			"asked": 700_000 + n, "cached": 600_000 + 9_000*n, "hits": 40_000 - 3_000*n, "misses": 660_000 + 2_999*n, "decisive": 3_000 - 200*n, "doubtful": n, "doubtful_of": 4_000,
			"timed": 100_000, "took_us": 900_000_000, "within_10ms": 60_000, "within_20ms": 36_000, "within_100ms": 4_000, "errors": n % 3,
		} {
			whole["list:"+l[0]+":"+name] = value
		}
	}
	for i, name := range []string{"ADVANCE_FEE_4", "HTML_IMAGE_ONLY", "PHARMACY_WORDS", "FORGED_OUTLOOK", "LOTTERY_CLAIM"} {
		whole["rule:"+name+":caught"] = int64(9_000 - 1_700*i)
		whole["rule:"+name+":delivered"] = int64(3 + 211*i*i)
		whole["rule:"+name+":share"] = int64(1_000 * (1 + i) * (9_003 - 1_700*i + 211*i*i))
	}
	for code, n := range map[string]int64{"127.0.0.2": 21_000, "127.0.0.4": 17_500, "127.0.0.9": 12, "*": 341} {
		for name, value := range map[string]int64{
			"hits": n, "only": n - n/9, "unique": n / 20, "decisive": n / 40, "doubtful": n % 7, "doubtful_of": n / 10, "observed": n / 100, "observed_unique": n / 200,
		} {
			whole["code:zen:"+code+":"+name] = value
		}
	}
	whole["code:zen:several:hits"] = 2_140
	days := map[string]map[string]int64{"2016-12-14": whole}
	for h := range 18 { // today's hours, and what of the day is in none
		hour := map[string]int64{}
		for name, n := range whole {
			hour[name] = n * int64(20+h*(24-h)) / 2_400
		}
		days[fmt.Sprintf("2016-12-14T%02dZ", h)] = hour
	}
	for back := 1; back < 30; back++ {
		day := map[string]int64{}
		for name, n := range whole {
			day[name] = n * int64(60+(back*37)%50) / 100
		}
		days[now.AddDate(0, 0, -back).Format(time.DateOnly)] = day
	}
	return days
}

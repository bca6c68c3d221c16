package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/auth"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rules"
	"winnow/pkg/store"
	"winnow/pkg/trail"
	"winnow/pkg/whitelist"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// A plan is a configuration of the real stages, in the words of its files.
type plan struct {
	policy   filter.Config
	lists    string
	rules    string
	files    []rules.FileConfig
	white    string
	black    string
	enabled  string // "" for all
	auto     bool
	replies  float64
	auth     auth.Config
	networks string
}

// plainPlan is a plan with some of everything.
func plainPlan() plan {
	c := filter.DefaultConfig()
	c.Quarantine, c.Defer, c.Discard = 8, 10, 20
	return plan{policy: c, lists: plainLists, rules: plainRules, white: plainWhite, black: "pest@sender.example\n", auto: true, replies: -2, auth: auth.DefaultConfig()}
}

const plainLists = `
- {name: alpha, title: Alpha, zone: alpha.example, ask: [client], phase: connect, codes: [{value: 127.0.0.2, symbol: ALPHA, score: 4, action: reject}, {value: 127.0.0.3, symbol: ALPHA_SOFT, score: 2}]}
- {name: beta, title: Beta, zone: beta.example, ask: [client], phase: connect, ipv6: yes, codes: [{value: 127.0.0.2, symbol: BETA, score: 3, action: defer, ipv6_action: none}]}
- {name: good, title: Good, zone: good.example, ask: [client], phase: connect, codes: [{value: any, symbol: GOOD, score: -3, action: accept}]}
- {name: gamma, title: Gamma, zone: gamma.example, ask: [client], codes: [{value: 127.0.0.2, symbol: GAMMA, score: 3.5}]}
- {name: names, title: Names, zone: names.example, ask: [helo, sender, author], codes: [{value: 127.0.0.2, symbol: NAMES, score: 2.5}]}
- {name: links, title: Links, zone: links.example, ask: [uri, sender], codes: [{mask: 2, symbol: LINKS, score: 5}, {mask: 4, symbol: LINKS_HARD, score: 6, action: reject}]}
`

const plainRules = `
body     ONE /\bone\b/
score    ONE 1
body     TWO /\btwo\b/
score    TWO 2.5
body     MANY /\bmany\b/
tflags   MANY multiple maxhits=4
score    MANY 1.5
body     __A /\balpha\b/
body     __B /\bbeta\b/
meta     BOTH __A && __B
score    BOTH 6
meta     EITHER (ONE || TWO) && !__A
score    EITHER -1
`

const plainWhite = "friend@sender.example\n.partner.example auth:none\n192.0.2.4\n"

// answers is what the DNS of the tests has. Clients are listed by the last octet of their address.
var answers = func() dnstest.Zones {
	z := dnstest.Zones{
		"sender.example":  dnstest.TXT("v=spf1 ip4:192.0.2.1 ip4:192.0.2.3 -all"),
		"partner.example": dnstest.TXT("v=spf1 -all"),
		"late.example":    dnstest.Fails(dnstest.ServFail),
	}
	list := func(zone, code string, octets ...int) {
		for _, o := range octets {
			z[fmt.Sprintf("%d.2.0.192.%s", o, zone)] = dnstest.A(code)
		}
	}
	list("alpha.example", "127.0.0.2", 2, 3)
	list("alpha.example", "127.0.0.3", 5)
	list("alpha.example", "127.0.0.77", 7)
	list("beta.example", "127.0.0.2", 3, 6)
	list("good.example", "127.0.10.1", 6)
	list("gamma.example", "127.0.0.2", 1, 5)
	list("gamma.example", "127.255.255.254", 7)
	for name, code := range map[string]string{"sender.example.names": "127.0.0.2", "helo.example.names": "127.0.0.2", "black.example.links": "127.0.0.2", "worse.example.links": "127.0.0.6", "partner.example.links": "127.0.0.2"} {
		z[name+".example"] = dnstest.A(code)
	}
	z["1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.beta.example"] = dnstest.A("127.0.0.2")
	return z
}()

// A site is a plan at work.
type site struct {
	stages   []filter.Stage
	policy   *filter.Policy
	pipeline *filter.Pipeline
	inForce  filter.InForce
	known    *whitelist.Stage
}

// build puts the real stages together, as pkg/app does.
func build(t testing.TB, dir string, p *plan, kept whitelist.Store) *site {
	t.Helper()
	lists, faults := dnslist.Load("lists.yaml", []byte(p.lists))
	for _, f := range append(faults, dnslist.Lint(lists)...) {
		t.Fatal(f)
	}
	folder := rules.Folder{Name: "rules", FS: fstest.MapFS{"test.cf": &fstest.MapFile{Data: []byte(p.rules)}}}
	config := rules.DefaultConfig()
	config.Files = p.files
	set, broken := rules.Load([]rules.Folder{folder}, config)
	for _, f := range broken {
		t.Fatal(f)
	}
	checker := auth.NewChecker(p.auth, answers, func() time.Time { return noon })
	s := dnslist.New(lists, dnslist.DefaultConfig(), dnslist.Options{Resolver: answers, Identity: checker.Identity, Now: func() time.Time { return noon }})
	c := whitelist.DefaultConfig()
	c.CheckEvery, c.AutoWhitelist.Enabled, c.AutoWhitelist.Replies.Score = 0, p.auto, p.replies
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c.Whitelist, c.Blacklist = file("white", p.white), file("black", p.black)
	if p.enabled != "" {
		c.Enabled = "file:" + file("enabled", p.enabled)
	}
	known, err := whitelist.New(c, whitelist.Options{Store: kept, Now: func() time.Time { return noon }, Auth: func() whitelist.Identifier { return checker }})
	if err != nil {
		t.Fatal(err)
	}
	built := &site{known: known}
	built.stages = []filter.Stage{s.DNSBL(), known, known.Proof(), s.DNSBLContent(), s.RHSBL(), auth.NewStage(checker, set.Defines), s.URIBL(), rules.NewStage(set)}
	built.inForce = filter.InForce{filter.NetworksInForce: p.networks}
	for _, stage := range built.stages {
		for name, is := range stage.(filter.Replayer).InForce() {
			built.inForce[name] = is
		}
	}
	set.Scores(s.Scores)
	built.policy = filter.NewPolicy(p.policy).Under(built.inForce.Key())
	built.pipeline = filter.NewPipeline(built.stages, p.policy.Limits, built.policy)
	return built
}

// close ends what build began.
func (s *site) close(t testing.TB) {
	if err := s.known.Close(); err != nil {
		t.Error(err)
	}
}

// newStore is a store in which alice has written to somebody.
func newStore(t testing.TB) *store.Memory {
	t.Helper()
	kept := store.NewMemory(store.Options{Now: func() time.Time { return noon }})
	for _, remote := range []string{"pen@sender.example", "pen@late.example"} {
		if err := kept.Remember(context.Background(), "alice@our.example", []string{remote}, noon.Add(-time.Hour), 24*time.Hour, 10); err != nil {
			t.Fatal(err)
		}
	}
	return kept
}

// A letter is what may differ between messages.
type letter struct {
	client, helo, sender, from, body string
	recipients                       []string
	relay, own                       bool
	large, cut                       bool // cut: the client goes away before the content comes
}

func (l *letter) message(id string) *message.Message {
	text := fmt.Sprintf("From: <%s>\r\nTo: us\r\nSubject: a letter\r\nMessage-ID: <%s@sender.example>\r\n\r\n%s\r\n", l.from, id, l.body)
	m, err := message.Parse(strings.NewReader(text), 1<<20)
	if err != nil {
		panic(err) // what the test wrote itself
	}
	m.Stored, m.ID, m.Time, m.Sender = false, id, noon, l.sender
	m.Client = message.Client{Addr: netip.MustParseAddr(l.client), Helo: l.helo, Name: "mail.client.example", Relay: l.relay, Own: l.own}
	if l.large {
		m.Size = 1 << 30
	}
	return m
}

// drawLetter draws a message.
func drawLetter(t *rapid.T) letter {
	senders := []string{"friend@sender.example", "pen@sender.example", "pest@sender.example", "a@partner.example", "pen@late.example", "x@stranger.example", ""}
	words := []string{"one", "two", "many", "many many", "alpha", "beta", "http://black.example/x", "http://worse.example/y", "plain"}
	l := letter{
		client: rapid.SampledFrom([]string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.8", "2001:db8::1"}).Draw(t, "client"),
		helo:   rapid.SampledFrom([]string{"mail.client.example", "helo.example"}).Draw(t, "helo"),
		sender: rapid.SampledFrom(senders).Draw(t, "sender"),
		from:   rapid.SampledFrom(append(senders[:6:6], "friend@sender.example>, <x@stranger.example")).Draw(t, "from"),
		body:   strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 6).Draw(t, "words"), "\r\n"),
		relay:  rapid.IntRange(0, 9).Draw(t, "relay") == 0,
		own:    rapid.IntRange(0, 19).Draw(t, "own") == 0,
		large:  rapid.IntRange(0, 9).Draw(t, "large") == 0,
		cut:    rapid.IntRange(0, 9).Draw(t, "cut") == 0,
	}
	l.recipients = rapid.SliceOfN(rapid.SampledFrom([]string{"alice@our.example", "bob@our.example", "carol@optout.example", "postmaster@our.example"}), 1, 3).Draw(t, "recipients")
	return l
}

// take takes a letter through a site, as a session does.
func (s *site) take(l *letter, id string) (*message.Message, *filter.Verdict) {
	m := l.message(id)
	if !l.cut {
		return m, s.pipeline.Check(context.Background(), m, l.recipients)
	}
	v := filter.NewVerdict(id, s.pipeline.Connect(context.Background(), m.Client))
	for _, r := range l.recipients {
		s.pipeline.Recipient(context.Background(), m.Ask(r), v)
	}
	s.pipeline.End(v)
	return m, v
}

// recorded makes the record of a message and reads it back.
func recorded(t testing.TB, m *message.Message, v *filter.Verdict) *trail.Record {
	t.Helper()
	line, err := json.Marshal(trail.NewRecord(m, v, noon))
	if err != nil {
		t.Fatal(err)
	}
	r, err := trail.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// checks are those of a site, for records of another.
func (s *site) checks(then *site) *Checks {
	return &Checks{
		Stages: s.stages, Policy: s.policy, InForce: s.inForce, Site: &message.Site{},
		Then: func(key string) (filter.InForce, error) {
			if then != nil && key == then.inForce.Key() {
				return then.inForce, nil
			}
			return nil, nil
		},
	}
}

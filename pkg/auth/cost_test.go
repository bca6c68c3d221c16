package auth

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// roundTrip is what a question costs that the resolver's cache does not know.
const roundTrip = 20 * time.Millisecond

// slow is a resolver that is so far away.
type slow struct{ next dns.Resolver }

func (s slow) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	time.Sleep(roundTrip)
	return s.next.Resolve(ctx, q)
}

// usualZones are the DNS of a sender as there are many: its SPF record includes that of who sends for it, both of them
// sign, and the organisation has a policy.
func usualZones() dnstest.Zones {
	zones := keyZones()
	for name, host := range map[string]dnstest.Host{
		"a.example":                   {MX: []string{"mx.a.example"}, TXT: []string{"v=spf1 mx include:spf.b.example ~all"}},
		"mx.a.example":                dnstest.A("192.0.2.25"),
		"news.a.example":              {MX: []string{"mx.a.example"}, TXT: []string{"v=spf1 include:spf.b.example ~all"}},
		"spf.b.example":               dnstest.TXT("v=spf1 ip4:192.0.2.0/28 ip4:198.51.100.0/28 -all"),
		"out.b.example":               {A: []string{"192.0.2.1"}, TXT: []string{"v=spf1 a -all"}},
		"_dmarc.a.example":            dnstest.TXT("v=DMARC1; p=reject"),
		"1.2.0.192.in-addr.arpa":      {PTR: []string{"out.b.example"}},
		"r._domainkey.news.a.example": dnstest.TXT(keyRecord("", rsaKey().Public())),
	} {
		zones[name] = host
	}
	return zones
}

// usual is a message of 20 KB from there.
func usual(t testing.TB) func() *message.Message {
	text := strings.Replace(letter, "alice@a.example", "alice@news.a.example", 1) + strings.Repeat("The tent is in the shed, and the stove is in the barn.\n", 370)
	text = signMsgauth(t, signMsgauth(t, text, "b.example", "r", "relaxed/relaxed"), "news.a.example", "r", "relaxed/relaxed")
	parsed := parseMail(t, text)
	return func() *message.Message {
		return &message.Message{
			Client: message.Client{Addr: ip("192.0.2.1"), Name: "out.b.example", Helo: "out.b.example"}, Receiver: "mx.our.example",
			Sender: "bounce@news.a.example", Recipients: []string{"bob@our.example"},
			Header: parsed.Header, Body: parsed.Body, Size: parsed.Size,
		}
	}
}

// A message waits for as many answers as depend on each other, however many are asked for: SPF and what it includes.
func TestWaits(t *testing.T) {
	next := usual(t)
	for name, tt := range map[string]struct {
		change func(*message.Message)
		begun  time.Duration // how long before the end of the message it was begun at the first recipient; 0: not
		want   int
	}{
		"usual":             {func(*message.Message) {}, 0, 2},
		"begun at RCPT":     {func(*message.Message) {}, time.Second, 1},
		"no name of client": {func(m *message.Message) { m.Client.Name = "" }, 0, 2},
		"nothing there":     {func(m *message.Message) { m.Sender, m.Client.Name = "a@nowhere.example", "" }, 0, 2},
		"bounce":            {func(m *message.Message) { m.Sender = "" }, 0, 2},
		"mechanism mx":      {func(m *message.Message) { m.Sender = "a@a.example" }, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				recorded := dnstest.Record(usualZones())
				c := NewChecker(DefaultConfig(), slow{recorded}, func() time.Time { return now })
				m := next()
				tt.change(m)
				if tt.begun > 0 {
					c.Begin(m.Ask("bob@our.example"))
					time.Sleep(tt.begun)
				}
				start := time.Now()
				results := NewStage(c, nil).Check(t.Context(), m)
				if got := time.Since(start); got != time.Duration(tt.want)*roundTrip {
					t.Errorf("waited for %v of %v each, want %d: %v", got, roundTrip, tt.want, recorded.Questions())
				}
				if id := m.Identified(); results[0].Err != nil || !id.DMARC.DKIM || len(id.DKIM) != 2 {
					t.Errorf("got %+v, %+v", results, id)
				}
				synctest.Wait()
			})
		})
	}
}

// The whole stage over a message whose questions the cache can answer: two signatures over 20 KB, SPF of two names with an
// include, DMARC, and what hosts are asked about.
func BenchmarkStageWarm(b *testing.B) {
	cache := dns.NewCache(usualZones(), nil, dns.DefaultConfig().Cache)
	defer cache.Close()
	benchStage(b, cache)
}

// The same behind a resolver that takes 20 ms for each question, and with no cache at all.
func BenchmarkStageCold(b *testing.B) { benchStage(b, slow{usualZones()}) }

func benchStage(b *testing.B, resolver dns.Resolver) {
	next := usual(b)
	stage := NewStage(NewChecker(DefaultConfig(), resolver, func() time.Time { return now }), nil)
	stage.Check(context.Background(), next())
	b.ReportAllocs()
	for b.Loop() {
		stage.Check(context.Background(), next())
	}
}

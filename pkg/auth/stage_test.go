package auth

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

var zones = dnstest.Zones{
	"mx.example.org":                       dnstest.A("192.0.2.1"),
	"example.org":                          {MX: []string{"mx.example.org"}, TXT: []string{"v=spf1 mx -all"}},
	"address.example":                      dnstest.A("192.0.2.9"),
	"silent.example":                       {MX: []string{"mx.example.org"}, TXT: []string{"v=spf1 -all"}},
	"null.example":                         {MX: []string{"."}},
	"broken.example":                       dnstest.Fails(dnstest.ServFail),
	"text.example":                         dnstest.TXT("nothing about mail"),
	"1.2.0.192.in-addr.arpa":               {PTR: []string{"other.example.org", "mx.example.org"}},
	"2.2.0.192.in-addr.arpa":               {PTR: []string{"mx.example.org"}},
	"4.2.0.192.in-addr.arpa":               dnstest.Fails(dnstest.Timeout),
	"5.2.0.192.in-addr.arpa":               {PTR: []string{"broken.example"}},
	"our.example":                          {MX: []string{"mx.our.example"}},
	"mx.our.example":                       dnstest.A("192.0.2.200"),
	"names.example":                        dnstest.A("192.0.2.7"),
	message.ReverseName(ip("2001:db8::1")): {PTR: []string{"six.example.org"}},
	"six.example.org":                      {AAAA: []string{"2001:db8::1"}},
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// mail is a message as the stage is asked about it, with what was found out about its sender.
type mail struct {
	addr, name, helo, sender, from, reply string
	id                                    message.Identity
}

func (t mail) message() *message.Message {
	m := &message.Message{
		Client: message.Client{Name: t.name, Helo: t.helo}, Receiver: "mx.our.example",
		Sender: t.sender, Recipients: []string{"alice@our.example"},
	}
	if t.addr != "" {
		m.Client.Addr = ip(t.addr)
	}
	for name, value := range map[string]string{"From": t.from, "Reply-To": t.reply} {
		if value != "" {
			m.Header = append(m.Header, message.Field{Name: name, Value: " " + value})
		}
	}
	m.Identify(context.Background(), func() *message.Identity { return &t.id })
	return m
}

// quiet is mail that nothing is said about.
var quiet = mail{addr: "192.0.2.1", name: "mx.example.org", helo: "mx.example.org", sender: "a@example.org", from: "A <a@example.org>"}

func hits(t *testing.T, s *Stage, m *message.Message) []filter.Hit {
	t.Helper()
	results := s.Check(context.Background(), m)
	if len(results) != 1 || results[0].Err != nil || results[0].Kind != filter.Rules || results[0].Source != "identity" {
		t.Fatalf("got %+v", results)
	}
	return results[0].Hits
}

func TestSymbols(t *testing.T) {
	stage := NewStage(NewChecker(DefaultConfig(), zones, nil), nil)
	for name, tt := range map[string]struct {
		change func(*mail)
		want   string // symbols beside SPF_NONE
	}{
		"quiet": {func(*mail) {}, ""},
		"spf":   {func(m *mail) { m.id.SPF = message.SPF{Result: message.AuthSoftFail} }, "SPF_SOFTFAIL"},
		"spf world": {func(m *mail) {
			m.id.SPF = message.SPF{Result: message.AuthPass, World: true}
			m.id.Helo = message.SPF{Result: message.AuthFail, Domain: "mx.example.org"}
		}, "SPF_PASS_WORLD SPF_HELO_FAIL"},
		"valid": {func(m *mail) {
			m.id.DKIM = []message.Signature{{Result: message.AuthFail}, {Result: message.AuthPass, Domain: "other.example"}}
		}, "DKIM_VALID"},
		"author's": {func(m *mail) { m.id.DKIM = []message.Signature{{Result: message.AuthPass, Domain: "example.org"}} }, "DKIM_VALID DKIM_VALID_AU DKIM_VALID_EF"},
		"author's by i=": {func(m *mail) {
			m.sender = ""
			m.id.DKIM = []message.Signature{{Result: message.AuthPass, Domain: "org", Agent: "@example.org"}}
		}, "DKIM_VALID DKIM_VALID_AU"},
		"invalid": {func(m *mail) {
			m.id.DKIM = []message.Signature{{Result: message.AuthFail}, {Result: message.AuthPermError}}
		}, "DKIM_INVALID"},
		"not known": {func(m *mail) {
			m.id.DKIM = []message.Signature{{Result: message.AuthFail}, {Result: message.AuthTempError}}
		}, ""},
		"dmarc pass":       {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthPass, Author: "example.org"} }, "DMARC_PASS"},
		"dmarc none":       {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthFail, Policy: "none"} }, "DMARC_NONE"},
		"dmarc quarantine": {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthFail, Policy: "quarantine"} }, "DMARC_QUAR"},
		"dmarc reject":     {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthFail, Policy: "reject", NoName: true} }, "DMARC_REJECT DMARC_NO_NAME"},
		"dmarc exempt": {func(m *mail) {
			m.id.DMARC = message.DMARC{Result: message.AuthFail, Policy: "reject", Exempt: "a list"}
		}, "DMARC_LIST"},
		"dmarc trusted": {func(m *mail) {
			m.id.DMARC = message.DMARC{Result: message.AuthFail, Policy: "reject", Exempt: "a seal"}
			m.id.ARC = message.ARC{Result: message.AuthPass, Trusted: true}
		}, "DMARC_EXEMPT ARC_VALID ARC_TRUSTED"},
		"dmarc missing":   {func(m *mail) { m.id.DMARC = message.DMARC{Author: "example.org"} }, "DMARC_MISSING"},
		"dmarc no author": {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthPermError, Reason: "2 From fields"} }, "DMARC_NO_AUTHOR"},
		"dmarc temperror": {func(m *mail) { m.id.DMARC = message.DMARC{Result: message.AuthTempError, Author: "example.org"} }, ""},
		"arc":             {func(m *mail) { m.id.ARC = message.ARC{Result: message.AuthPass} }, "ARC_VALID"},
		"arc trusted":     {func(m *mail) { m.id.ARC = message.ARC{Result: message.AuthPass, Trusted: true} }, "ARC_VALID ARC_TRUSTED"},
		"arc broken":      {func(m *mail) { m.id.ARC = message.ARC{Result: message.AuthFail} }, "ARC_INVALID"},

		"leads back":           {func(m *mail) { m.name = "" }, ""},
		"leads back by IPv6":   {func(m *mail) { m.addr, m.name = "2001:db8::1", "" }, ""},
		"leads to another":     {func(m *mail) { m.addr, m.name = "192.0.2.2", "" }, "RDNS_UNCONFIRMED"},
		"has no name":          {func(m *mail) { m.addr, m.name = "192.0.2.3", "" }, "RDNS_NONE"},
		"no answer":            {func(m *mail) { m.addr, m.name = "192.0.2.4", "" }, ""},
		"no answer on the way": {func(m *mail) { m.addr, m.name = "192.0.2.5", "" }, ""},

		"bare address":      {func(m *mail) { m.helo = "192.0.2.1" }, "HELO_BARE_IP"},
		"address":           {func(m *mail) { m.helo = "[192.0.2.1]" }, ""},
		"next door":         {func(m *mail) { m.helo = "[192.0.2.77]" }, ""},
		"another's address": {func(m *mail) { m.helo = "[198.51.100.1]" }, "HELO_IP_MISMATCH"},
		"private address":   {func(m *mail) { m.helo = "[192.168.1.1]" }, ""},
		"our name":          {func(m *mail) { m.helo = "MX.our.example" }, "HELO_OURS"},
		"recipient's":       {func(m *mail) { m.helo = "our.example." }, "HELO_OURS HELO_NO_ADDRESS"},
		"no dot":            {func(m *mail) { m.helo = "localhost" }, "HELO_NO_DOT"},
		"no HELO":           {func(m *mail) { m.helo = "" }, ""},
		"no address":        {func(m *mail) { m.helo = "nowhere.example" }, "HELO_NO_ADDRESS"},
		"address unknown":   {func(m *mail) { m.helo = "broken.example" }, ""},

		"address in place of MX": {func(m *mail) { m.sender, m.from = "a@address.example", "a@address.example" }, ""},
		"nowhere":                {func(m *mail) { m.sender, m.from = "a@nowhere.example", "a@nowhere.example" }, "NO_DNS_FOR_FROM"},
		"only text":              {func(m *mail) { m.sender, m.from = "a@text.example", "a@text.example" }, "NO_DNS_FOR_FROM"},
		"no answer for sender":   {func(m *mail) { m.sender, m.from = "a@broken.example", "a@broken.example" }, ""},
		"null MX":                {func(m *mail) { m.sender, m.from = "a@null.example", "a@null.example" }, "DOMAIN_NO_MAIL"},
		"sends no mail": {func(m *mail) {
			m.sender, m.from, m.id.SPF = "a@silent.example", "a@silent.example", message.SPF{Result: message.AuthFail, Domain: "silent.example", NoMail: true}
		}, "SPF_FAIL DOMAIN_NO_MAIL"},
		"author sends no mail": {func(m *mail) { m.from = "a@silent.example" }, "DOMAIN_NO_MAIL HEADER_FROM_DIFFERENT_DOMAINS"},
		"but signs": {func(m *mail) {
			m.from = "a@silent.example"
			m.id.DKIM = []message.Signature{{Result: message.AuthPass, Domain: "silent.example"}}
		}, "DKIM_VALID DKIM_VALID_AU HEADER_FROM_DIFFERENT_DOMAINS"},
		"bounce":            {func(m *mail) { m.sender = "" }, ""},
		"same organisation": {func(m *mail) { m.sender = "a@mx.example.org" }, ""},
		"reply elsewhere":   {func(m *mail) { m.reply = "b@address.example" }, "REPLYTO_OTHER_DOMAIN"},
		"reply to sender":   {func(m *mail) { m.reply, m.from = "b@example.org", "b@address.example" }, "HEADER_FROM_DIFFERENT_DOMAINS"},
		"reply to nobody":   {func(m *mail) { m.reply = "b" }, ""},
	} {
		mail := quiet
		tt.change(&mail)
		var got []string
		for _, hit := range hits(t, stage, mail.message()) {
			if hit.Symbol != "SPF_NONE" {
				got = append(got, hit.Symbol)
			}
			if hit.Detail == "" && !strings.HasPrefix(hit.Symbol, "SPF_") {
				t.Errorf("%s: %s has no evidence", name, hit.Symbol)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Symbols have names of their own, and are explained.
func TestSymbolTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range symbols {
		if seen[s.name] || s.when == "" || s.found == nil || s.score > 2 || s.score < -1 {
			t.Errorf("%s: there twice, not explained, or worth much", s.name)
		}
		seen[s.name] = true
	}
}

// What rules define is left to them; but what the configuration demands is demanded all the same, without points.
func TestStageLeavesToRules(t *testing.T) {
	disowned := quiet
	disowned.id.DMARC = message.DMARC{Result: message.AuthFail, Author: "example.org", Policy: "reject"}
	disowned.id.SPF.Result = message.AuthTempError
	config := DefaultConfig()
	config.Scores = []Score{{"SPF_TEMPERROR", 0.5}}
	find := func(config Config, defined ...string) []string {
		stage := NewStage(NewChecker(config, zones, nil), func(symbol string) bool { return strings.Contains(strings.Join(defined, " "), symbol) })
		var all []string
		for _, hit := range hits(t, stage, disowned.message()) {
			all = append(all, strings.TrimSpace(hit.Symbol+" "+hit.Action.String()+" "+strings.TrimSuffix(hit.Text, dmarcText[len("[{id}] {author}"):])))
			if hit.Symbol == "SPF_TEMPERROR" && hit.Score != 0.5 || hit.Symbol == dmarcReject && (hit.Score == 0) != (len(defined) > 0) {
				t.Errorf("%+v", hit)
			}
		}
		return all
	}
	if diff := cmp.Diff([]string{"SPF_TEMPERROR none", "DMARC_REJECT none"}, find(config)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string(nil), find(config, "T_SPF_TEMPERROR", dmarcReject)); diff != "" {
		t.Error(diff)
	}
	config.DMARC.Reject = DMARCAction(filter.Reject)
	if diff := cmp.Diff([]string{"DMARC_REJECT reject [{id}] example.org"}, find(config, "T_SPF_TEMPERROR", dmarcReject)); diff != "" {
		t.Error(diff)
	}
}

// Who asks nobody says nothing, and waits for nobody.
func TestStageAsksNobody(t *testing.T) {
	c := NewChecker(DefaultConfig(), nil, nil)
	m := &message.Message{Client: message.Client{Addr: ip("192.0.2.3"), Helo: "x"}, Sender: "a@nowhere.example"}
	c.Begin(m)
	if found := hits(t, NewStage(c, nil), m); found != nil {
		t.Errorf("got %v", found)
	}
	if id := c.Identity(context.Background(), m); id == nil || id.Proof("example.org") != "" {
		t.Errorf("got %v", id)
	}
}

// Where the time is over the stage says that it does not know: that is no hit.
func TestStageOutOfTime(t *testing.T) {
	c := NewChecker(DefaultConfig(), zones, nil)
	m := &message.Message{Client: message.Client{Addr: ip("192.0.2.3")}}
	hang := make(chan struct{})
	defer close(hang)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	m.Identify(over, func() *message.Identity { <-hang; return nil })
	results := NewStage(c, nil).Check(over, m)
	if len(results) != 1 || results[0].Err != errUnknown || results[0].Hits != nil {
		t.Errorf("got %+v", results)
	}
}

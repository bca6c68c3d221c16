package test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
)

// A signer has a key, and the record that publishes it for a domain.
type signer struct{ key ed25519.PrivateKey }

func newSigner(t testing.TB) *signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	must(t, err)
	return &signer{key}
}

func (s *signer) record(domain string) string {
	public := base64.StdEncoding.EncodeToString(s.key.Public().(ed25519.PublicKey))
	return fmt.Sprintf(`s1._domainkey.%s. TXT "v=DKIM1; k=ed25519; p=%s"`, domain, public)
}

// sign signs a message in the name of a domain.
func (s *signer) sign(t testing.TB, domain string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, dkim.Sign(&out, bytes.NewReader(data), &dkim.SignOptions{
		Domain: domain, Selector: "s1", Signer: s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}))
	return out.Bytes()
}

// mailFrom is a message of an author, whose content has so many points.
func mailFrom(author, subject string, points int, fields ...string) []byte {
	header := append([]string{"From: Friend <" + author + ">", "To: anna@our.example", "Subject: " + subject,
		"Date: Wed, 14 Dec 2016 12:00:00 +0000", "Message-ID: <" + strings.ReplaceAll(subject, " ", ".") + "@sender.example.net>"}, fields...)
	return []byte(strings.Join(header, "\r\n") + fmt.Sprintf("\r\n\r\nHello,\r\n\r\npoints: %d\r\n", points))
}

// At a site where senders can be proven, each domain is called after what proves it.
func proofSite(t *testing.T, change func(*app.Config)) (*site, *signer) {
	t.Helper()
	s := newSigner(t)
	plan := sitePlan{change: change, white: "spf-partner.example auth:spf\ndkim-partner.example auth:dkim\npartner.example\n"}
	for _, domain := range []string{"spf.example", "spf-partner.example"} {
		plan.dns = append(plan.dns, domain+`. TXT "v=spf1 ip4:198.19.0.0/24 -all"`)
	}
	plan.dns = append(plan.dns, `world.example. TXT "v=spf1 +all"`, `soft.example. TXT "v=spf1 ~all"`, s.record("soft.example"),
		s.record("dkim.example"), s.record("dkim-partner.example"), s.record("partner.example"), s.record("spf-partner.example"),
		`dkim-partner.example. TXT "v=spf1 ip4:198.19.0.0/24 -all"`)
	return newSiteFor(t, plan), s
}

var (
	elsewhere = rig.Client{Addr: netip.MustParseAddr("198.19.7.1"), Name: "client.else.example"}
	onList    = rig.Client{Addr: netip.MustParseAddr(onZen + "7"), Name: "listed.else.example"}
)

// annaWrites teaches the site whom anna knows, by messages whose ids are called after their recipients.
func (s *site) annaWrites(t *testing.T, to ...string) {
	t.Helper()
	own := rig.Client{Addr: netip.MustParseAddr("198.19.200.1")}
	for _, remote := range to {
		data := []byte("From: anna@our.example\r\nSubject: to " + remote + "\r\nMessage-ID: <to." + strings.ReplaceAll(remote, "@", ".at.") + "@our.example>\r\n\r\nHello\r\n")
		if r := s.send(t, rig.Mail{Client: own, Sender: "anna@our.example", Recipients: []string{remote}, Data: data}).Final(); !r.OK() {
			t.Fatalf("anna writes to %s: got %v", remote, r)
		}
	}
}

// claims reads back whom messages claimed to come from.
func (s *site) claims(t *testing.T) map[string]stats.ForgedRow {
	t.Helper()
	s.stop(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reports, err := stats.ReadForged(ctx, s.app.Store(), stats.Query{Days: []string{time.Now().UTC().Format(time.DateOnly)}})
	must(t, err)
	rows := map[string]stats.ForgedRow{}
	for _, row := range reports[0].Senders {
		rows[row.Sender] = row
	}
	return rows
}

// A correspondent gets by on what proves him, and a forger does not.
func TestForgedCorrespondents(t *testing.T) {
	s, key := proofSite(t, nil)
	s.annaWrites(t, "friend@spf.example", "friend@dkim.example", "friend@soft.example", "friend@world.example", "shop@dkim.example")
	signed := func(domain, author, subject string, points int, fields ...string) []byte {
		return key.sign(t, domain, mailFrom(author, subject, points, fields...))
	}
	altered := bytes.Replace(signed("dkim.example", "friend@dkim.example", "altered", 0), []byte("points: 0"), []byte("points: 16"), 1)
	answer := func(remote string) string {
		return "In-Reply-To: <to." + strings.ReplaceAll(remote, "@", ".at.") + "@our.example>"
	}
	tests := []struct {
		name   string
		client rig.Client
		sender string
		data   []byte
		want   int
	}{
		{"proven by spf", stranger, "friend@spf.example", mailFrom("friend@spf.example", "spf", 16), 250},
		{"forged, spf fails", elsewhere, "friend@spf.example", mailFrom("friend@spf.example", "spf fails", 16), 550},
		{"proven by dkim alone", elsewhere, "friend@dkim.example", signed("dkim.example", "friend@dkim.example", "dkim", 16), 250},
		{"proven by dkim, spf fails softly", elsewhere, "friend@soft.example", signed("soft.example", "friend@soft.example", "soft", 16), 250},
		{"unsigned", elsewhere, "friend@dkim.example", mailFrom("friend@dkim.example", "unsigned", 16), 550},
		{"signed by another", elsewhere, "friend@dkim.example", signed("soft.example", "friend@dkim.example", "signed by another", 16), 550},
		{"signed for another of the domain, who wrote it", elsewhere, "friend@dkim.example", signed("dkim.example", "other@dkim.example", "another wrote it", 16), 550},
		{"altered", elsewhere, "friend@dkim.example", altered, 550},
		{"the world is authorized", stranger, "friend@world.example", mailFrom("friend@world.example", "world", 16), 550},
		{"author behind a bounce address", elsewhere, "bounces+7@esp.example", signed("dkim.example", "shop@dkim.example", "author", 16), 250},
		{"forged author", elsewhere, "bounces+7@esp.example", mailFrom("shop@dkim.example", "forged author", 16), 550},
		{"answers anna", elsewhere, "friend@dkim.example", mailFrom("friend@dkim.example", "answer", 16, answer("friend@dkim.example")), 250},
		{"answers what anna wrote to another", elsewhere, "friend@dkim.example", mailFrom("friend@dkim.example", "another's answer", 18, answer("shop@dkim.example")), 550},
		{"answers anna, and spf fails", elsewhere, "friend@spf.example", mailFrom("friend@spf.example", "disowned answer", 16, answer("friend@spf.example")), 550},
		{"a stranger answers anna", elsewhere, "a@else.example", mailFrom("a@else.example", "a stranger answers", 9, answer("friend@spf.example")), 250},
		{"entry: spf", stranger, "a@spf-partner.example", mailFrom("a@spf-partner.example", "entry spf", 16), 250},
		{"entry: spf, not dkim", elsewhere, "a@spf-partner.example", signed("spf-partner.example", "a@spf-partner.example", "entry not dkim", 16), 550},
		{"entry: dkim", elsewhere, "a@dkim-partner.example", signed("dkim-partner.example", "a@dkim-partner.example", "entry dkim", 16), 250},
		{"entry: dkim, not spf", stranger, "a@dkim-partner.example", mailFrom("a@dkim-partner.example", "entry not spf", 16), 550},
		{"entry: any", elsewhere, "a@partner.example", signed("partner.example", "a@partner.example", "entry any", 16), 250},
		{"entry: nothing", elsewhere, "a@partner.example", mailFrom("a@partner.example", "entry nothing", 16), 550},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := s.send(t, rig.Mail{Client: test.client, Sender: test.sender, Recipients: []string{"anna@our.example"}, Data: test.data})
			if got.Content.Code != test.want {
				t.Errorf("at the end: got %v, want %d", got.Content, test.want)
			}
			if codes(got.Rcpts) != "250" {
				t.Errorf("at RCPT: got %v, want 250", got.Rcpts)
			}
		})
	}
	mixed := s.send(t, rig.Mail{Client: elsewhere, Sender: "friend@dkim.example", Recipients: []string{"anna@our.example", "user@our.example"},
		Data: signed("dkim.example", "friend@dkim.example", "mixed", 16)})
	if !mixed.Final().OK() {
		t.Errorf("to one who knows the sender and one who does not: got %v, want it tagged", mixed.Final())
	}
	if got := s.delivered(t, "mixed").Header("X-Spam-Flag"); len(got) != 1 {
		t.Errorf("to one who knows the sender and one who does not: got %v, want it tagged", got)
	}
	if got := s.delivered(t, "a stranger answers").Header("X-Spam-Status"); len(got) != 1 || !strings.Contains(got[0], "score=7.0") || !strings.Contains(got[0], "REPLY_TO_OURS") {
		t.Errorf("a stranger answers: got %v, want 7 points with REPLY_TO_OURS", got)
	}

	want := map[string]stats.ForgedRow{
		"friend@spf.example":   {Sender: "friend@spf.example", Forged: 2},
		"friend@dkim.example":  {Sender: "friend@dkim.example", Unproven: 5},
		"friend@world.example": {Sender: "friend@world.example", Unproven: 1},
		"shop@dkim.example":    {Sender: "shop@dkim.example", Unproven: 1},
		"spf-partner.example":  {Sender: "spf-partner.example", Forged: 1},
		"dkim-partner.example": {Sender: "dkim-partner.example", Unproven: 1},
		"partner.example":      {Sender: "partner.example", Unproven: 1},
	}
	if diff := cmp.Diff(want, s.claims(t)); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// With whitelist_rescues the refusal of a listed client waits until it is proven who writes.
func TestRescueWaitsForProof(t *testing.T) {
	s, key := proofSite(t, func(c *app.Config) { c.Policy.WhitelistRescues = true })
	s.annaWrites(t, "friend@dkim.example")
	const friend = "friend@dkim.example"
	proven := func(subject string) []byte {
		return key.sign(t, "dkim.example", mailFrom(friend, subject, 16))
	}
	tests := []struct {
		name       string
		recipients string
		data       []byte
		rcpts      string
		final      string
		tagged     bool
	}{
		{"proven", "anna", proven("proven"), "250", "^250 ", false},
		{"proven, beside one who does not know him", "anna user", proven("beside"), "250 550", "^250 ", false},
		{"unproven", "anna", mailFrom(friend, "unproven", 0), "250", `^550 5\.7\.1 .*(ZEN|zen|listed)`, false},
		{"unproven, beside postmaster", "anna postmaster", mailFrom(friend, "beside postmaster", 0), "250 250", "^250 ", true},
		{"unproven, none who is not refused", "user anna", mailFrom(friend, "refused", 0), "550 250", `^550 5\.7\.1 `, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var recipients []string
			for _, r := range strings.Fields(test.recipients) {
				recipients = append(recipients, r+"@our.example")
			}
			got := s.send(t, rig.Mail{Client: onList, Sender: friend, Recipients: recipients, Data: test.data})
			if codes(got.Rcpts) != test.rcpts {
				t.Errorf("at RCPT: got %v, want %s", got.Rcpts, test.rcpts)
			}
			matches(t, "at the end", got.Content.String(), test.final)
		})
	}
	if got := s.delivered(t, "beside postmaster").Header("X-Spam-Flag"); len(got) != 1 {
		t.Errorf("beside postmaster: got %v, want it tagged", got)
	}
	s.stop(t)
	r := s.report(t, time.Now().UTC().Format(time.DateOnly))
	balances(t, r)
	if got := row(t, r, "zen").Refusals; got != 2 {
		t.Errorf("%d clients refused, want 2: whose message was refused in the end", got)
	}
}

// A message that anna's program gave no id gets one from Postfix, before winnow sees it: it can be answered.
func TestAnswerToAnIDOfPostfix(t *testing.T) {
	s, _ := proofSite(t, nil)
	own := rig.Client{Addr: netip.MustParseAddr("198.19.200.1"), Login: "anna"}
	data := []byte("From: anna@our.example\r\nSubject: no id\r\n\r\nHello\r\n")
	if r := s.send(t, rig.Mail{Client: own, Sender: "anna@our.example", Recipients: []string{"friend@dkim.example"}, Data: data}).Final(); !r.OK() {
		t.Fatalf("anna writes: got %v", r)
	}
	ids := s.delivered(t, "no id").Header("Message-ID")
	if len(ids) != 1 {
		t.Fatalf("got the ids %q, want one of Postfix'", ids)
	}
	answer := mailFrom("friend@dkim.example", "answer", 16, "In-Reply-To: "+ids[0])
	if got := s.send(t, rig.Mail{Client: elsewhere, Sender: "friend@dkim.example", Recipients: []string{"anna@our.example"}, Data: answer}).Final(); !got.OK() {
		t.Errorf("an answer to %s: got %v, want it let through", ids[0], got)
	}
}

// While the store is away winnow knows nobody, and mail flows.
func TestProofWithoutStore(t *testing.T) {
	needs(t, rig.RedisProgram)
	redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{})
	must(t, err)
	s, _ := proofSite(t, func(c *app.Config) { c.Store, c.Whitelist.StoreLimit = patient(redis), time.Second })
	s.annaWrites(t, "friend@spf.example")
	letter := func(subject string) rig.Mail {
		return rig.Mail{Client: stranger, Sender: "friend@spf.example", Recipients: []string{"anna@our.example"},
			Data: mailFrom("friend@spf.example", subject, 6, "In-Reply-To: <to.friend.at.spf.example@our.example>")}
	}
	status := func(subject, want string) {
		t.Helper()
		if got := s.delivered(t, subject).Header("X-Spam-Status"); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s: got %q, want %s", subject, got, want)
		}
	}
	until(t, "what anna taught", func() error {
		known, err := s.app.Book().Correspondents(t.Context(), "anna@our.example")
		return missing(err == nil && len(known) == 1, "got %v, %v", known, err)
	})
	s.send(t, letter("with the store"))
	status("with the store", "class=whitelisted")
	redis.Kill()
	if got := s.send(t, letter("without the store")).Final(); !got.OK() {
		t.Errorf("without the store: got %v, want 250", got)
	}
	status("without the store", "class=scanned")
	must(t, redis.Start(t.Context()))
	until(t, "the store again, for the account", func() error { return s.app.Store().Ping(t.Context()) })
}

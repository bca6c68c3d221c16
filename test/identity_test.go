package test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"winnow/pkg/app"
	"winnow/pkg/auth"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rig"
)

// identityZones is the DNS of those who write in these tests. Their one client is stranger.
func identityZones(t testing.TB) dnstest.Zones {
	key := dnstest.TXT("v=DKIM1; k=rsa; p=" + publicKey(t))
	return dnstest.Zones{
		"client.sender.example.net": {A: []string{stranger.Addr.String()}, TXT: []string{"v=spf1 a -all"}},
		"world.example":             dnstest.TXT("v=spf1 +all"),
		"deny.example":              dnstest.TXT("v=spf1 -all"),
		"allow.example":             dnstest.TXT("v=spf1 ip4:" + stranger.Addr.String() + " -all"),
		"broken.example":            dnstest.Fails(dnstest.ServFail),
		"host.example":              dnstest.A(stranger.Addr.String()),
		"mx.example":                {MX: []string{"host.example"}},
		"*.exists.example":          dnstest.A("127.0.0.2"),

		"s1._domainkey.signed.example": key,
		"signed.example":               {MX: []string{"host.example"}, TXT: []string{"v=spf1 -all"}},
		"_dmarc.signed.example":        dnstest.TXT("v=DMARC1; p=reject"),
		"s1._domainkey.list.example":   key,
		"list.example":                 dnstest.TXT("v=spf1 ip4:" + stranger.Addr.String() + " -all"),
		"_dmarc.lenient.example":       dnstest.TXT("v=DMARC1; p=quarantine"),
		"_dmarc.unsure.example":        dnstest.Fails(dnstest.ServFail),
	}
}

// privateKey is the one key that everybody signs with here.
var privateKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func publicKey(t testing.TB) string {
	key, err := privateKey()
	must(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	return base64.StdEncoding.EncodeToString(der)
}

// An identitySite is a site whose DNS is a literal, with no lists that matter.
type identitySite struct {
	*site
	dns *dnstest.Server

	mu   sync.Mutex
	seen map[string]seenIdentity // by subject
}

// A seenIdentity is what winnow made of a message.
type seenIdentity struct {
	id      *message.Identity
	symbols []string
	verdict *filter.Verdict
}

func newIdentitySite(t testing.TB, zones dnstest.Zones, change func(*app.Config)) *identitySite {
	t.Helper()
	needs(t, rig.PostfixProgram)
	s := &identitySite{site: &site{rig: newRig(t)}, dns: dnstest.Serve(t, zones), seen: map[string]seenIdentity{}}
	var err error
	s.mailbox, err = s.rig.Mailbox()
	must(t, err)
	c := siteConfig(t, s.dns.Addr)
	c.Lists.ProbeEvery = 0
	c.Milter.AuthservID = "mx.our.example"
	if change != nil {
		change(c)
	}
	s.dir = filepath.Dir(c.StateDir)
	s.winnow = startWinnow(t, c, app.Options{Observe: s.observe})
	s.startPostfix(t)
	return s
}

func (s *identitySite) observe(m *message.Message, v *filter.Verdict) {
	found := seenIdentity{id: m.Identified(), verdict: v}
	v.Each(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) {
		if result.Source == "identity" {
			found.symbols = append(found.symbols, hit.Symbol)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[m.Subject()] = found
}

// made returns what became of a message.
func (s *identitySite) made(t testing.TB, subject string) seenIdentity {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.seen[subject]
	if !ok {
		t.Fatalf("%s: not seen", subject)
	}
	return found
}

// results returns the Authentication-Results of a delivered message that are in our name, unfolded. They are at its top.
func (s *identitySite) results(t testing.TB, subject string) string {
	t.Helper()
	d := s.delivered(t, subject)
	if !bytes.HasPrefix(d.Data, []byte("Authentication-Results: mx.our.example;")) {
		t.Errorf("%s: begins with %.100q", subject, d.Data)
	}
	var ours []string
	for _, value := range d.Header("Authentication-Results") {
		if strings.Contains(value, "our.example;") {
			ours = append(ours, strings.Join(strings.Fields(value), " "))
		}
	}
	if len(ours) != 1 {
		t.Errorf("%s: %d fields in our name: %q", subject, len(ours), ours)
	}
	return strings.Join(ours, "\n")
}

// authored is a message of an author.
func authored(author, subject string, fields ...string) []byte {
	header := append([]string{"From: Writer <" + author + ">", "To: us <user@our.example>", "Subject: " + subject, "Message-ID: <1@sender.example.net>"}, fields...)
	return []byte(strings.Join(header, "\r\n") + "\r\n\r\nHello,  \r\n\r\nthe \ttent is in the shed.\r\n\r\n\r\n")
}

// Each mechanism comes out as each result, and mail flows whatever the DNS does.
func TestSPFThroughPostfix(t *testing.T) {
	zones, wanted := identityZones(t), map[string]string{}
	add := func(name, record, want string) {
		zones[name+".spf.example"] = dnstest.TXT(record)
		wanted[name] = want
	}
	for mechanism, records := range map[string][3]string{ // one that matches, one that takes a server's answer, one with a fault
		"ip4":    {"ip4:198.19.0.0/16", "", "ip4:198.19.0.0/99"},
		"a":      {"a:host.example", "a:broken.example", "a:host.example/99"},
		"mx":     {"mx:mx.example", "mx:broken.example", "mx:mx.example/99"},
		"exists": {"exists:%{ir}.exists.example", "exists:broken.example", "exists:"},
		"inc":    {"include:allow.example", "include:broken.example", "include:mx.example"},
	} {
		add(mechanism+"-pass", "v=spf1 "+records[0]+" -all", "pass")
		add(mechanism+"-fail", "v=spf1 -"+records[0]+" +all", "fail")
		add(mechanism+"-softfail", "v=spf1 ~"+records[0]+" -all", "softfail")
		add(mechanism+"-neutral", "v=spf1 ?"+records[0]+" -all", "neutral")
		if records[1] != "" {
			add(mechanism+"-temperror", "v=spf1 "+records[1]+" -all", "temperror")
		}
		add(mechanism+"-permerror", "v=spf1 "+records[2]+" -all", "permerror")
	}
	add("redirect-pass", "v=spf1 redirect=allow.example", "pass")
	add("redirect-fail", "v=spf1 redirect=deny.example", "fail")
	add("redirect-temperror", "v=spf1 redirect=broken.example", "temperror")
	add("redirect-permerror", "v=spf1 redirect=mx.example", "permerror")
	add("twice", "v=spf1 a a:host.example", "pass")
	s := newIdentitySite(t, zones, nil)
	for name, want := range wanted {
		sender := "writer@" + name + ".spf.example"
		if reply := s.send(t, rig.Mail{Sender: sender, Data: authored(sender, name)}).Final(); !reply.OK() {
			t.Errorf("%s: %v", name, reply)
			continue
		}
		got := s.results(t, name)
		if !strings.Contains(got, "spf="+want+" smtp.mailfrom="+sender+"; spf=pass smtp.helo=client.sender.example.net") {
			t.Errorf("%s: got %s, want spf=%s", name, got, want)
		}
		if symbol := "SPF_" + strings.ToUpper(want); !slices.Contains(s.made(t, name).symbols, symbol) {
			t.Errorf("%s: %v, want %s", name, s.made(t, name).symbols, symbol)
		}
	}
}

// A record that lets everybody in proves nothing; a domain that sends no mail, and one whose server is down, are told apart.
func TestDomainsThroughPostfix(t *testing.T) {
	s := newIdentitySite(t, identityZones(t), nil)
	for domain, want := range map[string]struct{ result, symbol string }{
		"world.example":   {"policy", "SPF_PASS_WORLD"},
		"deny.example":    {"fail", "DOMAIN_NO_MAIL"},
		"broken.example":  {"temperror", "SPF_TEMPERROR"},
		"nowhere.example": {"none", "NO_DNS_FOR_FROM"},
	} {
		sender := "writer@" + domain
		s.send(t, rig.Mail{Sender: sender, Data: authored(sender, domain)})
		matches(t, domain, s.results(t, domain), "spf="+want.result+" smtp.mailfrom="+sender)
		made := s.made(t, domain)
		if !slices.Contains(made.symbols, want.symbol) || made.id.Proof(domain) != "" {
			t.Errorf("%s: %v, proven by %q; want %s and no proof", domain, made.symbols, made.id.Proof(domain), want.symbol)
		}
	}
}

// sign signs a message as its author's domain does, in a form that forgives nothing.
func sign(t testing.TB, mail []byte, domain string) []byte {
	t.Helper()
	key, err := privateKey()
	must(t, err)
	var out bytes.Buffer
	must(t, msgauth.Sign(&out, bytes.NewReader(mail), &msgauth.SignOptions{
		Domain: domain, Selector: "s1", Signer: crypto.Signer(key), HeaderKeys: []string{"From", "To", "Subject", "Message-ID"},
		HeaderCanonicalization: msgauth.CanonicalizationSimple, BodyCanonicalization: msgauth.CanonicalizationSimple,
	}))
	return out.Bytes()
}

// Signed mail comes through Postfix and the milter protocol as it was signed, and its delivered copy verifies, too.
func TestDKIMThroughPostfix(t *testing.T) {
	s := newIdentitySite(t, identityZones(t), nil)
	const author = "writer@signed.example"
	s.send(t, rig.Mail{Sender: author, Data: sign(t, authored(author, "intact"), "signed.example")})
	const signature = ` header\.d=signed\.example header\.s=s1 header\.a=rsa-sha256 header\.b=`
	matches(t, "intact", s.results(t, "intact"), `dkim=pass`+signature+`\S+; dmarc=pass header\.from=signed\.example policy\.dmarc=reject$`)
	verified, err := msgauth.VerifyWithOptions(bytes.NewReader(s.delivered(t, "intact").Data), &msgauth.VerifyOptions{
		LookupTXT: func(string) ([]string, error) { return []string{"v=DKIM1; k=rsa; p=" + publicKey(t)}, nil },
	})
	if err != nil || len(verified) != 1 || verified[0].Err != nil {
		t.Errorf("the delivered copy does not verify: %+v, %v", verified, err)
	}

	changed := bytes.Replace(sign(t, authored(author, "changed"), "signed.example"), []byte("shed"), []byte("barn"), 1)
	s.send(t, rig.Mail{Sender: author, Data: changed})
	matches(t, "changed", s.results(t, "changed"), `dkim=fail`+signature+`\S+; dmarc=fail header\.from=signed\.example policy\.dmarc=reject$`)
}

// Fields in our name that came with the message are gone, and nobody else's are.
func TestForgedResultsThroughPostfix(t *testing.T) {
	s := newIdentitySite(t, identityZones(t), nil)
	forged := []string{
		"Authentication-Results: mx.our.example; dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example",
		"Authentication-Results: mx.other.example; dkim=pass header.d=bank.example",
		"authentication-results: (really) \"MX.our.example\" 1;\r\n dmarc=pass header.from=bank.example",
		"Authentication-Results: b.mx.our.example; dmarc=pass header.from=bank.example",
		"Authentication-Results : mx.our.example; dmarc=pass header.from=bank.example",
		"Authentication-Results:\r\n =?utf-8?q?mx.our.example?=\r\n =?utf-8?q?=3B?= dmarc=pass header.from=bank.example",
		"Authentication-Results: mx.our.example\x00.other.example; dmarc=pass header.from=bank.example",
		"Authentication-Results: mx.our.example; dmarc=pass (\xe4) header.from=bank.example",
	}
	sender := "writer@allow.example"
	for _, to := range []string{"user@our.example", "user@optout.example"} { // what is not scanned is told of, too
		s.send(t, rig.Mail{Sender: sender, Recipients: []string{to}, Data: authored(sender, to, forged...)})
		matches(t, to, s.results(t, to), `spf=pass smtp\.mailfrom=writer@allow\.example; spf=pass smtp\.helo=\S+; dmarc=none header\.from=allow\.example$`)
		if all := s.delivered(t, to).Header("Authentication-Results"); len(all) != 2 || !strings.Contains(all[1], "mx.other.example") {
			t.Errorf("%s: got %q, want ours and the other host's", to, all)
		}
	}
	if made := s.made(t, "user@optout.example"); made.verdict.Class != filter.ClassNotEnabled || len(made.symbols) > 0 {
		t.Errorf("got %v, %v", made.verdict.Class, made.symbols)
	}
}

// What the author's domain asks for is done where the operator says so, and only then.
func TestDMARCThroughPostfix(t *testing.T) {
	points := newIdentitySite(t, identityZones(t), nil)
	obeys := newIdentitySite(t, identityZones(t), func(c *app.Config) {
		c.Auth.DMARC = auth.DMARCConfig{Reject: auth.DMARCAction(filter.Reject), Quarantine: auth.DMARCAction(filter.Quarantine)}
	})
	refused := `^550 5\.7\.1 ` + id + ` signed\.example asks to refuse mail that is not proven to be its own \(DMARC\)`
	for _, tt := range []struct {
		author, recipient, reply string
		held                     bool
	}{
		{"writer@signed.example", "user@our.example", refused, false},
		{"writer@signed.example", "postmaster@our.example", "^250 ", false},
		{"writer@signed.example", "user@optout.example", "^250 ", false},
		{"writer@lenient.example", "user@our.example", "^250 ", true},
		{"writer@unsure.example", "user@our.example", "^250 ", false},
		{"writer@allow.example", "user@our.example", "^250 ", false},
	} {
		subject := tt.author + " to " + tt.recipient
		mail := rig.Mail{Sender: "bounce@allow.example", Recipients: []string{tt.recipient}, Data: authored(tt.author, subject)}
		matches(t, subject, points.send(t, mail).Final().String(), "^250 ")
		points.delivered(t, subject)
		reply := obeys.send(t, mail).Final()
		matches(t, subject, reply.String(), tt.reply)
		if want := reply.OK() && !tt.held; obeys.isDelivered(t, subject) != want {
			t.Errorf("%s: delivered %v, want %v", subject, !want, want)
		}
	}
}

// sealed is a message as a mailing list hands it on: it broke the author's signature, and says what it had seen.
func sealed(t testing.TB, subject string) []byte {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "perl", "-MMail::DKIM::ARC::Signer", "-e", "1").Run(); err != nil {
		t.Skip("perl has no Mail::DKIM::ARC::Signer; install spamassassin, which brings it")
	}
	key, err := privateKey()
	must(t, err)
	file := filepath.Join(t.TempDir(), "key.pem")
	writeFile(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	mail := sign(t, authored("writer@signed.example", subject), "signed.example")
	mail = append([]byte("Authentication-Results: mx.list.example; dkim=pass header.d=signed.example; dmarc=pass header.from=signed.example\r\n"), mail...)
	mail = append(mail, "-- \r\nthe list\r\n"...)
	c := exec.CommandContext(t.Context(), "perl", "arcseal.pl", file, "list.example", "s1", "mx.list.example")
	var said bytes.Buffer
	c.Stdin, c.Stderr = bytes.NewReader(mail), &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("arcseal.pl: %v: %s", err, said.String())
	}
	return out
}

// Mail that a list changed and sealed is let through where its sealer is trusted, and only as it was sealed.
func TestARCThroughPostfix(t *testing.T) {
	site := func(trusted ...string) *identitySite {
		return newIdentitySite(t, identityZones(t), func(c *app.Config) {
			c.Auth.DMARC.Reject = auth.DMARCAction(filter.Reject)
			c.Auth.ARC.TrustedSealers = trusted
		})
	}
	trusts, trustsNobody := site("list.example"), site()
	mail := rig.Mail{Sender: "bounce@allow.example", Data: sealed(t, "sealed")}
	matches(t, "trusted", trusts.send(t, mail).Final().String(), "^250 ")
	matches(t, "trusted", trusts.results(t, "sealed"), `dkim=fail .*arc=pass header\.d=list\.example; dmarc=fail header\.from=signed\.example policy\.dmarc=reject$`)
	if made := trusts.made(t, "sealed"); !slices.Contains(made.symbols, "DMARC_EXEMPT") || !slices.Contains(made.symbols, "ARC_TRUSTED") {
		t.Errorf("got %v", made.symbols)
	}
	matches(t, "not trusted", trustsNobody.send(t, mail).Final().String(), "^550 5")
	if made := trustsNobody.made(t, "sealed"); made.id.ARC.Result != message.AuthPass || slices.Contains(made.symbols, "ARC_TRUSTED") {
		t.Errorf("got %+v, %v", made.id.ARC, made.symbols)
	}
	mail.Data = bytes.Replace(mail.Data, []byte("the list"), []byte("the liar"), 1)
	matches(t, "changed behind the seal", trusts.send(t, mail).Final().String(), "^550 5")

	// A list that signs what it hands on, and broke the author's signature, is excused without a seal; one that left none is not.
	author := sign(t, authored("writer@signed.example", "listed"), "signed.example")
	listed := append([]byte("List-Id: <tents.list.example>\r\n"), append(author, "-- \r\nthe list\r\n"...)...)
	mail.Data = sign(t, listed, "list.example")
	matches(t, "a list", trustsNobody.send(t, mail).Final().String(), "^250 ")
	if made := trustsNobody.made(t, "listed"); !slices.Contains(made.symbols, "DMARC_LIST") {
		t.Errorf("got %v", made.symbols)
	}
	mail.Data = sign(t, append([]byte("List-Id: <tents.list.example>\r\n"), authored("writer@signed.example", "pretends")...), "list.example")
	matches(t, "no list", trustsNobody.send(t, mail).Final().String(), "^550 5")
}

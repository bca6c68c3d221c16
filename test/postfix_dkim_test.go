package test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"winnow/pkg/app"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/rig"
)

// What Postfix tells a milter of a message is enough to verify signatures of it as it stood on the wire, to the last blank.
// The addresses have domains: Postfix adds its own to those of its own clients, and so breaks what was signed.
func TestSignaturesThroughPostfix(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	record := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
	resolver := dnstest.Serve(t, dnstest.Zones{"s._domainkey.sender.example.net": dnstest.TXT(record)})
	s := newSite(t, func(c *app.Config) { c.DNS.Servers = []string{resolver.Addr} })
	const fields = "From: Writer <writer@sender.example.net>\r\nTo:<user@our.example>\r\nDate:\tTue, 14 Nov 2023 22:13:18 +0000\r\n" +
		"X-Folded:\r\n folded\r\n\t twice  \r\nX-Blanks:   many   of  them \t\r\nX-Empty:\r\nx-LOWER: Grüße\r\n"
	bodies := map[string]string{
		"letter":     "Hello,  \r\n\r\n.a dot, and\ttabs\r\n \r\nGrüße\r\n\r\n\r\n",
		"no body":    "",
		"one line":   "Hello\r\n",
		"empty ones": "\r\n\r\n\r\n",
		"large":      strings.Repeat("Line after line after line  of   text.\r\n", 5_000),
	}
	for name, body := range bodies {
		for _, form := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
			subject := name + " " + string(form)
			var signed bytes.Buffer
			must(t, dkim.Sign(&signed, strings.NewReader(fields+"Subject:  "+subject+"\r\n\r\n"+body), &dkim.SignOptions{
				Domain: "sender.example.net", Selector: "s", Signer: key, HeaderCanonicalization: form, BodyCanonicalization: form,
			}))
			if reply := s.send(t, rig.Mail{Sender: "writer@sender.example.net", Data: signed.Bytes()}).Final(); !reply.OK() {
				t.Fatalf("%s: %v", subject, reply)
			}
			results := strings.Join(s.delivered(t, subject).Header("Authentication-Results"), "|")
			if !strings.Contains(results, "dkim=pass") {
				t.Errorf("%s: got %q, want dkim=pass", subject, results)
			}
		}
	}
}

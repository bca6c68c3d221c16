package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// Scan tells who sent a mail, for people and as JSON; with --local it asks nobody, and says nothing.
func TestScanIdentity(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	server := dnstest.Serve(t, dnstest.Zones{
		"example.org":               dnstest.TXT("v=spf1 ip4:192.0.2.0/24 -all"),
		"out.example.org":           dnstest.A("192.0.2.1"),
		"_dmarc.example.org":        dnstest.TXT("v=DMARC1; p=reject"),
		"s1._domainkey.example.org": dnstest.TXT("v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))),
	})
	t.Setenv("WINNOW_DNS_SERVERS", server.Addr)
	t.Setenv("WINNOW_STATE_DIR", t.TempDir())
	var mail bytes.Buffer
	err := msgauth.Sign(&mail, strings.NewReader("From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n"), &msgauth.SignOptions{Domain: "example.org", Selector: "s1", Signer: key})
	if err != nil {
		t.Fatal(err)
	}
	scan := func(args ...string) string {
		t.Helper()
		var out, errs strings.Builder
		args = append([]string{"scan", "--client", "192.0.2.1", "--helo", "out.example.org", "--sender", "a@example.org"}, args...)
		if code := run(t.Context(), args, strings.NewReader(mail.String()), &out, &errs); code != exitFine {
			t.Fatalf("exit code %d: %s%s", code, out.String(), errs.String())
		}
		return out.String()
	}
	shown := scan()
	for _, want := range []string{
		"  spf: pass example.org: ",
		"  helo: none out.example.org: ",
		"  dkim: pass d=example.org s=s1 a=ed25519-sha256 bits=256\n",
		"  dmarc: pass example.org; p=reject of example.org\n",
		"DKIM_VALID_AU ",
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("no %q in\n%s", want, shown)
		}
	}
	var found struct {
		Identity *struct {
			SPF, Helo struct{ Result, Domain string }
			DKIM      []struct{ Result, Selector string }
			ARC       struct{ Result string }
			DMARC     struct{ Result, Policy string }
		}
	}
	if err := json.Unmarshal([]byte(scan("--json")), &found); err != nil {
		t.Fatal(err)
	}
	if id := found.Identity; id == nil || id.SPF.Result != "pass" || id.Helo.Domain != "out.example.org" || len(id.DKIM) != 1 ||
		id.DKIM[0].Selector != "s1" || id.ARC.Result != message.AuthNone.String() || id.DMARC.Policy != "reject" {
		t.Errorf("got %+v", id)
	}
	asked := len(server.Questions())
	if local := scan("--local", "--json"); !strings.Contains(local, `"identity":null`) || strings.Contains(local, "DKIM_") || len(server.Questions()) != asked {
		t.Errorf("with --local: %s", local)
	}
}

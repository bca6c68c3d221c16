package auth

import (
	"strings"
	"testing"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

func FuzzTags(f *testing.F) {
	for _, seed := range []string{"", "a=b", " v=1; a=rsa-sha256;\n\tb = QUJD ;", "a=b;;", "a=b;a=c", "=", ";", many(maxTags + 1), "a=\x00;b=\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		for _, gaps := range []bool{false, true} {
			tags, failed := parseTags(list, gaps)
			if failed != nil {
				continue
			}
			if len(tags) > maxTags {
				t.Errorf("%d tags", len(tags))
			}
			for i, tag := range tags {
				if !isTagName(tag.name) || tag.at > tag.end || trimBlanks(list[tag.at:tag.end]) != tag.value || strings.Contains(tag.value, ";") {
					t.Errorf("tag %+v", tag)
				}
				if found, _ := tags.find(tag.name); found != tags[i] {
					t.Errorf("%s= twice", tag.name)
				}
			}
		}
	})
}

func FuzzKeyRecord(f *testing.F) {
	f.Add(keyRecord("t=y:s; h=sha256; s=email; n=note;", rsaKey().Public()))
	f.Add(keyRecord("", edKey().Public()))
	f.Add(keyRecord("", modulus(512)))
	f.Add(keyRecord("", modulus(16384)))
	for _, seed := range []string{"", "p=", "p=AAAA", "k=ed25519; p=AAAA", "v=spf1 -all", "v=DKIM1;; p=MA=="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, record string) {
		var k key
		failed := k.parse(record)
		if failed == nil && (k.public == nil || k.bits == 0) {
			t.Errorf("a key without a key: %+v", k)
		}
		if failed == nil && k.kind == "rsa" && (k.bits < minKeyBits || k.bits > maxKeyBits) {
			t.Errorf("a key of %d bits", k.bits)
		}
		if failed == nil && k.verify(make([]byte, 32), make([]byte, 64)) && k.kind == "rsa" {
			t.Error("nothing is a signature")
		}
	})
}

func FuzzARC(f *testing.F) {
	one := handedOn(f)
	two := seal(f, one, "relay.example", 2, "pass", "arc=pass")
	for _, mail := range []string{one, two, seal(f, one, "relay.example", 3, "pass", "x=y")} {
		header, _, _ := strings.Cut(mail, "\n\n")
		f.Add(header)
	}
	f.Add("ARC-Seal: i=1\nARC-Seal: i=1\nARC-Message-Signature:\nARC-Authentication-Results: i=51; x")
	c := newTestChecker(keyZones(), trusting("list.example", "relay.example"))
	f.Fuzz(func(t *testing.T, header string) { checkWhole(t, c, header+"\n\n") })
}

func FuzzSignedMessage(f *testing.F) {
	f.Add(letter)
	f.Add(handedOn(f))
	for _, forms := range []string{"simple/simple", "relaxed/relaxed"} {
		f.Add(signMsgauth(f, letter, "a.example", "e", forms))
	}
	f.Add(signTags(f, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from:dkim-signature; l=3; i=@x.a.example; x=1800000000"))
	c := newTestChecker(keyZones(), trusting("list.example"))
	f.Fuzz(func(t *testing.T, mail string) { checkWhole(t, c, mail) })
}

// checkWhole verifies a message, and looks at what others will rely on.
func checkWhole(t *testing.T, c *Checker, mail string) {
	m := parseMail(t, mail)
	for _, s := range c.dkim(t.Context(), m) {
		if strings.HasPrefix(s.Reason, "panic") || (s.Result == message.AuthPass) != (s.Reason == "") || s.Result == message.AuthNone {
			t.Errorf("got %+v", s)
		}
		if s.Result == message.AuthPass && (s.Domain == "" || s.Selector == "" || s.Bits < 256 || s.Value == "") {
			t.Errorf("a pass without its facts: %+v", s)
		}
		for _, text := range []string{s.Domain, s.Selector, s.Agent, s.Algorithm} {
			if strings.ContainsAny(text, blanks+";") || len(text) > maxAgent+1 {
				t.Errorf("what cannot be written down: %q", text)
			}
		}
	}
	got := c.arc(t.Context(), m)
	if strings.HasPrefix(got.Reason, "panic") || got.Result == message.AuthPass && (got.Sets == 0 || got.Sealer == "") || got.Trusted && got.Result != message.AuthPass {
		t.Errorf("got %+v", got)
	}
}

// FuzzForms holds the forms to those of another implementation: what it signs verifies.
func FuzzForms(f *testing.F) {
	f.Add(" The   tent \t", "Hello  \n\n \n\tBob\n\n", uint8(0))
	f.Add("", "", uint8(3))
	f.Add("x", "\n\n", uint8(1))
	f.Add("x", "no end", uint8(2))
	zones := dnstest.Zones{"e._domainkey.a.example": dnstest.TXT(keyRecord("", edKey().Public()))}
	c := newTestChecker(zones)
	f.Fuzz(func(t *testing.T, subject, body string, forms uint8) {
		if strings.ContainsAny(subject, "\r\n") || strings.Contains(body, "\r") {
			t.Skip() // mail servers let no lone CR pass, and the other one takes it for the end of a line
		}
		mail := "From: alice@a.example\nSubject:" + subject + "\n\n" + body
		signed := signMsgauth(t, mail, "a.example", "e", []string{"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"}[forms%4], "From", "Subject")
		got := c.dkim(t.Context(), parseMail(t, signed))
		if len(got) != 1 || got[0].Result != message.AuthPass {
			t.Errorf("got %+v for\n%q", got, signed)
		}
	})
}

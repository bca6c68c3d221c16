package auth

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

func newTestChecker(resolver dns.Resolver, change ...func(*Config)) *Checker {
	c := DefaultConfig()
	for _, f := range change {
		f(&c)
	}
	return NewChecker(c, resolver, func() time.Time { return now })
}

func TestDKIM(t *testing.T) {
	const tags = "v=1; a=rsa-sha256; c=relaxed/simple; d=a.example; s=r; h=from:to:subject:date"
	signed := signTags(t, letter, tags)
	with := func(more string) string { return signTags(t, letter, tags+"; "+more) }
	replaced := func(old, new string) string {
		if !strings.Contains(signed, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(signed, old, new, 1)
	}
	for _, tt := range []struct {
		name, mail   string
		want, reason string
	}{
		{"no signature", letter, "", ""},
		{"relaxed/simple", signed, "pass", ""},
		{"more names than fields", signTags(t, letter, tags+":from:to:subject:x-none:x-none:"), "pass", ""},
		{"no forms", signTags(t, letter, "v=1; a=ed25519-sha256; d=a.example; s=e; h=From"), "pass", ""},
		{"one form", signTags(t, letter, "v=1; a=ed25519-sha256; d=a.example; s=e; h=From; c=relaxed"), "pass", ""},
		{"d= in capitals", signTags(t, letter, "v=1; a=rsa-sha256; d=A.Example; s=R; h=From; i=@MAIL.a.example"), "pass", ""},
		{"names of fields in capitals", replaced("From:", "FROM:"), "pass", ""},
		{"blanks changed", replaced("Subject:  The   tent,\n\t and", "Subject: The tent, and"), "pass", ""},
		{"a field on top", "X-Scanned: yes\nReceived: by us\n" + signed, "pass", ""},
		{"a second Subject on top", "Subject: Buy\n" + signed, "pass", ""},
		{"a second From on top", "From: eve@c.example\n" + signed, "policy", "From"},
		{"a second From below", replaced("\nTo: Bob", "\nFrom: eve@c.example\nTo: Bob"), "fail", "header"},
		{"a second From where none is signed", "From: eve@c.example\n" + signTags(t, letter, tags+":from"), "fail", "header"},
		{"changed body", replaced("shed", "shop"), "fail", "body"},
		{"longer body", signed + "more\n", "fail", "body"},
		{"empty lines behind", signed + "\n\n", "pass", ""},
		{"changed header", replaced("stove", "store"), "fail", "header"},
		{"changed signature", replaced("a.example; s=r", "a.example; t=1; s=r"), "fail", "header"},
		{"of another domain", replaced("d=a.example", "d=b.example"), "fail", "header"},

		{"all of the body", with("l=61"), "pass", ""},
		{"a tag that holds b=", with("z=Subject:b=20c|To:x"), "pass", ""},
		{"agent", with("i=alice@a.example"), "pass", ""},
		{"agent of a sub-domain", with("i=@mail.a.example"), "pass", ""},
		{"agent of another domain", with("i=@b.example"), "permerror", "i="},
		{"agent of a domain that ends alike", with("i=@da.example"), "permerror", "i="},
		{"agent of the domain above", with("i=@example"), "permerror", "i="},
		{"agent without domain", with("i=alice"), "neutral", "i="},
		{"valid for a while", with("t=1699999999; x=1700000001"), "pass", ""},
		{"expired", with("t=1699999990; x=1699999999"), "permerror", "expired"},
		{"expired long ago", with("x=0"), "permerror", "expired"},
		{"expires before it was made", replaced("s=r;", "s=r; t=1800000002; x=1800000001;"), "neutral", "before"},
		{"no time", replaced("s=r;", "s=r; t=now;"), "neutral", "t="},
		{"a length that is none", replaced("s=r;", "s=r; l=-1;"), "neutral", "l="},
		{"a length beyond the body", with("l=10000"), "permerror", "l="},
		{"a length beyond numbers", replaced("s=r;", "s=r; l=99999999999999999999999;"), "permerror", "l="},
		{"asked for otherwise, too", with("q=https:dns/txt"), "pass", ""},
		{"asked for otherwise", replaced("s=r;", "s=r; q=https;"), "neutral", "q="},
		{"another version", replaced("v=1", "v=2"), "neutral", "v="},
		{"no version", replaced("v=1; ", ""), "neutral", "v="},
		{"rsa-sha1", replaced("rsa-sha256", "rsa-sha1"), "permerror", "rsa-sha1"},
		{"unknown algorithm", replaced("rsa-sha256", "rsa-sha512"), "neutral", "algorithm"},
		{"unknown form", replaced("relaxed/simple", "relaxed/nofws"), "neutral", "c="},
		{"From is not signed", replaced("h=from:", "h="), "permerror", "From"},
		{"no names", replaced("h=", "x-h="), "neutral", "whose name is none"},
		{"no h=", replaced("h=", "hh="), "neutral", "h="},
		{"no domain", replaced("d=a.example", "d=example"), "neutral", "d="},
		{"a tag twice", replaced("s=r", "s=r; s=r"), "neutral", "twice"},
		{"a gap", replaced("s=r", "s=r;"), "neutral", "semicolon"},
		{"no b=", replaced("b=", "bb="), "neutral", "b="},
		{"b= is empty", signed[:strings.Index(signed, "\tb=")+3] + "\n" + letter, "neutral", "b="},
		{"b= is not base64", replaced("\tb=", "\tb=%"), "neutral", "b="},
		{"bh= is empty", replaced("bh=", "bh=; y="), "neutral", "bh="},
		{"bh= of another length", replaced("bh=", "bh=AAAA"), "fail", "body"},
		{"no key", with("s2=1; i=@a.example") + "", "pass", ""},
		{"a selector that is none", replaced("s=r", "s=r..r"), "neutral", "s="},
		{"a selector without key", replaced("s=r", "s=other"), "permerror", "no key"},
		{"a key of another kind", replaced("s=r", "s=e"), "permerror", "kind"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newTestChecker(keyZones()).dkim(t.Context(), parseMail(t, tt.mail))
			if tt.want == "" {
				if len(got) > 0 {
					t.Errorf("got %+v, want nothing", got)
				}
				return
			}
			if len(got) != 1 || got[0].Partial || got[0].Result.String() != tt.want || !strings.Contains(got[0].Reason, tt.reason) || tt.reason == "" && got[0].Reason != "" {
				t.Errorf("got %+v, want %s because of %q", got, tt.want, tt.reason)
			}
		})
	}
}

// What another implementation signs verifies in all forms, as does what real mail is turned into on its way.
func TestDKIMOfMsgauth(t *testing.T) {
	bodies := map[string]string{"letter": letter, "no body": "From: a@a.example\nTo: b@example\n\n", "empty lines": "From: a@a.example\n\n\n\n\n",
		"blanks": "From: a@a.example\n\n \t \n", "no end": "From: a@a.example\n\nlast line", "long lines": "From: a@a.example\n\n" + strings.Repeat("x y  z\t", 3_000) + "\n"}
	for _, selector := range []string{"r", "e"} {
		for _, forms := range []string{"simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"} {
			for name, mail := range bodies {
				got := newTestChecker(keyZones()).dkim(t.Context(), parseMail(t, signMsgauth(t, mail, "a.example", selector, forms)))
				if len(got) != 1 || got[0].Result != message.AuthPass {
					t.Errorf("%s %s %s: got %+v, want pass", selector, forms, name, got)
				}
			}
		}
	}
}

func TestDKIMFacts(t *testing.T) {
	mail := signTags(t, letter, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=A.example; s=R; i= bob@News.a.example ; l=5; h=from")
	mail = signMsgauth(t, mail, "b.example", "e", "simple/simple", "From", "Dkim-Signature", "Dkim-Signature")
	zones := keyZones()
	zones["r._domainkey.a.example"] = dnstest.TXT(keyRecord("t=x:y;", rsaKey().Public()))
	got := newTestChecker(zones).dkim(t.Context(), parseMail(t, mail))
	want := []message.Signature{
		{Result: message.AuthPass, Domain: "b.example", Selector: "e", Agent: "@b.example", Algorithm: "ed25519-sha256", Bits: 256},
		{Result: message.AuthPass, Domain: "a.example", Selector: "r", Agent: "bob@news.a.example", Algorithm: "rsa-sha256", Bits: 2048, Testing: true, Partial: true},
	}
	for i := range got {
		if len(got[i].Value) < 80 || strings.ContainsAny(got[i].Value, blanks) {
			t.Errorf("signature %d: got b=%s", i, got[i].Value)
		}
		got[i].Value = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[1].Proves() {
		t.Error("what leaves a part of the body unsigned is no proof")
	}
}

// Two of three signatures are broken, each in its own way, and say so.
func TestDKIMOfMany(t *testing.T) {
	mail := signTags(t, letter, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=r; h=from:subject")
	mail = signTags(t, mail, "v=1; a=rsa-sha256; c=simple/simple; d=b.example; s=r; h=from")
	mail = signTags(t, mail, "v=1; a=ed25519-sha256; c=simple/relaxed; d=list.example; s=gone; h=from")
	mail = strings.Replace(mail, "Hello Bob,  \n", "Hello Bob,\n", 1) // hurts the simple form only
	asked := dnstest.Record(keyZones())
	var got []string
	for _, s := range newTestChecker(asked).dkim(t.Context(), parseMail(t, mail)) {
		got = append(got, s.Domain+" "+s.Result.String())
	}
	if diff := cmp.Diff([]string{"list.example permerror", "b.example fail", "a.example pass"}, got); diff != "" {
		t.Error(diff)
	}
	if n := len(asked.Questions()); n != 3 {
		t.Errorf("%d questions, want 3", n)
	}
	most := newTestChecker(keyZones(), func(c *Config) { c.MaxSignatures = 2 })
	if got := most.dkim(t.Context(), parseMail(t, mail)); len(got) != 2 || got[1].Domain != "b.example" {
		t.Errorf("got %+v, want the two at the top", got)
	}
}

// Who sends a signed message again with another subject over the one that is signed gets a valid signature, which proves
// nothing.
func TestSubjectThatWasAdded(t *testing.T) {
	once := signTags(t, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from:subject")
	for name, tt := range map[string]struct {
		mail   string
		proves bool
	}{
		"as it was sent":      {once, true},
		"another on top":      {"Subject: Buy\n" + once, false},
		"none was signed":     {"Subject: Buy\n" + signTags(t, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from"), true},
		"two were signed":     {signTags(t, "Subject: Buy\n"+letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from:subject:subject"), true},
		"another in capitals": {"SUBJECT: Buy\n" + once, false},
	} {
		got := newTestChecker(keyZones()).dkim(t.Context(), parseMail(t, tt.mail))
		if len(got) != 1 || got[0].Result != message.AuthPass || got[0].Proves() != tt.proves {
			t.Errorf("%s: got %+v, want it to pass, and proof %v", name, got, tt.proves)
		}
	}
}

func TestDKIMKeysThatCannotBeHad(t *testing.T) {
	mail := signTags(t, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from")
	for fault, want := range map[dnstest.Fault]string{
		dnstest.ServFail: "temperror", dnstest.Refused: "temperror", dnstest.Timeout: "temperror", dnstest.Malformed: "temperror",
	} {
		zones := dnstest.Zones{"r._domainkey.a.example": dnstest.Fails(fault)}
		if got := newTestChecker(zones).dkim(t.Context(), parseMail(t, mail)); got[0].Result.String() != want {
			t.Errorf("fault %d: got %+v, want %s", fault, got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := newTestChecker(keyZones()).dkim(ctx, parseMail(t, mail)); got[0].Result != message.AuthTempError {
		t.Errorf("out of time: got %+v, want temperror", got)
	}
	panics := resolverFunc(func() (dns.Answer, error) { panic("broken") })
	if got := newTestChecker(panics).dkim(t.Context(), parseMail(t, mail)); got[0].Result != message.AuthTempError || !strings.HasSuffix(got[0].Reason, "panic: broken") {
		t.Errorf("a panic: got %+v, want temperror", got)
	}
}

type resolverFunc func() (dns.Answer, error)

func (f resolverFunc) Resolve(context.Context, dns.Question) (dns.Answer, error) { return f() }

// A message of which we do not have all is judged only by what is surely the same in all of it.
func TestDKIMOfCutMessage(t *testing.T) {
	const tags = "v=1; a=rsa-sha256; d=a.example; s=r; h=from; c="
	for _, tt := range []struct {
		name, mail, want string
		partial          bool
	}{
		{"all signed", signTags(t, letter, tags+"simple/simple"), "neutral", false},
		{"a part that we have, simple", signTags(t, letter, tags+"simple/simple; l=13"), "pass", true},
		{"a part that we have, relaxed", signTags(t, letter, tags+"relaxed/relaxed; l=13"), "pass", true},
		{"a part that we have only the beginning of", signTags(t, letter, tags+"relaxed/relaxed; l=40"), "neutral", false},
	} {
		whole := parseMail(t, tt.mail)
		m, err := message.Parse(strings.NewReader(tt.mail), 24) // behind "I left"
		if err != nil || !m.BodyCut || whole.BodyCut {
			t.Fatalf("%s: cut %v, whole cut %v, %v", tt.name, m.BodyCut, whole.BodyCut, err)
		}
		got := newTestChecker(keyZones()).dkim(t.Context(), m)[0]
		if got.Result.String() != tt.want || got.Partial != tt.partial {
			t.Errorf("%s: got %+v, want %s", tt.name, got, tt.want)
		}
		whole.HeaderCut = true
		if got := newTestChecker(keyZones()).dkim(t.Context(), whole)[0]; got.Result != message.AuthNeutral {
			t.Errorf("%s, header cut: got %+v, want neutral", tt.name, got)
		}
	}
}

// All questions are on their way before the first one is answered.
func TestDKIMAsksAtOnce(t *testing.T) {
	mail := letter
	for _, domain := range []string{"a.example", "b.example", "list.example"} {
		mail = signTags(t, mail, "v=1; a=rsa-sha256; d="+domain+"; s=r; h=from")
	}
	mail = signTags(t, mail, "v=1; a=rsa-sha256; d=a.example; s=r; h=from:to") // the same key again
	r := &gathering{next: keyZones(), missing: 3, all: make(chan struct{})}
	for _, s := range newTestChecker(r).dkim(t.Context(), parseMail(t, mail)) {
		if s.Result != message.AuthPass {
			t.Errorf("got %+v, want pass", s)
		}
	}
}

package auth

import (
	"strings"
	"testing"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// handedOn is a letter that a mailing list changed and sealed: DKIM's signature of its author is broken, the chain is good.
func handedOn(t testing.TB) string {
	mail := signTags(t, letter, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; s=r; h=from:to:subject:date")
	mail = strings.TrimRight(mail, "\n") + "\n-- \nlist@list.example\n"
	return seal(t, mail, "list.example", 1, "none", "dkim=pass header.d=a.example;\n\tspf=pass smtp.mailfrom=a.example")
}

func trusting(domains ...string) func(*Config) {
	return func(c *Config) { c.ARC.TrustedSealers = domains }
}

func TestARC(t *testing.T) {
	one := handedOn(t)
	two := seal(t, "X-Relay: yes\n"+one, "relay.example", 2, "pass", "arc=pass; dkim=fail header.d=a.example")
	replaced := func(mail, old, new string) string {
		if !strings.Contains(mail, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(mail, old, new, 1)
	}
	for _, tt := range []struct {
		name, mail, want string
		sets             int
		sealer           string
	}{
		{"none", letter, "none", 0, ""},
		{"one", one, "pass", 1, "list.example"},
		{"two", two, "pass", 2, "relay.example"},
		{"body changed behind the newest", two + "more\n", "fail: set 2: the body", 2, "relay.example"},
		{"body changed by who sealed last", seal(t, one+"more\n", "relay.example", 2, "pass", "x=y"), "pass", 2, "relay.example"},
		{"header changed", replaced(one, "The   tent", "The house"), "fail: set 1: the header", 1, "list.example"},
		{"claims changed", replaced(one, "spf=pass", "spf=fail"), "fail: set 1: the seal", 1, "list.example"},
		{"claims below changed", replaced(two, "spf=pass", "spf=fail"), "fail: set 2: the seal", 2, "relay.example"},
		{"the chain was broken before", seal(t, one, "relay.example", 2, "fail", "x=y"), "fail: set 2: who sealed it", 2, "relay.example"},
		{"cv= of a second set is none", seal(t, one, "relay.example", 2, "none", "x=y"), "fail: set 2: cv=", 2, "relay.example"},
		{"cv= of a first set is pass", seal(t, letter, "relay.example", 1, "pass", "x=y"), "fail: set 1: cv=", 1, "relay.example"},
		{"a set is missing", seal(t, one, "relay.example", 3, "pass", "x=y"), "fail: set 2: there is no", 3, ""},
		{"a field twice", replaced(one, "ARC-Authentication-Results:", "ARC-Authentication-Results: i=1; x; y\nARC-Authentication-Results:"), "fail: set 1: there is more than one", 1, ""},
		{"instance 51", replaced(one, "ARC-Seal: i=1", "ARC-Seal: i=51"), "fail: a field ARC-Seal", 0, ""},
		{"no key", seal(t, letter, "c.example", 1, "none", "x=y"), "fail: set 1: no key", 1, "c.example"},
		{"the DNS of the newest is away", seal(t, one, "away.example", 2, "pass", "x=y"), "temperror: set 2: no key", 2, "away.example"},
		{"the DNS is away, and a seal is broken", seal(t, replaced(one, "spf=pass", "spf=fail"), "away.example", 2, "pass", "x=y"), "fail: set 1: the seal", 2, "away.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zones := keyZones()
			zones["r._domainkey.away.example"] = dnstest.Fails(dnstest.ServFail)
			c := newTestChecker(zones, trusting("other.example"))
			got := c.arc(t.Context(), parseMail(t, tt.mail))
			words := got.Result.String()
			if got.Reason != "" {
				words += ": " + got.Reason
			}
			if !strings.HasPrefix(words, tt.want) || got.Sets != tt.sets || got.Sealer != tt.sealer || got.Trusted || got.Claims != "" {
				t.Errorf("got %+v, want %s with %d sets, the newest by %q", got, tt.want, tt.sets, tt.sealer)
			}
		})
	}
}

func TestARCTrust(t *testing.T) {
	one := handedOn(t)
	two := seal(t, one, "relay.example", 2, "pass", "arc=pass; dkim=fail header.d=a.example")
	unsigned := strings.Replace(one, "\nFrom:", "\nX-From:", 1)
	for _, tt := range []struct {
		name, mail string
		trusted    []string
		claims     string
	}{
		{"the list", one, []string{"relay.example", "LIST.example."}, "dkim=pass header.d=a.example;\tspf=pass smtp.mailfrom=a.example"},
		{"the domain above", one, []string{"example.org", "example"}, ""},
		{"the newest", two, []string{"relay.example"}, "arc=pass; dkim=fail header.d=a.example"},
		{"only an older one: who sealed behind it could have its set from elsewhere", two, []string{"list.example"}, ""},
		{"a second From on top", "From: eve@b.example\n" + one, []string{"list.example"}, ""},
		{"broken", unsigned, []string{"list.example"}, ""},
	} {
		got := newTestChecker(keyZones(), trusting(tt.trusted...)).arc(t.Context(), parseMail(t, tt.mail))
		if got.Trusted != (tt.claims != "") || got.Claims != tt.claims {
			t.Errorf("%s: got %+v, want the claims %q", tt.name, got, tt.claims)
		}
	}
	m := parseMail(t, one)
	if got := newTestChecker(keyZones()).dkim(t.Context(), m); got[0].Result != message.AuthFail {
		t.Errorf("the author's signature: got %+v, want fail", got[0])
	}
	for _, cut := range []func(*message.Message){func(m *message.Message) { m.BodyCut = true }, func(m *message.Message) { m.HeaderCut = true }} {
		m := parseMail(t, one)
		cut(m)
		if got := newTestChecker(keyZones(), trusting("list.example")).arc(t.Context(), m); got.Result != message.AuthNeutral || got.Trusted {
			t.Errorf("a message that we have not all of: got %+v, want neutral", got)
		}
	}
}

// The longest chain that may be verifies, and its keys are asked for at once.
func TestARCOfMany(t *testing.T) {
	mail := seal(t, letter, "a.example", 1, "none", "x=y")
	for i := 2; i <= maxARCSets; i++ {
		mail = seal(t, mail, []string{"a.example", "b.example"}[i%2], i, "pass", "x=y")
	}
	r := &gathering{next: keyZones(), missing: 2, all: make(chan struct{})}
	if got := newTestChecker(r).arc(t.Context(), parseMail(t, mail)); got.Result != message.AuthPass || got.Sets != maxARCSets {
		t.Errorf("got %+v, want pass", got)
	}
	if got := newTestChecker(keyZones()).arc(t.Context(), parseMail(t, "ARC-Seal: i=1; x=y\n"+mail)); got.Result != message.AuthFail {
		t.Errorf("a field more: got %+v, want fail", got)
	}
}

func TestCutResults(t *testing.T) {
	for _, tt := range []struct{ value, instance, claims string }{
		{" i=1; mx.example; spf=pass;\n\tdkim=none", "1", "spf=pass;\tdkim=none"},
		{" i = 12 ;mx.example 1; none ", "12", "none"},
		{" i=1; mx.example", "1", ""},
		{" i=1", "", ""},
		{" mx.example; i=1; spf=pass", "", ""},
		{" I=1; mx.example; none", "", ""},
		{"", "", ""},
	} {
		if instance, claims := cutResults(tt.value); instance != tt.instance || claims != tt.claims {
			t.Errorf("%q: got %q, %q", tt.value, instance, claims)
		}
	}
}

package milter

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/authres"
	"github.com/google/go-cmp/cmp"

	"winnow/pkg/message"
)

func TestClaims(t *testing.T) {
	const id = "mx.our.example"
	for value, want := range map[string]bool{
		" mx.our.example; spf=pass":                      true,
		"mx.our.example":                                 true,
		" MX.Our.Example.; none":                         true,
		" mx.our.example 1; none":                        true,
		" mx.our.example/1; none":                        true,
		"\n\tmx.our.example;\n\tnone":                    true,
		` "mx.our.example"; none`:                        true,
		` "mx.\our.example" 1; none`:                     true,
		" (by (our) \\) own) mx.our.example; none":       true,
		" mx.our.example(comment); none":                 true,
		" a.mx.our.example; none":                        true,
		" ｍｘ.our.example; none":                          true,
		" =?utf-8?q?mx.our.example?=; none":              true,
		" =?utf-8?b?bXgub3VyLmV4YW1wbGU7?= dmarc=pass":   true,
		" =?us-ascii?q?mx?= =?utf-8?q?.our.example=3B?=": true,
		" (c) =?utf-8?q?mx=2Eour.example;_spf=3Dpass?=":  true,
		" =?utf-8?q?mx.other.example?=; none":            false,
		" =?utf-8?q?(mx.our.example)?= mx.other.example": false,
		" our.example; none":                             false,
		" notmx.our.example; none":                       false,
		" mx.our.example.org; none":                      false,
		" mx.other.example; spf=pass smtp.helo=" + id:    false,
		" (mx.our.example) mx.other.example; none":       false,
		" i=1; mx.our.example; none":                     false,
		"":                                               false,
		";":                                              false,
		" (never closed mx.our.example; none":            false,
		` "never closed`:                                 false,
		" spf=pass smtp.mailfrom=a@mx.our.example; none": false,
	} {
		if got := claims(value, id); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
	if claims(" ; none", "") || claims("", "") {
		t.Error("no id is claimed where there is none")
	}
}

func TestResultsValue(t *testing.T) {
	m := &message.Message{Sender: "a@example.org", Client: message.Client{Addr: netip.MustParseAddr("192.0.2.1"), Helo: "mx.example.org"}}
	bounce := &message.Message{Client: m.Client}
	for name, tt := range map[string]struct {
		m     *message.Message
		found *message.Identity
		want  string
	}{
		"nothing found in time": {m, nil, "mx; none"},
		"all of it": {m, &message.Identity{
			SPF:   message.SPF{Result: message.AuthSoftFail, Domain: "example.org"},
			Helo:  message.SPF{Result: message.AuthTempError},
			DKIM:  []message.Signature{{Result: message.AuthFail, Domain: "a.example", Selector: "s", Algorithm: "rsa-sha256", Value: "12345678ff"}, {Result: message.AuthPermError}},
			ARC:   message.ARC{Result: message.AuthPass, Sealer: "list.example"},
			DMARC: message.DMARC{Result: message.AuthFail, Author: "example.org", Policy: "reject"},
		}, "mx; spf=softfail smtp.mailfrom=a@example.org; spf=temperror smtp.helo=mx.example.org;" +
			" dkim=fail header.d=a.example header.s=s header.a=rsa-sha256 header.b=12345678; dkim=permerror;" +
			" arc=pass header.d=list.example; dmarc=fail header.from=example.org policy.dmarc=reject"},
		"a bounce":        {bounce, &message.Identity{Helo: message.SPF{Result: message.AuthPass}}, "mx; spf=pass smtp.helo=mx.example.org"},
		"the whole world": {m, &message.Identity{SPF: message.SPF{Result: message.AuthPass, World: true}}, "mx; spf=policy smtp.mailfrom=a@example.org; spf=none smtp.helo=mx.example.org"},
	} {
		if diff := cmp.Diff(tt.want, strings.ReplaceAll(resultsValue("mx", tt.m, tt.found), "\n\t", " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// hostile is an identity, and the message that it was found of, that a stranger chose every word of.
func hostile(word string) (*message.Message, *message.Identity) {
	m := &message.Message{Sender: word, Client: message.Client{Helo: word}}
	return m, &message.Identity{
		DKIM:  []message.Signature{{Domain: word, Selector: word, Algorithm: word, Value: word}},
		ARC:   message.ARC{Result: message.AuthFail, Sealer: word},
		DMARC: message.DMARC{Author: word, Policy: word},
	}
}

// FuzzResultsValue: whatever a stranger wrote, the field stays one field, in lines that mail may have, and a reader of
// another house finds as many results in it as there are.
func FuzzResultsValue(f *testing.F) {
	for _, word := range []string{
		"example.org", "a; dmarc=pass header.from=bank.example", "a\r\nBcc: all@our.example", "a\nAuthentication-Results: mx; dmarc=pass",
		`a"; dmarc=pass; x="`, `a\`, "(open", "a b", "=", "ä.example", "\x00", strings.Repeat("x", 5000), strings.Repeat(`"`, 5000), "a\n b", "\u2028",
	} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		m, found := hostile(word)
		value := resultsValue("mx.our.example", m, found)
		lines := strings.Split(resultsField+": "+value, "\n")
		for i, line := range lines {
			if len(line) > 998 || i > 0 && line[0] != '\t' || strings.ContainsAny(line, "\r\x00") {
				t.Fatalf("line %d: %q", i, line)
			}
			for _, c := range []byte(line[1:]) {
				if c < ' ' || c > '~' {
					t.Fatalf("line %d holds %q: %q", i, c, line)
				}
			}
		}
		methods := 0
		for _, part := range outsideQuotes(value) {
			methods += strings.Count(part, ";")
		}
		want := 0
		for _, there := range []bool{m.Sender != "", m.Client.Helo != "", true, true, found.DMARC.Author != ""} {
			if there {
				want++
			}
		}
		if methods != want {
			t.Errorf("%d results, want %d: %q", methods, want, value)
		}
	})
}

// outsideQuotes returns the parts of a value that stand outside quoted-strings.
func outsideQuotes(s string) []string {
	parts, quoted := []string{""}, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
			parts = append(parts, "")
		case !quoted:
			parts[len(parts)-1] += s[i : i+1]
		}
	}
	return parts
}

// A library that others read the field with understands it.
func TestResultsReadByOthers(t *testing.T) {
	m, found := hostile("example.org")
	m.Sender = "bounce+a=b@example.org"
	found.SPF.Result, found.DMARC.Result = message.AuthPass, message.AuthPass
	id, results, err := authres.Parse(strings.ReplaceAll(resultsValue("mx.our.example", m, found), "\n\t", " "))
	if err != nil || id != "mx.our.example" || len(results) != 5 {
		t.Fatalf("got %q, %d results, %v", id, len(results), err)
	}
	if d, ok := results[4].(*authres.DMARCResult); !ok || d.Value != authres.ResultPass || d.From != "example.org" {
		t.Errorf("DMARC reads as %+v", results[4])
	}
}

// FuzzClaims looks for what makes the parser go wrong, and for ids that it finds in the middle of another's field.
func FuzzClaims(f *testing.F) {
	for _, value := range []string{" mx.our.example; none", ` "mx.our.example" 1; none`, "(((((", `(\`, `"\`, ` "a\"b"; none`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		_ = claims(value, "mx.our.example")
		if claims(" mx.other.example;"+value, "mx.our.example") {
			t.Errorf("a field of another's is taken for ours: %q", value)
		}
		if !claims(" mx.our.example;"+value, "mx.our.example") {
			t.Errorf("a field in our name stays: %q", value)
		}
	})
}

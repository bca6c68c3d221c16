package dnslist

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

const theKey = "k3yk3yk3yk3yk3yk3yk3yk3yk3"

// TestSecretNeverPrints tries every way in which a value gets into a text.
func TestSecretNeverPrints(t *testing.T) {
	secret := NewSecret(theKey)
	type inside struct {
		Exported Secret
		hidden   Secret
		list     *List
	}
	values := []any{
		secret, &secret, []Secret{secret}, map[string]Secret{"a": secret}, inside{secret, secret, nil}, &inside{secret, secret, nil},
		List{Key: secret}, &List{Key: secret}, fmt.Errorf("key %v: %w", secret, errors.New("x")), struct{ any }{secret},
	}
	for i, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s", "%-5v", "%p"} {
			if text := fmt.Sprintf(verb, v); leaks(text) {
				t.Errorf("value %d prints with %s as %s", i, verb, text)
			}
		}
		if text, err := json.Marshal(v); err == nil && leaks(string(text)) {
			t.Errorf("value %d is JSON %s", i, text)
		}
	}
	text, err := yaml.Marshal(map[string]Secret{"key": secret, "none": {}})
	if err != nil || leaks(string(text)) || !strings.Contains(string(text), dns.Hidden) {
		t.Errorf("YAML: %s (%v)", text, err)
	}
	if got := fmt.Sprint(secret, " ", Secret{}); got != "*** " {
		t.Errorf("got %q, want \"*** \"", got)
	}
	if got := secret.reveal(); got != theKey {
		t.Errorf("revealed %q", got)
	}
}

// leaks tells whether a text holds the key, in letters or in hexadecimal.
func leaks(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, theKey) || strings.Contains(text, fmt.Sprintf("%x", theKey))
}

const keyedFile = `
- name: keyed
  title: Keyed
  zone: "{key}.zen.example"
  key_env: WINNOW_TEST_KEY
  ask: [client]
  phase: connect
  url: https://example.org/{ip}
  codes:
    - {value: 127.0.0.2, symbol: KEYED, title: two, score: 1, action: reject}
`

// TestKeyNeverLeaves lets a list with a key go through every outcome and greps all that comes out of it.
func TestKeyNeverLeaves(t *testing.T) {
	t.Setenv("WINNOW_TEST_KEY", theKey)
	c := DefaultConfig()
	lists, faults := c.Lists([]byte(keyedFile))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	talkative := func(answers ...string) dns.Resolver {
		return resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) {
			if len(answers) == 0 { // ours never name the question; another one might
				return dns.Answer{}, fmt.Errorf("asking for %s (%q): %w", strings.ToUpper(q.Name), q.Name, dns.ErrServFail)
			}
			return dnstest.Zones{"*": dnstest.A(answers...)}.Resolve(t.Context(), q)
		})
	}
	panics := resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) { panic(q.Name) })
	var out strings.Builder
	for _, r := range []dns.Resolver{
		talkative(), talkative("127.0.0.2"), talkative("127.0.0.3"), talkative("127.255.255.250"), talkative("192.0.2.1"), panics,
	} {
		set := New(lists, c, Options{Resolver: r, OnChange: func(was Health, now State) {
			fmt.Fprintf(&out, "%v %+v %#v\n", was, now, now)
		}})
		for range downAfter {
			for _, result := range set.DNSBL().Check(t.Context(), clientMessage("192.0.2.1")) {
				fmt.Fprintf(&out, "%+v %#v %v\n", result, result.Hits, result.Err)
				for err := result.Err; err != nil; err = errors.Unwrap(err) {
					fmt.Fprintf(&out, "%v %+v %q\n", err, err, err)
				}
			}
		}
		rows, err := set.Query(t.Context(), "192.0.2.1")
		text, _ := json.Marshal(rows)
		fmt.Fprintf(&out, "%+v %s %v\n", rows, text, err)
		states, _ := json.Marshal(set.Probe(t.Context()))
		fmt.Fprintf(&out, "%s %+v\n", states, set.Lists())
	}
	if leaks(out.String()) {
		t.Errorf("the key is in:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "1.2.0.192.***.zen.example A 127.0.0.2") {
		t.Errorf("the zone without its key is not in:\n%s", out.String())
	}
}

// TestHiddenErrorIs holds the error that stands for another to what one can ask of it.
func TestHiddenErrorIs(t *testing.T) {
	src := &source{List: List{Key: NewSecret(theKey)}}
	err := src.hide(fmt.Errorf("%s: %w", theKey, dns.ErrTimeout))
	if !errors.Is(err, dns.ErrTimeout) || errors.Is(err, dns.ErrRefused) || err.Error() != "***: no answer in time" {
		t.Errorf("got %v", err)
	}
	if plain := errors.New("plain"); src.hide(plain) != plain {
		t.Error("an error without the key is changed")
	}
}

func TestReadKey(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, path, want, fault string
	}{
		{"plain", file("plain", theKey, 0o600), theKey, ""},
		{"with a line end", file("line", theKey+"\n", 0o640), theKey, ""},
		{"of Windows", file("crlf", theKey+"\r\n", 0o400), theKey, ""},
		{"in capitals", file("capitals", strings.ToUpper(theKey), 0o600), theKey, ""},
		{"for all to read", file("wide", theKey, 0o644), "", "has mode 0644, so that others can get at the key: chmod 0640 "},
		{"for a group to write", file("group", theKey, 0o660), "", "has mode 0660"},
		{"empty", file("empty", "\n", 0o600), "", "the key is empty"},
		{"two lines", file("lines", theKey+"\n"+theKey, 0o600), "", "this is no key"},
		{"not a label", file("label", strings.Repeat("k", 64), 0o600), "", "this is no key"},
		{"large", file("large", strings.Repeat("k", maxKeyFile+1), 0o600), "", "is larger than 1024 octets"},
		{"a folder", dir, "", "is not a file"},
		{"missing", filepath.Join(dir, "missing"), "", "no such file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := readKeyFile(test.path)
			if got.reveal() != test.want {
				t.Errorf("got %q, want %q", got.reveal(), test.want)
			}
			if test.fault == "" && err != nil || test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)) {
				t.Errorf("got %v, want %q", err, test.fault)
			}
			if err != nil && leaks(err.Error()) {
				t.Errorf("the fault tells the key: %v", err)
			}
		})
	}
}

// A resolverFunc answers with a function.
type resolverFunc func(context.Context, dns.Question) (dns.Answer, error)

func (f resolverFunc) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	return f(ctx, q)
}

func clientMessage(addr string) *message.Message {
	return &message.Message{Client: message.Client{Addr: netip.MustParseAddr(addr)}}
}

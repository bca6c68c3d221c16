package whitelist

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseEntry(t *testing.T) {
	tests := []struct{ in, who, to, comment string }{
		{"friend@example.org", "friend@example.org", "", ""},
		{"  Friend@Example.ORG\t# since 2016 #1", "friend@example.org", "", "since 2016 #1"},
		{"a#b@example.org #c", "a#b@example.org", "", "c"},
		{"prvs=4711abcdef=friend@example.org", "friend@example.org", "", ""},
		{`"a friend # of ours"@example.org # c`, `"a friend # of ours"@example.org`, "", "c"},
		{`"a \" friend"@example.org`, `"a \" friend"@example.org`, "", ""},
		{"j\u00fcrgen@b\u00fccher.example", "j\u00fcrgen@xn--bcher-kva.example", "", ""},
		{"user@localhost", "user@localhost", "", ""},
		{"user@[192.0.2.1]", "user@[192.0.2.1]", "", ""},
		{"user@[IPv6:2001:db8::1]", "user@[ipv6:2001:db8::1]", "", ""},
		{"Example.org.", "example.org", "", ""},
		{".Example.org", ".example.org", "", ""},
		{".top", ".top", "", ""},
		{"\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah", "", ""},
		{"_dmarc.example.org", "_dmarc.example.org", "", ""},
		{"192.0.2.1", "192.0.2.1", "", ""},
		{"192.0.2.1/32", "192.0.2.1", "", ""},
		{"192.0.2.0/24", "192.0.2.0/24", "", ""},
		{"::ffff:192.0.2.0/120", "192.0.2.0/24", "", ""},
		{"::ffff:192.0.2.1", "192.0.2.1", "", ""},
		{"2001:DB8:0::/32", "2001:db8::/32", "", ""},
		{"2001:db8::1", "2001:db8::1", "", ""},
		{"friend@example.org  to:User+Shop@Our.Example # c", "friend@example.org", "user+shop@our.example", "c"},
		{"192.0.2.0/24 to:.our.example", "192.0.2.0/24", ".our.example", ""},
		{"<> to:our.example", "<>", "our.example", ""},
	}
	for _, tt := range tests {
		var l line
		if err := l.read(tt.in); err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		got, _, err := Blacklist().parseEntry(l)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if want := (Entry{Who: tt.who, To: tt.to, Comment: tt.comment}); got != want {
			t.Errorf("%q: got %+v, want %+v", tt.in, got, want)
		}
	}
}

// testWhitelist is the kind of whitelists, with a list of freemail domains.
func testWhitelist(t testing.TB) Kind {
	t.Helper()
	f, err := ParseFreemail("freemail", []byte("freemail.example # anybody's\nmail.free.test\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Whitelist(f)
}

func TestWhitelistEntry(t *testing.T) {
	tests := []struct{ in, auth, written string }{
		{"friend@example.org", "any", "friend@example.org"},
		{"friend@example.org auth:any", "any", "friend@example.org"},
		{"example.org auth:dkim to:user@our.example # c", "dkim", "example.org auth:dkim to:user@our.example"},
		{".example.org  to:our.example auth:spf", "spf", ".example.org auth:spf to:our.example"},
		{"example.org auth:none", "none", "example.org auth:none"},
		{"192.0.2.0/24", "", "192.0.2.0/24"},
		{"<> to:info@our.example auth:none", "none", "<> auth:none to:info@our.example"},
		{"friend@freemail.example", "any", "friend@freemail.example"},
		{"sub.freemail.example", "any", "sub.freemail.example"},
		{"free.test", "any", "free.test"},
		{".sub.mail.free.test", "any", ".sub.mail.free.test"},
	}
	for _, tt := range tests {
		got, err := testWhitelist(t).parseLine(tt.in)
		if err != nil || got.Auth != tt.auth || got.String() != tt.written {
			t.Errorf("%q: got %q, %q, %v, want %q, %q", tt.in, got.Auth, got.String(), err, tt.auth, tt.written)
		}
	}
}

// Every fault of a file is told, at its line and in the words that its comment there wants.
func TestFaults(t *testing.T) {
	set := func(path, text string) error { _, err := Blacklist().parseSet(path, text); return err }
	tests := []struct {
		file  string
		parse func(path, text string) error
	}{
		{"entries", set},
		{"octets", set},
		{"whitelist", func(path, text string) error { _, err := testWhitelist(t).parseSet(path, text); return err }},
		{"recipients", func(path, text string) error { _, err := parseRecipients(path, text); return err }},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			path := filepath.Join("testdata", "bad", tt.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			n := 0
			for line := range strings.Lines(string(text)) {
				n++
				i := strings.LastIndex(line, " # ")
				if i < 0 {
					continue
				}
				if said := strings.TrimSpace(line[i+3:]); said != "fine" {
					want = append(want, fmt.Sprintf("%s:%d: ... %s", path, n, said))
				}
			}
			err = tt.parse(path, string(text))
			if err == nil {
				t.Fatal("got no error")
			}
			// What is wanted of each message is a part of it: cut the message down to that part where it is there.
			var got []string
			for i, fault := range strings.Split(err.Error(), "\n") {
				if i < len(want) {
					place, said, _ := strings.Cut(want[i], " ... ")
					if strings.HasPrefix(fault, place) && strings.Contains(fault[len(place):], said) {
						fault = want[i]
					}
				}
				got = append(got, fault)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultsAreBounded(t *testing.T) {
	_, err := Blacklist().parseSet("mailbox", strings.Repeat("Subject: hello\n", maxFaults+7))
	lines := strings.Split(err.Error(), "\n")
	if got, want := len(lines), maxFaults+1; got != want {
		t.Fatalf("got %d lines, want %d", got, want)
	}
	if got, want := lines[maxFaults], "mailbox: and 7 more faults"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := Blacklist().parseSet("long", strings.Repeat("a", maxLine+1)); err == nil || len(err.Error()) > 200 {
		t.Errorf("a long line: got %v, want a short error", err)
	}
}

func TestFileForms(t *testing.T) {
	s, err := Blacklist().parseSet("f", "\uFEFFfriend@example.org\r\n\r\n # c\r\nexample.net # d\r\n\t\n192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{File: "f", Line: 1, Who: "friend@example.org"},
		{File: "f", Line: 4, Who: "example.net", Comment: "d"},
		{File: "f", Line: 6, Who: "192.0.2.1"},
	}
	if diff := cmp.Diff(want, s.Entries()); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesWhatIsNoTextFile(t *testing.T) {
	for _, path := range []string{t.TempDir(), "testdata/absent", os.DevNull} {
		if _, err := Load(path, Blacklist()); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%s): got error %v, want one that names the file", path, err)
		}
	}
}

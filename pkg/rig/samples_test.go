package rig_test

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/rig"
	samples "winnow/test"
)

// documentation are the ranges that no real host has (RFC 5737, RFC 3849).
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
}

// exampleDomain is a domain that no real host has (RFC 2606), ours included.
var exampleDomain = regexp.MustCompile(`(^|\.)(example|example\.(org|net|com))$`)

// domains finds the domains of addresses and links.
var domains = regexp.MustCompile(`(?:[A-Za-z0-9._+=-]+@|https?://)((?:[a-z0-9-]+\.)+[a-z]+)\b`)

// theirs are the domains of others that a sample has to name: the marks of Yahoo's program.
var theirs = []string{"web140302.mail.bf1.yahoo.com"}

// The samples are mail as it is seen, from nobody who exists.
func TestSamplesAreMail(t *testing.T) {
	mails := samples.Mails()
	if len(mails) < 12 {
		t.Errorf("got %d samples, want a dozen and more", len(mails))
	}
	for _, s := range mails {
		m, err := mail.ReadMessage(bytes.NewReader(s.Message))
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if _, err := m.Header.Date(); err != nil {
			t.Errorf("%s: Date: %v", s.Name, err)
		}
		if _, err := m.Header.AddressList("From"); err != nil {
			t.Errorf("%s: From: %v", s.Name, err)
		}
		for _, name := range []string{"Message-Id", "Subject", "Mime-Version", "Content-Type"} {
			if len(m.Header[name]) != 1 {
				t.Errorf("%s: got %d fields %s, want 1", s.Name, len(m.Header[name]), name)
			}
		}
		for line := range bytes.Lines(s.Message) {
			if len(line) > 100 || bytes.ContainsAny(line, "\r\x00") {
				t.Errorf("%s: a line that mail has not: %q", s.Name, line)
			}
		}
		checkInvented(t, s)
	}
}

// checkInvented checks that a sample names nobody real.
func checkInvented(t *testing.T, s samples.Sample) {
	t.Helper()
	inRange := false
	for _, p := range documentation {
		inRange = inRange || p.Contains(s.Client)
	}
	if !inRange {
		t.Errorf("%s: client %v is not of a range for documentation", s.Name, s.Client)
	}
	text := strings.Join(append(s.Recipients, s.Sender, "http://"+s.ClientName, string(s.Message)), "\n")
	for _, m := range domains.FindAllStringSubmatch(text, -1) {
		if !exampleDomain.MatchString(m[1]) && !slices.Contains(theirs, m[1]) {
			t.Errorf("%s: %s is a domain that somebody may have", s.Name, m[1])
		}
	}
}

// rbldnsd takes the zones as they are, and they say of clients and links what the samples say they do.
func TestSampleZones(t *testing.T) {
	r := newRig(t, rig.RbldnsdProgram)
	ctx := t.Context()
	zones, err := rig.ReadZones(samples.Zones())
	if err != nil {
		t.Fatal(err)
	}
	d, err := r.Rbldnsd(ctx, zones)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, want string }{
		{"1.0.0.127.zen.spamhaus.org", "[]"},
		{"2.0.0.127.zen.spamhaus.org", "[127.0.0.2]"},
		{"2.2.0.192.zen.spamhaus.org", "[127.0.0.2]"},
		{"3.2.0.192.zen.spamhaus.org", "[127.0.0.3]"},
		{"4.2.0.192.zen.spamhaus.org", "[127.0.0.4]"},
		{"201.2.0.192.zen.spamhaus.org", "[127.0.0.10]"},
		{"198.100.51.198.zen.spamhaus.org", "[127.0.0.11]"},
		{"10.113.0.203.zen.spamhaus.org", "[]"},
		{"9.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.0.0.0.1.b.5.0.8.b.d.0.1.0.0.2.zen.spamhaus.org", "[127.0.0.2]"},
		{"9.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.5.5.c.0.8.b.d.0.1.0.0.2.zen.spamhaus.org", "[127.0.0.3]"},
		{"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.zen.spamhaus.org", "[127.0.0.2]"},
		{"20.100.51.198.sip.invaluement.com", "[127.0.0.2]"},
		{"99.100.51.198.sip24.invaluement.com", "[127.0.0.2]"},
		{"account-check.example.uri.invaluement.com", "[127.0.0.2]"},
		{"2.0.0.127.multi.uribl.com", "[127.0.0.14]"},
		{"account-check.example.multi.uribl.com", "[127.0.0.2]"},
		{"example.com.multi.uribl.com", "[]"},
		{"test.surbl.org.multi.surbl.org", "[127.0.0.254]"},
		{"secure.login.account-check.example.multi.surbl.org", "[127.0.0.8]"},
		{"dbltest.com.dbl.spamhaus.org", "[127.0.1.2]"},
		{"www.pills-now.example.dbl.spamhaus.org", "[127.0.1.2]"},
		{"example.com.dbl.spamhaus.org", "[]"},
		{"40.113.0.203.b.barracudacentral.org", "[127.0.0.2]"},
		{"50.100.51.198.bad.psky.me", "[127.0.0.3]"},
		{"4.2.0.192.bl.spamcop.net", "[127.0.0.2]"},
		{"10.113.0.203.list.dnswl.org", "[127.0.5.2]"},
		{"82.113.0.203.list.dnswl.org", "[127.0.15.1]"},
	} {
		got, err := rig.Lookup(ctx, d.Addr(), test.name)
		if err != nil || fmt.Sprint(got) != test.want {
			t.Errorf("%s: got %v, %v, want %s", test.name, got, err, test.want)
		}
	}
}

// Without a filter, Postfix delivers every sample, and its body as it stands.
func TestSamplesDelivered(t *testing.T) {
	r := newRig(t, rig.PostfixProgram)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mailbox, err := r.Mailbox()
	if err != nil {
		t.Fatal(err)
	}
	postfix, err := r.Postfix(ctx, rig.PostfixConfig{Mailbox: mailbox.Addr(), Domains: []string{samples.Domain}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples.Mails() {
		client := rig.Client{Addr: s.Client, Name: s.ClientName, Helo: s.Helo, Login: s.Login}
		got, err := rig.Send(ctx, postfix.Addr(), rig.Mail{Client: client, Sender: s.Sender, Recipients: s.Recipients, Data: s.Message})
		if err != nil || !got.Accepted() {
			t.Errorf("%s: got %v, %v, want it accepted", s.Name, got.Final(), err)
			continue
		}
		_, body, _ := bytes.Cut(s.Message, []byte("\n\n"))
		want := string(bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n")))
		if _, err := mailbox.Wait(ctx, func(d *rig.Delivery) bool { return string(d.Body()) == want }); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func newRig(t *testing.T, programs ...string) *rig.Rig {
	t.Helper()
	if missing := rig.Missing(programs...); missing != nil {
		t.Skip(strings.Join(missing, "; "))
	}
	r, err := rig.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

package dnslist

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

func TestMailbox(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"a@example.com", "a@example.com"},
		{"First.Last@Example.COM.", "first.last@example.com"},
		{"<a@example.com>", "a@example.com"},
		{"a+tag@example.com", "a@example.com"},
		{"a+tag+more@example.com", "a@example.com"},
		{"A.B.C+x@GMail.com", "abc@gmail.com"},
		{"a.b@googlemail.com", "ab@gmail.com"},
		{"a.b@sub.gmail.com", "a.b@sub.gmail.com"},
		{`"a.b"@gmail.com`, "ab@gmail.com"},
		{`"a"@example.com`, "a@example.com"},
		{"a=b-c_d{e}@example.com", "a=b-c_d{e}@example.com"},
		{"a@b\u00fccher.example", "a@xn--bcher-kva.example"},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"", ""}, {"a", ""}, {"@example.com", ""}, {"a@", ""}, {"a@localhost", ""}, {"a@[192.0.2.1]", ""}, {"a@192.0.2.1", ""},
		{"+tag@example.com", ""}, {"...@gmail.com", ""}, {`""@example.com`, ""}, {`"a b"@example.com`, ""}, {`"a\"b"@example.com`, ""},
		{"a b@example.com", ""}, {"\u00fc@example.com", ""}, {"a\n@example.com", ""},
		{strings.Repeat("a", 65) + "@example.com", ""},
	}
	for _, test := range tests {
		if got := mailbox(test.addr); got != test.want {
			t.Errorf("%q: got %q, want %q", test.addr, got, test.want)
		}
	}
}

// FuzzMailbox brings anything into one form: there is one form for it, and it is fit for a reply.
func FuzzMailbox(f *testing.F) {
	for _, addr := range []string{"a@example.com", "A.B+c@googlemail.com", `"a.b"@gmail.com`, "<+@x.example>", "\u00fc@b\u00fccher.example", `"""@x.example`, "@", "a@b@c.example"} {
		f.Add(addr)
	}
	f.Fuzz(func(t *testing.T, addr string) {
		one := mailbox(addr)
		if one == "" {
			return
		}
		if again := mailbox(one); again != one {
			t.Errorf("%q became %q, and that %q", addr, one, again)
		}
		local, domain, _ := strings.Cut(one, "@")
		if !validLocal(local) || !validHost(domain) || strings.ContainsAny(one, "+ <>\"\r\n") || strings.ToLower(one) != one {
			t.Errorf("%q became %q", addr, one)
		}
		if upper := mailbox(strings.ToUpper(one)); upper != one {
			t.Errorf("in capitals %q is %q", one, upper)
		}
	})
}

// withHeader returns a message with these fields.
func withHeader(fields ...string) *message.Message {
	m := &message.Message{}
	for _, field := range fields {
		name, value, _ := strings.Cut(field, ":")
		m.Header = append(m.Header, message.Field{Name: name, Value: value})
	}
	return m
}

const writersFile = `
- {name: authors, title: T, zone: authors.example, ask: [author], codes: [{value: any, symbol: AUTHORS, score: 1, action: reject}]}
- {name: all, title: T, zone: all.example, ask: [rdns, helo, sender, author, reply-to], form: host, codes: [{value: any, symbol: ALL, score: 1}]}
- {name: hashes, title: T, zone: hashes.example, ask: [sender, author, reply-to, mail], form: mailbox, hash: sha1, codes: [{value: any, symbol: HASHES, score: 1}]}
- {name: domains, title: T, zone: domains.example, ask: [sender, author], hash: md5, codes: [{value: any, symbol: DOMAINS, score: 1}]}
`

func TestWriters(t *testing.T) {
	skip, faults := LoadSkip("skip", []byte("gmail.com\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set := New(load(t, writersFile), DefaultConfig(), Options{Skip: skip})
	sha := func(addrs ...string) []string {
		for i := range addrs {
			addrs[i] = dns.SHA1.Of(addrs[i])
		}
		return addrs
	}
	envelope := withHeader("From: Somebody <Some.Body@news.author.example>, \"b, c\" <b@other.example>", "Reply-To: c+1@reply.example", "reply-to: d@reply.example")
	envelope.Sender = "bounce@mx.sender.example"
	envelope.Client = message.Client{Name: "host.client.example", Helo: "helo.client.example"}
	freemail := withHeader("From: A.B@googlemail.com, x@gmail.com", "Reply-To: ab+1@gmail.com")
	freemail.Sender, freemail.Client.Helo = "x@gmail.com", "mail-1.gmail.com"
	users := withHeader("From: user@our.example", "Reply-To: USER+x@our.example")
	users.Recipients, users.Sender = []string{"User@our.example"}, "user@our.example"
	tests := []struct {
		name string
		m    *message.Message
		want map[string][]string
	}{
		{"everybody", envelope, map[string][]string{
			"authors": {"author.example", "other.example"},
			"all":     {"mx.sender.example", "news.author.example", "other.example", "reply.example", "helo.client.example", "host.client.example"},
			"hashes":  sha("bounce@mx.sender.example", "some.body@news.author.example", "b@other.example", "c@reply.example", "d@reply.example"),
			"domains": {dns.MD5.Of("sender.example"), dns.MD5.Of("author.example"), dns.MD5.Of("other.example")},
		}},
		{"well-known domains are asked about only as a whole address", freemail, map[string][]string{
			"all":     {"googlemail.com"},
			"authors": {"googlemail.com"},
			"domains": {dns.MD5.Of("googlemail.com")},
			"hashes":  sha("x@gmail.com", "ab@gmail.com"),
		}},
		{"a recipient's address is nobody's business", users, map[string][]string{
			"authors": {"our.example"}, "all": {"our.example"}, "domains": {dns.MD5.Of("our.example")},
		}},
		{"no address", withHeader("From: nobody", "Reply-To: <>, @, a@localhost, a@[192.0.2.1]"), map[string][]string{}},
		{"nothing", &message.Message{}, map[string][]string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, asksOf(t, set, set.RHSBL(), test.m, set.URIBL())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyWriters has more addresses than lists are asked about: some are, and each may be.
func TestManyWriters(t *testing.T) {
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("u%d@d%d.example", i, i))
	}
	value := " " + strings.Join(many, ", ")
	m := withHeader("From:"+value, "Reply-To:"+value)
	set := New(load(t, writersFile), DefaultConfig(), Options{})
	for name, got := range asksOf(t, set, set.RHSBL(), m, set.URIBL()) {
		most := MaxWriters
		if name != "authors" && name != "domains" {
			most *= 2
		}
		if len(got) < MaxWriters || len(got) > most {
			t.Errorf("%s: got %d questions, want at most %d", name, len(got), most)
		}
	}
	last, asked := fmt.Sprintf("d%d.example", maxWritersSeen-1), false
	for range 200 { // one in ten times it is among those that are asked about
		asked = asked || slices.Contains(asksOf(t, set, set.RHSBL(), m)["authors"], last)
	}
	if !asked {
		t.Errorf("%s is never asked about: an author can hide behind others", last)
	}
}

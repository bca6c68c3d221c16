package whitelist

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"winnow/pkg/message"
)

// Every text is either refused with a line for each fault, or read into entries that say the same when they are written
// down and read again, and that match what they stand for.
func FuzzParseSet(f *testing.F) {
	for _, name := range []string{"entries", "octets", "recipients", "whitelist"} {
		text, err := os.ReadFile("testdata/bad/" + name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f.Add(line)
		}
	}
	for line := range strings.Lines(sampleSet) {
		f.Add(line)
	}
	f.Add("\uFEFF\"a \\\" friend\"@b\u00fccher.example to:.our.example\r\n::ffff:192.0.2.0/120 # c")
	f.Add("example.org auth:dkim to:user@our.example\n<> auth:none to:info@our.example")
	freemail := testWhitelist(f)
	f.Fuzz(func(t *testing.T, text string) {
		kind := Blacklist()
		if strings.Contains(text, authField) {
			kind = freemail
		}
		set, err := kind.parseSet("f", text)
		if err != nil {
			for fault := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(fault, "f:") {
					t.Errorf("fault %q does not say where", fault)
				}
			}
			return
		}
		for _, e := range set.Entries() {
			again, err := kind.parseLine(e.String())
			if err != nil || !again.is(e) || again.Auth != e.Auth {
				t.Errorf("%q is read again as %q, %v", e.String(), again.String(), err)
			}
			if sample := sampleOf(&e); sample.full != "" && set.match(netip.Addr{}, sample, recipientAddress(toOf(&e), "+")) == nil {
				t.Errorf("%q does not match %q to %q", e.String(), sample.full, toOf(&e))
			}
		}
	})
}

// sampleOf returns a sender that an entry stands for; none for a network and the null sender.
func sampleOf(e *Entry) address {
	switch {
	case e.Who == null, isNetwork(e.Who):
		return address{}
	case strings.Contains(e.Who, "@"):
		return senderAddress(e.Who)
	case e.Who[0] == '.':
		return senderAddress("a@sub" + e.Who)
	}
	return senderAddress("a@" + e.Who)
}

func toOf(e *Entry) string {
	switch {
	case e.To == "", strings.Contains(e.To, "@"):
		return e.To
	case e.To[0] == '.':
		return "a@sub" + e.To
	}
	return "a@" + e.To
}

// Whatever stands in the fields, what is looked up is bounded and could be an id, and the same id is not looked up twice.
func FuzzAnsweredIDs(f *testing.F) {
	f.Add("<a@b>", "<c@d> <e@f>\n\t<g@h>")
	f.Add("Your message of Monday <a@\n b> (urgent)", "<<a@b>> <a@b> <>")
	f.Add("<", "<"+strings.Repeat("a", 2000)+"@b>"+strings.Repeat("<x@y>", 50))
	f.Fuzz(func(t *testing.T, inReplyTo, references string) {
		h := message.Header{{Name: "In-Reply-To", Value: inReplyTo}, {Name: "REFERENCES", Value: references}, {Name: "Message-ID", Value: inReplyTo}}
		ids := answeredIDs(h)
		had := map[string]bool{}
		for _, id := range append(ids, messageID(h)) {
			if len(id) > maxReplyText || strings.ContainsAny(id, "<> \r\n\t") {
				t.Errorf("%q is no id", id)
			}
		}
		for _, id := range ids {
			if had[id] {
				t.Errorf("%q comes twice", id)
			}
			had[id] = true
		}
		if len(ids) > maxReplyIDs {
			t.Errorf("%d ids, want at most %d", len(ids), maxReplyIDs)
		}
	})
}

// A list of freemail domains is refused or holds what it says.
func FuzzParseFreemail(f *testing.F) {
	f.Add([]byte("gmail.com\n# c\n\tb\u00fccher.example # d\r\n.com\nfoo"))
	f.Fuzz(func(t *testing.T, data []byte) {
		freemail, err := ParseFreemail("f", data)
		if err != nil {
			return
		}
		for name := range freemail.names {
			if freemail.check(name) == nil || freemail.check("."+name) == nil || freemail.check("a@"+name) != nil {
				t.Errorf("%s may stand in a whitelist, or an address there may not", name)
			}
		}
	})
}

// No address makes trouble, and the canonical form of a canonical form is itself.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"friend@example.org", `"a b"@b\u00fccher.example`, "prvs=4711abcdef=prvs=4711abcdef=x@example.org", "@", "a@", "btv1==x==@y", "Ju\u0308rgen+x@example.org.", "\xff@\xff"} {
		f.Add(s, "+-")
	}
	f.Fuzz(func(t *testing.T, s, delimiters string) {
		a := senderAddress(s)
		if a.isPerson() {
			if again := senderAddress(a.full); again != a && !strings.HasPrefix(a.full, "prvs=") && !strings.HasPrefix(a.full, "btv1=") {
				t.Errorf("%q becomes %+v, and that becomes %+v", s, a, again)
			}
		}
		r := recipientAddress(s, delimiters)
		if len(r.base) > len(r.full) || !strings.HasSuffix(r.full, r.domain) {
			t.Errorf("%q becomes %+v", s, r)
		}
	})
}

package dnslist

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"winnow/pkg/dns/dnstest"
)

var faultLine = regexp.MustCompile(`^f\.yaml(:[1-9][0-9]*)?: .`)

// FuzzLoad reads anything. What it finds nothing wrong with must be of use: every name that it asks for fits into the
// DNS, and no check panics.
func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, path := range append(files, "../../rules/lists.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(keyedFile))
	f.Add([]byte(clientsFile + namesFile[1:] + signersFile[1:]))
	f.Add([]byte(relaysFile + writersFile[1:] + linksFile[1:]))
	f.Add([]byte(realFile + hostsFile[1:]))
	f.Fuzz(func(t *testing.T, data []byte) {
		lists, faults := Load("f.yaml", data)
		for _, fault := range faults {
			if !faultLine.MatchString(fault.Error()) {
				t.Errorf("a fault without a place: %q", fault)
			}
		}
		if len(faults) > 0 || len(Lint(lists)) > 0 {
			return
		}
		for i := range lists {
			lists[i].Key = NewSecret("key")
		}
		asked := dnstest.Record(dnstest.Zones{"*": dnstest.A("127.0.0.2", "127.0.0.77")})
		_, signer := signed("signer.example")
		set := New(lists, DefaultConfig(), Options{Resolver: asked, Identity: known(signer)})
		m := mail("http://www.spam.example/x http://192.0.2.1/ a@spam.example")
		m.Header = append(m.Header, withHeader("From: a@author.example", "Reply-To: b@author.example", "DKIM-Signature: v=1",
			"Received: from a (a [198.51.100.1]) by b (Postfix) with ESMTP id 1; Wed, 14 Dec 2016 12:00:00 +0000").Header...)
		for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
			m.Client.Addr = netip.MustParseAddr(addr)
			for _, stage := range []*Stage{set.DNSBL(), set.DNSBLContent(), set.RHSBL(), set.URIBL()} {
				for _, r := range stage.Check(t.Context(), m) {
					for _, hit := range r.Hits {
						if len(hit.Text) > maxText || strings.ContainsAny(hit.Text, "\r\n") || hit.Symbol == "" {
							t.Errorf("hit %+v", hit)
						}
					}
				}
			}
		}
		for _, q := range asked.Questions() {
			if !validLabels(strings.ReplaceAll(q.Name, "*", "")) || strings.Contains(q.Name, "{") {
				t.Errorf("asked for %q", q.Name)
			}
		}
	})
}

// FuzzSkip reads anything. What it takes, it has.
func FuzzSkip(f *testing.F) {
	f.Add([]byte("# comment\nexample.com\n\nwww.example.org # behind\n"))
	f.Add([]byte("localhost\n*.example\nb\u00fccher.example\r\n\x00"))
	f.Add([]byte(strings.Repeat("a", 64) + ".example\n" + strings.Repeat("a.", 127)))
	f.Fuzz(func(t *testing.T, data []byte) {
		skip, faults := LoadSkip("skip", data)
		if (skip == nil) != (len(faults) > 0) {
			t.Errorf("got %v and %v", skip, faults)
		}
		if skip == nil {
			return
		}
		for name := range skip.names {
			if !validHost(name) || !skip.Has(name, "") || !skip.Has("www."+name, name) {
				t.Errorf("took %q", name)
			}
		}
	})
}

// FuzzRefused reads anything that stands for return codes. What it takes holds return codes only.
func FuzzRefused(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "127.0.*.1", "any", "127.0.0.1-127.0.0.9", "127.255.255.0/24", "mask 1", "mask 0x82", "-", "/", "127.0.0.1/33"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseRefused(text)
		if err != nil {
			if m.kind != matchNone {
				t.Errorf("%q: got %v with an error", text, m)
			}
			return
		}
		if m.kind == matchNone || m.Has(netip.MustParseAddr("10.0.0.2")) || m.Has(netip.MustParseAddr("::1")) || m.Has(netip.Addr{}) {
			t.Errorf("%q became %+v", text, m)
		}
	})
}

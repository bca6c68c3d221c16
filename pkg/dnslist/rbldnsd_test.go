package dnslist

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/message"
	"winnow/pkg/rig"
)

const realFile = `
- {name: emails, title: Emails, zone: emails.example, ask: [sender, author, reply-to, mail], form: mailbox, hash: sha1, codes: [{value: 127.0.0.2, symbol: EMAILS, score: 1}]}
- {name: long, title: Long, zone: long.example, ask: [author], form: mailbox, hash: sha256, codes: [{value: 127.0.3.2, symbol: LONG, score: 1}]}
- {name: urls, title: Urls, zone: urls.example, ask: [uri], form: link, hash: md5, codes: [{value: 127.0.0.8, symbol: URLS, score: 1}]}
- {name: names, title: Names, zone: names.example, ask: [rdns, helo, sender, author, reply-to, dkim, uri], form: host, codes: [{value: 127.0.1.2, symbol: NAMES, score: 1}]}
- {name: blocks, title: Blocks, zone: blocks.example, ask: [relays, uri-address, uri-ns], ipv6: yes, codes: [
    {value: 127.0.0.2, symbol: BLOCKS_RELAY, score: 1, ask: [relays]}, {value: 127.0.0.2, symbol: BLOCKS_URI, score: 1, ask: [uri-address, uri-ns]}]}
`

// TestRealLists asks rbldnsd, which serves lists of hashes, names and addresses, through unbound, which knows the hosts of
// links.
func TestRealLists(t *testing.T) {
	if missing := rig.Missing(rig.RbldnsdProgram, rig.UnboundProgram); len(missing) > 0 {
		t.Skip(strings.Join(missing, "; "))
	}
	servers, err := rig.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	zone := func(name, kind, format string, args ...any) rig.Zone {
		return rig.Zone{Name: name, Type: kind, Data: fmt.Appendf(nil, format, args...)}
	}
	rbldnsd, err := servers.Rbldnsd(t.Context(), []rig.Zone{
		zone("emails.example", "dnset", ":127.0.0.2:\n%s\n%s\n", dns.SHA1.Of("droppoint@gmail.com"), dns.SHA1.Of("spammer@sender.example")),
		zone("long.example", "dnset", ":127.0.3.2:\n%s\n", dns.SHA256.Of("droppoint@gmail.com")),
		zone("urls.example", "dnset", ":127.0.0.8:\n%s\n", dns.MD5.Of("short.example/Bad")),
		zone("names.example", "dnset", ":127.0.1.2:\n.signer.example\n.reply.example\n.rdns.example\n"),
		zone("blocks.example", "ip4set", ":127.0.0.2:\n198.51.100.1\n198.51.100.53\n"),
		zone("blocks.example", "ip6trie", ":127.0.0.2:\n2001:db8:1::/48\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	unbound, err := servers.Unbound(t.Context(), rig.UnboundConfig{Stubs: rbldnsd.Stubs(), Lines: []string{
		`local-zone: "hosted.example." static`, `local-data: "www.hosted.example. 300 IN AAAA 2001:db8:1::80"`, `local-data: "www.hosted.example. 300 IN A 198.51.100.80"`,
		`local-zone: "served.example." static`, `local-data: "served.example. 300 IN NS ns.served.example."`, `local-data: "ns.served.example. 300 IN A 198.51.100.53"`,
		`local-zone: "short.example." static`, `local-zone: "clean.example." static`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	config := dns.DefaultConfig()
	config.Servers = []string{unbound.Addr()}
	client, err := dns.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	signer := func(context.Context, *message.Message) *message.Identity {
		return &message.Identity{DKIM: []message.Signature{{Result: message.AuthPass, Domain: "mail.signer.example"}}}
	}
	set := New(load(t, realFile), DefaultConfig(), Options{Resolver: client, Identity: signer})

	tests := []struct {
		name, fields, sender, body string
		want                       string
	}{
		{"author and Reply-To, hashed", "From: x@clean.example|Reply-To: Drop.Point+42@googlemail.com", "", "", "EMAILS"},
		{"twice hashed", "From: <drop.point@gmail.com>", "", "", "LONG EMAILS"},
		{"sender", "", "Spammer@Sender.Example", "", "EMAILS"},
		{"mail address in the text", "", "", "answer to d.r.o.p.point@gmail.com please", "EMAILS"},
		{"link", "", "", "http://SHORT.example/Bad?utm=1", "URLS"},
		{"another link there", "", "", "http://short.example/good", ""},
		{"signer", "DKIM-Signature: v=1", "", "", "NAMES"},
		{"Reply-To's domain", "Reply-To: a@b.reply.example", "", "", "NAMES"},
		{"address of a link, IPv6", "", "", "http://www.hosted.example/", "BLOCKS_URI"},
		{"name server of a link", "", "", "http://www.served.example/", "BLOCKS_URI"},
		{"relay", "Received: from a (a [198.51.100.1]) by b (Postfix) with ESMTP id 1; Wed, 14 Dec 2016 12:00:00 +0000", "", "", "BLOCKS_RELAY"},
		{"none but the signer", "From: a@clean.example|Reply-To: a@clean.example|DKIM-Signature: v=1", "a@clean.example", "http://www.clean.example/x", "NAMES"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := withHeader(strings.Split(test.fields, "|")...)
			m.Client.Addr, m.Client.Name, m.Sender, m.Body = netip.MustParseAddr("192.0.2.1"), "mx.clean.example", test.sender, []byte(test.body)
			var got []string
			for _, stage := range []*Stage{set.RHSBL(), set.URIBL(), set.DNSBLContent()} {
				for _, r := range stage.Check(t.Context(), m) {
					for _, hit := range r.Hits {
						got = append(got, hit.Symbol)
					}
					if r.Err != nil {
						t.Errorf("%s: %v", r.Source, r.Err)
					}
				}
			}
			if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" && len(test.want)+len(got) > 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

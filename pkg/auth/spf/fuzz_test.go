package spf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	library "blitiri.com.ar/go/spf"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

var seeds = []string{
	"v=spf1 a:host.example/24//64 mx:mx.example ip4:192.0.2.0/24 ip6:2001:db8::/32 ptr:host.example exists:%{ir}.exists.example include:pass.example -all",
	"v=spf1 redirect=%{d2}.example exp=%{l}.%{o}.example x.y-z_=%{c}/:",
	"v=spf1 a:%{s}.%{l1r+-}.%{o}.%{d}.%{i}.%{p}.%{v}.%{h}.%{H}%%%_%-.example ?all",
	"v=spf1 mx//0 a/0 a//129 mx:%{d1r/}/24",
	"v=spf1 include:loop.example include:broken.example include:twice.example include:dead.example",
	"V=SPF1   ALL ",
	"v=spf1 ip4:1.2.3.4/032 ip6:::1.2.3.4/0 ip4:1.2.3.4.5 all:x",
	"v=spf1 a:example.-com a:example.123 a:example.com. a:.com a:foo:bar/baz.example.com",
}

// FuzzRecord looks for records that a check does not survive, or that cost more than they may.
func FuzzRecord(f *testing.F) {
	for _, record := range seeds {
		f.Add(record, "joe@example.org", "helo.example", false)
		f.Add(record, "\"j@o\\\"e\"@example.org", "[192.0.2.1]", true)
	}
	f.Fuzz(func(t *testing.T, record, sender, helo string, v6 bool) {
		all := zones()
		all["example.org"] = dnstest.TXT(record)
		asked := dnstest.Record(all)
		client := netip.MustParseAddr("192.0.2.1")
		if v6 {
			client = netip.MustParseAddr("2001:db8::1")
		}
		resolver := dns.NewCache(asked, nil, dns.DefaultCacheConfig())
		defer resolver.Close()
		got := Check(t.Context(), resolver, Query{Addr: client, Domain: "example.org", Sender: sender, Helo: helo}, World{8, 16})
		if n := len(asked.Questions()); n > maxQuestions {
			t.Errorf("%q: %d questions", record, n)
		}
		if len(got.Reason) > 400 || strings.ContainsFunc(got.Reason, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q: reason %q", record, got.Reason)
		}
		if got.World && got.Result != message.AuthPass || got.NoMail && got.Result != message.AuthFail {
			t.Errorf("%q: %+v", record, got)
		}
	})
}

// FuzzAgainstLibrary holds the evaluator to another one, wherever that follows the RFC: not in what it lets pass though it
// is no record (and so may match before it comes to the fault), nor in names with a slash and the macro p, nor in exists of
// a name that has IPv6 addresses only.
func FuzzAgainstLibrary(f *testing.F) {
	for _, record := range seeds {
		f.Add(record, false)
		f.Add(record, true)
	}
	f.Fuzz(func(t *testing.T, record string, v6 bool) {
		if !isRecord(record) || strings.Contains(record, "%{p") || strings.Contains(record, "%{P") || strings.Contains(record, "v6only") {
			return
		}
		parsed, err := parseRecord(record)
		if err != nil {
			return
		}
		for i := range parsed.terms {
			if s := parsed.terms[i].target; hasSlash(s) {
				return
			}
		}
		if hasSlash(parsed.redirect) {
			return
		}
		client := "192.0.2.1"
		if v6 {
			client = "2001:db8::1"
		}
		all := zones()
		all["example.org"] = dnstest.TXT(record)
		delete(all, "v6only.example")
		delete(all, "broken.example") // read by one of both
		resolver := dns.NewCache(all, nil, dns.DefaultCacheConfig())
		defer resolver.Close()
		want, why := library.CheckHostWithSender(net.ParseIP(client), "helo.example", "joe@example.org",
			library.WithResolver(netResolver{resolver}), library.WithContext(t.Context()))
		if got := run(t, resolver, client); got.Result.String() != string(want) {
			t.Errorf("%q: %v (%s), the library says %v (%v)", record, got.Result, got.Reason, want, why)
		}
	})
}

func hasSlash(s *spec) bool {
	if s == nil {
		return false
	}
	for _, p := range s.pieces {
		if strings.Contains(p.literal, "/") || strings.Contains(p.marks, "/") {
			return true
		}
	}
	return false
}

// netResolver answers as the library wants it: what is not there is an error of its own kind.
type netResolver struct{ next dns.Resolver }

func (n netResolver) ask(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
	answer, err := n.next.Resolve(ctx, dns.Question{Name: name, Type: t})
	switch {
	case errors.Is(err, dns.ErrName) || err == nil && answer.Empty():
		return answer, &net.DNSError{Err: "no such host", IsNotFound: true}
	case err != nil:
		return answer, &net.DNSError{Err: err.Error(), IsTemporary: true}
	}
	return answer, nil
}

func (n netResolver) LookupTXT(ctx context.Context, name string) ([]string, error) {
	answer, err := n.ask(ctx, name, dns.TXT)
	return answer.Texts, err
}

func (n netResolver) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	answer, err := n.ask(ctx, name, dns.MX)
	var list []*net.MX
	for _, host := range answer.Names {
		list = append(list, &net.MX{Host: host})
	}
	return list, err
}

func (n netResolver) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	v4, err4 := n.ask(ctx, host, dns.A)
	v6, err6 := n.ask(ctx, host, dns.AAAA)
	var list []net.IPAddr
	for _, addr := range append(v4.Addrs[:len(v4.Addrs):len(v4.Addrs)], v6.Addrs...) {
		list = append(list, net.IPAddr{IP: addr.AsSlice()})
	}
	if len(list) > 0 {
		return list, nil
	}
	if err4 == nil {
		return nil, err6
	}
	return nil, err4
}

func (n netResolver) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	answer, err := n.ask(ctx, message.ReverseName(netip.MustParseAddr(addr)), dns.PTR)
	return answer.Names, err
}

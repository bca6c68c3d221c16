package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	wire "github.com/miekg/dns"
)

// reply is an answer of a recursive resolver. Records are as in a zone file; those of a SOA go into the authority section.
func reply(name string, t Type, records ...string) *wire.Msg {
	msg := new(wire.Msg).SetQuestion(name, uint16(t))
	msg.Response, msg.RecursionAvailable, msg.Compress = true, true, true
	for _, text := range records {
		rr, err := wire.NewRR(text)
		if err != nil {
			panic(err)
		}
		if rr.Header().Rrtype == wire.TypeSOA && t != SOA {
			msg.Ns = append(msg.Ns, rr)
		} else {
			msg.Answer = append(msg.Answer, rr)
		}
	}
	return msg
}

func with(msg *wire.Msg, change func(*wire.Msg)) *wire.Msg {
	change(msg)
	return msg
}

func rcodeReply(code int, records ...string) *wire.Msg {
	return with(reply("a.example.", A, records...), func(m *wire.Msg) { m.Rcode = code })
}

func pack(t testing.TB, msg *wire.Msg) []byte {
	t.Helper()
	packet, err := msg.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

func addrs(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

// chain is n aliases in a row, then an address.
func chain(n int) (records []string) {
	name := "a.example."
	for i := range n {
		next := fmt.Sprintf("a%d.example.", i)
		records = append(records, name+" 60 IN CNAME "+next)
		name = next
	}
	return append(records, name+" 60 IN A 192.0.2.1")
}

func many(n int) (records []string) {
	for i := range n {
		records = append(records, fmt.Sprintf("a.example. 60 IN A 10.0.%d.%d", i/256, i%256))
	}
	return records
}

const soa = "example. 900 IN SOA ns.example. root.example. 1 2 3 4 "

func TestReadAnswer(t *testing.T) {
	tests := []struct {
		name string
		msg  *wire.Msg
		want Answer
	}{
		{"all addresses, the least TTL",
			reply("a.example.", A, "a.example. 300 IN A 127.0.0.2", "a.example. 60 IN A 127.0.0.4", "a.example. 900 IN A 127.0.0.10"),
			Answer{Addrs: addrs("127.0.0.2", "127.0.0.4", "127.0.0.10"), TTL: time.Minute}},
		{"IPv6", reply("a.example.", AAAA, "a.example. 60 IN AAAA 2001:db8::1"), Answer{Addrs: addrs("2001:db8::1"), TTL: time.Minute}},
		{"records of other names, types and classes are passed over",
			reply("a.example.", A, "a.example. 60 IN A 127.0.0.2", "b.example. 1 IN A 127.0.0.3", "a.example. 1 IN TXT x", "a.example. 1 CH A 127.0.0.9"),
			Answer{Addrs: addrs("127.0.0.2"), TTL: time.Minute}},
		{"case of owners does not count", reply("a.example.", A, "A.eXample. 60 IN A 127.0.0.2"), Answer{Addrs: addrs("127.0.0.2"), TTL: time.Minute}},
		{"strings of a text are joined", reply("a.example.", TXT, `a.example. 60 IN TXT "v=spf1 " "-all"`, `a.example. 60 IN TXT other`),
			Answer{Texts: []string{"v=spf1 -all", "other"}, TTL: time.Minute}},
		{"octets of a text", reply("a.example.", TXT, `a.example. 60 IN TXT "\000\255\\\" ä 1\0502"`),
			Answer{Texts: []string{"\x00\xff\\\" ä 122"}, TTL: time.Minute}},
		{"an empty text is a record", reply("a.example.", TXT, `a.example. 60 IN TXT ""`), Answer{Texts: []string{""}, TTL: time.Minute}},
		{"PTR", reply("a.example.", PTR, "a.example. 60 IN PTR Mail.Example.ORG."), Answer{Names: []string{"mail.example.org"}, TTL: time.Minute}},
		{"NS", reply("a.example.", NS, "a.example. 60 IN NS ns.example.org."), Answer{Names: []string{"ns.example.org"}, TTL: time.Minute}},
		{"SOA", reply("a.example.", SOA, "a.example. 60 IN SOA ns.example. root.example. 1 2 3 4 5"), Answer{Names: []string{"ns.example"}, TTL: time.Minute}},
		{"MX, the best first", reply("a.example.", MX, "a.example. 60 IN MX 20 b.example.", "a.example. 60 IN MX 5 a.example.", "a.example. 60 IN MX 20 c.example."),
			Answer{Names: []string{"a.example", "b.example", "c.example"}, TTL: time.Minute}},
		{"a null MX is the root", reply("a.example.", MX, "a.example. 60 IN MX 0 ."), Answer{Names: []string{"."}, TTL: time.Minute}},
		{"aliases count for the TTL",
			reply("a.example.", A, "a.example. 30 IN CNAME b.example.", "b.example. 300 IN CNAME c.example.", "c.example. 60 IN A 192.0.2.1"),
			Answer{Addrs: addrs("192.0.2.1"), TTL: 30 * time.Second}},
		{"aliases in any order",
			reply("a.example.", A, "c.example. 60 IN A 192.0.2.1", "b.example. 300 IN CNAME c.example.", "a.example. 300 IN CNAME B.example."),
			Answer{Addrs: addrs("192.0.2.1"), TTL: time.Minute}},
		{"as many aliases as are followed", reply("a.example.", A, chain(maxAliases)...), Answer{Addrs: addrs("192.0.2.1"), TTL: time.Minute}},
		{"as many records as are taken", reply("a.example.", A, many(maxRecords)...), Answer{Addrs: addrsUpTo(maxRecords), TTL: time.Minute}},
		{"no such name: the SOA's minimum", rcodeReply(wire.RcodeNameError, soa+"120"), Answer{NXDomain: true, TTL: 2 * time.Minute}},
		{"no such name: the SOA's own TTL", rcodeReply(wire.RcodeNameError, soa+"7200"), Answer{NXDomain: true, TTL: 15 * time.Minute}},
		{"no such name, without SOA", rcodeReply(wire.RcodeNameError), Answer{NXDomain: true}},
		{"no such name behind an alias", rcodeReply(wire.RcodeNameError, "a.example. 30 IN CNAME b.example.", soa+"120"), Answer{NXDomain: true, TTL: 30 * time.Second}},
		{"no such name, whatever stands beside", rcodeReply(wire.RcodeNameError, "a.example. 60 IN A 127.0.0.2", soa+"30"), Answer{NXDomain: true, TTL: 30 * time.Second}},
		{"no such type", reply("a.example.", A, soa+"120"), Answer{TTL: 2 * time.Minute}},
		{"no such type behind an alias", reply("a.example.", A, "a.example. 30 IN CNAME b.example.", soa+"120"), Answer{TTL: 30 * time.Second}},
		{"no such type, from a resolver that sends no SOA", reply("a.example.", A), Answer{}},
		{"no such type, from a server of the zone that has no SOA",
			with(reply("a.example.", A), func(m *wire.Msg) { m.RecursionAvailable, m.Authoritative = false, true }), Answer{}},
		{"a TTL below zero is zero", reply("a.example.", A, "a.example. 4294967295 IN A 127.0.0.2"), Answer{Addrs: addrs("127.0.0.2")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAnswer(pack(t, tt.msg), Type(tt.msg.Question[0].Qtype))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func addrsUpTo(n int) (list []netip.Addr) {
	for i := range n {
		list = append(list, netip.AddrFrom4([4]byte{10, 0, byte(i / 256), byte(i % 256)}))
	}
	return list
}

func TestReadAnswerErrors(t *testing.T) {
	tests := []struct {
		name string
		msg  *wire.Msg
		want error
		text string
	}{
		{"SERVFAIL", rcodeReply(wire.RcodeServerFailure), ErrServFail, "server failure (SERVFAIL)"},
		{"SERVFAIL with a reason", with(rcodeReply(wire.RcodeServerFailure), func(m *wire.Msg) {
			m.SetEdns0(1232, false)
			m.IsEdns0().Option = []wire.EDNS0{
				&wire.EDNS0_NSID{Code: wire.EDNS0NSID},
				&wire.EDNS0_EDE{InfoCode: wire.ExtendedErrorCodeNoReachableAuthority, ExtraText: "at a.example."},
			}
		}), ErrServFail, "server failure (SERVFAIL): No Reachable Authority"},
		{"REFUSED", rcodeReply(wire.RcodeRefused), ErrRefused, "refused to answer (REFUSED)"},
		{"FORMERR", rcodeReply(wire.RcodeFormatError), ErrRcode, "answered with an error code: FORMERR"},
		{"an extended code", with(rcodeReply(wire.RcodeBadCookie), func(m *wire.Msg) { m.SetEdns0(1232, false) }), ErrRcode, "answered with an error code: BADCOOKIE"},
		{"a code without name", rcodeReply(12), ErrRcode, "answered with an error code: 12"},
		{"a referral", with(reply("a.example.", A), func(m *wire.Msg) {
			m.RecursionAvailable = false
			m.Ns = []wire.RR{&wire.NS{Hdr: wire.RR_Header{Name: "example.", Rrtype: wire.TypeNS, Class: wire.ClassINET}, Ns: "ns.example."}}
		}), ErrRefused, "refused to answer (REFUSED): it sends us on to others and does not resolve"},
		{"an alias out of the server's zones", with(reply("a.example.", A, "a.example. 30 IN CNAME b.example."), func(m *wire.Msg) {
			m.RecursionAvailable, m.Authoritative = false, true
		}), ErrRefused, "refused to answer (REFUSED): it sends us on to others and does not resolve"},
		{"too many aliases", reply("a.example.", A, chain(maxAliases+1)...), ErrMalformed, "malformed answer: more than 16 aliases in a row"},
		{"aliases in a circle", reply("a.example.", A, "a.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME a.example."),
			ErrMalformed, "malformed answer: more than 16 aliases in a row"},
		{"too many records", reply("a.example.", A, many(maxRecords+1)...), ErrMalformed, "malformed answer: more than 512 records"},
		{"a text too long", reply("a.example.", TXT, "a.example. 60 IN TXT"+strings.Repeat(` "`+strings.Repeat("x", 255)+`"`, 17)),
			ErrMalformed, "malformed answer: a text of more than 4096 octets"},
		{"an address without content", with(reply("a.example.", A), func(m *wire.Msg) {
			m.Answer = []wire.RR{&wire.ANY{Hdr: wire.RR_Header{Name: "a.example.", Rrtype: wire.TypeA, Class: wire.ClassINET}}}
		}), ErrMalformed, "malformed answer: a record without content"},
		{"an alias without content", with(reply("a.example.", A), func(m *wire.Msg) {
			m.Answer = []wire.RR{&wire.ANY{Hdr: wire.RR_Header{Name: "a.example.", Rrtype: wire.TypeCNAME, Class: wire.ClassINET}}}
		}), ErrMalformed, "malformed answer: a record without content"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := readAnswer(pack(t, tt.msg), Type(tt.msg.Question[0].Qtype))
			if !errors.Is(err, tt.want) || err.Error() != tt.text {
				t.Errorf("got %+v, error %v, want error %q", got, err, tt.text)
			}
		})
	}
}

// The parser takes a section that ends early for whole if it ends between two records; half a record set must not pass.
func TestReadAnswerCutShort(t *testing.T) {
	packet := pack(t, with(reply("a.example.", A, many(3)...), func(m *wire.Msg) { m.Compress = false }))
	const record = 11 + 10 + 4 // the name, type to length, an address
	for cut := 1; cut <= 3*record; cut++ {
		if got, err := readAnswer(packet[:len(packet)-cut], A); !errors.Is(err, ErrMalformed) {
			t.Errorf("cut by %d octets: got %+v, error %v, want a malformed answer", cut, got, err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	for _, msg := range []*wire.Msg{
		reply("a.example.", A, "a.example. 300 IN CNAME b.example.", "b.example. 60 IN A 127.0.0.4"),
		reply("a.example.", TXT, `a.example. 60 IN TXT "v=spf1 " "\000\255\\-all"`),
		reply("a.example.", MX, "a.example. 60 IN MX 20 b.example.", "a.example. 60 IN MX 0 ."),
		reply("a.example.", PTR, `a.example. 60 IN PTR a\.b\000.example.`),
		rcodeReply(wire.RcodeNameError, soa+"120"),
		rcodeReply(wire.RcodeServerFailure),
	} {
		f.Add(pack(f, msg), msg.Question[0].Qtype)
	}
	f.Fuzz(func(t *testing.T, packet []byte, kind uint16) {
		if len(packet) < headerSize { // exchange.answers sees to it
			return
		}
		a, err := readAnswer(packet, Type(kind))
		if err != nil {
			if !a.Empty() || a.NXDomain {
				t.Fatalf("got %+v with error %v", a, err)
			}
			return
		}
		if a.NXDomain && !a.Empty() {
			t.Fatalf("records of a name that does not exist: %+v", a)
		}
		if a.TTL < 0 || len(a.Addrs)+len(a.Texts)+len(a.Names) > maxRecords {
			t.Fatalf("out of bounds: %+v", a)
		}
		// Whatever a Client returns, the shared cache can hold.
		if !Type(kind).known() {
			return
		}
		expires := time.UnixMilli(1481673600000)
		b, when, err := decode(encode(&a, expires), Type(kind))
		if err != nil || !when.Equal(expires) {
			t.Fatalf("got error %v, %v from the cache for %+v", err, when, a)
		}
		if b.TTL = a.TTL; cmp.Diff(a, b, cmpopts.EquateComparable(netip.Addr{})) != "" {
			t.Fatalf("got %+v from the cache, want %+v", b, a)
		}
	})
}

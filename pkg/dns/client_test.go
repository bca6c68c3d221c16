package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

const (
	ample = 10 * time.Second       // for questions that are answered, however busy the machine
	short = 100 * time.Millisecond // for those that are not
)

var sameAddrs = cmpopts.EquateComparable(netip.Addr{})

// newClient returns a Client of these servers.
func newClient(t testing.TB, timeout time.Duration, servers ...string) *dns.Client {
	t.Helper()
	c := dns.DefaultConfig()
	c.Servers, c.Timeout = servers, timeout
	return open(t, c)
}

func open(t testing.TB, c dns.Config) *dns.Client {
	t.Helper()
	client, err := dns.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// nobody returns an address where no server is.
func nobody(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().String()
}

func manyAddrs(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("10.1.%d.%d", i/256, i%256))
	}
	return list
}

var longest = strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("y", 61)

var zones = dnstest.Zones{
	"2.0.0.127.zen.example": {A: []string{"127.0.0.2", "127.0.0.4"}, TXT: []string{`https://zen.example/?q="1"\2`, "second"}, TTL: time.Minute},
	"six.example":           {AAAA: []string{"2001:db8::1", "2001:db8::2"}},
	"long.example":          dnstest.TXT("v=DKIM1; p=" + strings.Repeat("0123456789abcdef", 60)),
	"mail.example":          {MX: []string{"mx1.example", "mx2.example"}, NS: []string{"ns.example"}},
	"1.2.0.192.example":     {PTR: []string{"mail.example"}},
	"alias.example":         {CNAME: "other.example", TTL: 20 * time.Second},
	"other.example":         {CNAME: "2.0.0.127.zen.example", TTL: 30 * time.Second},
	"a b.example":           dnstest.A("192.0.2.6"),
	`a\ b.example`:          dnstest.A("192.0.2.6"), // as the server's library writes that
	"nowhere.example":       {CNAME: "none.example", TTL: 30 * time.Second},
	"*.open.example":        dnstest.A("127.255.255.254"),
	"many.example":          dnstest.A(manyAddrs(200)...),
	"truncate.example":      {A: []string{"127.0.0.2"}, Fault: dnstest.Truncate},
	longest:                 {A: []string{"127.0.0.2"}, Fault: dnstest.Truncate},
	"forged.example":        {A: []string{"127.0.0.2"}, Fault: dnstest.Forged},
	"flood.example":         {A: []string{"127.0.0.2"}, Fault: dnstest.Flood},
	"servfail.example":      dnstest.Fails(dnstest.ServFail),
	"refused.example":       dnstest.Fails(dnstest.Refused),
	"notimp.example":        dnstest.Fails(dnstest.NotImp),
	"silent.example":        dnstest.Fails(dnstest.Timeout),
	"wrongid.example":       dnstest.Fails(dnstest.WrongID),
	"wrongname.example":     dnstest.Fails(dnstest.WrongQuestion),
	"garbage.example":       dnstest.Fails(dnstest.Garbage),
	"malformed.example":     dnstest.Fails(dnstest.Malformed),
}

// A Client must make of a server what the literal says: then unit tests on the literal are tests of the real thing.
func TestClientReadsWhatTheServerHolds(t *testing.T) {
	addr := dnstest.Serve(t, zones).Addr
	t.Run("here", func(t *testing.T) { readAll(t, newClient(t, ample, addr)) })
	t.Run("remote", func(t *testing.T) {
		client := newClient(t, ample, addr)
		dns.AsRemote(client)
		readAll(t, client)
	})
}

func readAll(t *testing.T, client *dns.Client) {
	questions := []dns.Question{
		{Name: "2.0.0.127.zen.example", Type: dns.A},
		{Name: "2.0.0.127.ZEN.Example.", Type: dns.A},
		{Name: "2.0.0.127.zen.example", Type: dns.TXT},
		{Name: "2.0.0.127.zen.example", Type: dns.AAAA},
		{Name: "six.example", Type: dns.AAAA},
		{Name: "long.example", Type: dns.TXT},
		{Name: "mail.example", Type: dns.MX},
		{Name: "mail.example", Type: dns.NS},
		{Name: "1.2.0.192.example", Type: dns.PTR},
		{Name: "alias.example", Type: dns.A},
		{Name: "alias.example", Type: dns.AAAA},
		{Name: "a b.example", Type: dns.A},
		{Name: "nowhere.example", Type: dns.A},
		{Name: "none.example", Type: dns.A},
		{Name: "4.3.2.1.open.example", Type: dns.A},
		{Name: "open.example", Type: dns.A},
		{Name: "many.example", Type: dns.A},
		{Name: "truncate.example", Type: dns.A},
		{Name: longest, Type: dns.A},
		{Name: "forged.example", Type: dns.A},
		{Name: "flood.example", Type: dns.A},
	}
	for _, q := range questions {
		t.Run(q.Name+" "+q.Type.String(), func(t *testing.T) {
			want, err := zones.Resolve(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got, err := client.Resolve(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, sameAddrs); diff != "" {
				t.Error(diff)
			}
		})
	}
	s := client.Stats()
	if s.Questions != uint64(len(questions)) || s.Sent != s.Questions || s.Retries != 0 {
		t.Errorf("got %+v, want each question sent once", s)
	}
	if s.TCP != 4 { // many, truncate twice, flood
		t.Errorf("got %d questions over TCP, want 4", s.TCP)
	}
	if s.Stray < 4+33 { // forged and flood
		t.Errorf("got %d stray packets, want all before the answer", s.Stray)
	}
}

func TestClientFaults(t *testing.T) {
	server := dnstest.Serve(t, zones)
	tests := []struct {
		name  string
		want  error
		asked int
		text  string
	}{
		{"servfail.example", dns.ErrServFail, 1, "server failure (SERVFAIL)"},
		{"refused.example", dns.ErrRefused, 1, "refused to answer (REFUSED)"},
		{"notimp.example", dns.ErrRcode, 1, "answered with an error code: NOTIMP"},
		{"malformed.example", dns.ErrMalformed, 1, "malformed answer"},
		{"silent.example", dns.ErrTimeout, 2, "no answer in time"},
		{"wrongid.example", dns.ErrTimeout, 2, "no answer in time"},
		{"wrongname.example", dns.ErrTimeout, 2, "no answer in time"},
		{"garbage.example", dns.ErrTimeout, 2, "no answer in time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			timeout := ample
			if tt.want == dns.ErrTimeout {
				timeout = short
			}
			server.Forget()
			client := newClient(t, timeout, server.Addr)
			q := dns.Question{Name: tt.name, Type: dns.A}
			got, err := client.Resolve(t.Context(), q)
			if !errors.Is(err, tt.want) || !got.Empty() {
				t.Fatalf("got %+v, error %v, want %v", got, err, tt.want)
			}
			if want := "dns server " + server.Addr + ": " + tt.text; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
			if asked := len(server.Questions()); asked != tt.asked {
				t.Errorf("asked %d times, want %d", asked, tt.asked)
			}
			_, inMemory := zones.Resolve(t.Context(), q)
			if !errors.Is(inMemory, tt.want) {
				t.Errorf("the literal gives %v, want %v", inMemory, tt.want)
			}
			s := client.Stats()
			failed := s.Timeouts + s.Networks + s.ServFails + s.Refusals + s.Malformed + s.Rcodes
			if int(failed) != tt.asked || int(s.Sent) != tt.asked || int(s.Retries) != tt.asked-1 {
				t.Errorf("got %+v, want %d failed attempts", s, tt.asked)
			}
		})
	}
}

func TestClientAsksAnother(t *testing.T) {
	q := dns.Question{Name: "a.example", Type: dns.A}
	good := dnstest.Zones{"a.example": dnstest.A("127.0.0.2")}
	for _, tt := range []struct {
		name    string
		first   dnstest.Fault
		timeout time.Duration
	}{
		{"after SERVFAIL", dnstest.ServFail, ample},
		{"after REFUSED", dnstest.Refused, ample},
		{"after NOTIMP", dnstest.NotImp, ample},
		{"after a malformed answer", dnstest.Malformed, ample},
		{"after silence", dnstest.Timeout, 500 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := dnstest.Serve(t, good), dnstest.Serve(t, good)
			first.Fail(tt.first)
			client := newClient(t, tt.timeout, first.Addr, second.Addr)
			got, err := client.Resolve(t.Context(), q)
			if err != nil || len(got.Addrs) != 1 {
				t.Fatalf("got %+v, error %v, want one address", got, err)
			}
			if s := client.Stats(); s.Sent != 2 || s.Retries != 1 || len(first.Questions()) != 1 || len(second.Questions()) != 1 {
				t.Errorf("got %+v, want each asked once", s)
			}
		})
	}
}

// A server rests only when it was silent several times in a row.
func TestClientForgivesSilence(t *testing.T) {
	zones := dnstest.Zones{"a.example": dnstest.A("127.0.0.2")}
	first, second := dnstest.Serve(t, zones), dnstest.Serve(t, zones)
	client := newClient(t, ample, first.Addr, second.Addr)
	for range 5 {
		dns.Silence(client, 2)
		if _, err := client.Resolve(t.Context(), a("a.example")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(first.Questions()); n != 5 {
		t.Errorf("asked the first server %d times, want 5", n)
	}
	dns.Silence(client, 3)
	if _, err := client.Resolve(t.Context(), a("a.example")); err != nil || len(second.Questions()) != 1 {
		t.Errorf("got error %v, second server asked %d times, want once", err, len(second.Questions()))
	}
}

func TestClientPassesDeadServerBy(t *testing.T) {
	server := dnstest.Serve(t, dnstest.Zones{"a.example": dnstest.A("127.0.0.2")})
	client := newClient(t, ample, nobody(t), server.Addr)
	for range 5 {
		if got, err := client.Resolve(t.Context(), dns.Question{Name: "a.example", Type: dns.A}); err != nil || len(got.Addrs) != 1 {
			t.Fatalf("got %+v, error %v, want one address", got, err)
		}
	}
	if s := client.Stats(); s.Networks != 1 || s.Sent != 6 {
		t.Errorf("got %+v, want the dead server asked only once", s)
	}
}

// rbldnsd, for one, does not speak TCP.
func TestClientServerWithoutTCP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		packet := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			packet[2] |= 0x82 // a response, truncated
			_, _ = conn.WriteTo(packet[:n], from)
		}
	})
	t.Cleanup(func() { _ = conn.Close(); serving.Wait() })
	addr := conn.LocalAddr().String()
	other := dnstest.Serve(t, dnstest.Zones{"a.example": dnstest.A("127.0.0.2")})
	client := newClient(t, ample, addr, other.Addr)
	for range 3 {
		if got, err := client.Resolve(t.Context(), dns.Question{Name: "a.example", Type: dns.A}); err != nil || len(got.Addrs) != 1 {
			t.Fatalf("got %+v, error %v, want the other server's answer", got, err)
		}
	}
	if s := client.Stats(); s.Networks != 3 || s.TCP != 3 || s.Retries != 3 {
		t.Errorf("got %+v, want the first server asked each time: it is there", s)
	}
	_, err = newClient(t, ample, addr).Resolve(t.Context(), dns.Question{Name: "a.example", Type: dns.A})
	if want := "dns server " + addr + ": over TCP: cannot be reached: connection refused"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestClientTellsOfBothServers(t *testing.T) {
	server := dnstest.Serve(t, zones)
	dead := nobody(t)
	client := newClient(t, ample, dead, server.Addr)
	_, err := client.Resolve(t.Context(), dns.Question{Name: "servfail.example", Type: dns.A})
	if !errors.Is(err, dns.ErrNetwork) || !errors.Is(err, dns.ErrServFail) {
		t.Errorf("got %v, want both errors", err)
	}
	want := "dns server " + dead + ": cannot be reached: connection refused; dns server " + server.Addr + ": server failure (SERVFAIL)"
	if err == nil || err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestClientCallerGoesAway(t *testing.T) {
	server := dnstest.Serve(t, zones)
	client := newClient(t, ample, server.Addr)
	q := dns.Question{Name: "silent.example", Type: dns.A}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		server.Await(1)
		cancel()
	}()
	if _, err := client.Resolve(ctx, q); !errors.Is(err, context.Canceled) || errors.Is(err, dns.ErrTimeout) {
		t.Errorf("cancelled: got %v, want only that", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), short)
	defer cancel()
	if _, err := client.Resolve(ctx, q); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, dns.ErrTimeout) {
		t.Errorf("out of time: got %v, want a timeout that is the caller's", err)
	}
	if _, err := client.Resolve(ctx, dns.Question{Name: "many.example", Type: dns.A}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("out of time before: got %v, want the caller's error", err)
	}
	if s := client.Stats(); s.Retries != 0 {
		t.Errorf("got %+v, want no second attempt for nobody", s)
	}
}

// A question whose socket was cut off by its caller must not leave that behind for the next.
func TestClientAfterManyCancellations(t *testing.T) {
	client := newClient(t, ample, dnstest.Serve(t, zones).Addr)
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := client.Resolve(ctx, dns.Question{Name: "2.0.0.127.zen.example", Type: dns.A})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		got, err := client.Resolve(t.Context(), dns.Question{Name: "six.example", Type: dns.AAAA})
		if err != nil || len(got.Addrs) != 2 {
			t.Fatalf("question %d: got %+v, error %v, want two addresses", i, got, err)
		}
	}
}

func TestClientRefusesNames(t *testing.T) {
	server := dnstest.Serve(t, zones)
	client := newClient(t, ample, server.Addr)
	for _, name := range []string{"", ".", "a..example", strings.Repeat("x", 64) + ".example", longest + "z", "a\tb.example"} {
		if _, err := client.Resolve(t.Context(), dns.Question{Name: name, Type: dns.A}); !errors.Is(err, dns.ErrName) {
			t.Errorf("%q: got error %v, want %v", name, err, dns.ErrName)
		}
	}
	if asked := server.Questions(); len(asked) > 0 {
		t.Errorf("asked %v, want nothing", asked)
	}
}

func TestClientLimitsQuestionsUnderWay(t *testing.T) {
	server := dnstest.Serve(t, zones)
	c := dns.DefaultConfig()
	c.Servers, c.Timeout, c.InFlight = []string{server.Addr}, ample, 1
	client := open(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() { _, _ = client.Resolve(ctx, dns.Question{Name: "silent.example", Type: dns.A}) })
	server.Await(1)
	brief, release := context.WithTimeout(t.Context(), short)
	defer release()
	_, err := client.Resolve(brief, dns.Question{Name: "six.example", Type: dns.AAAA})
	if !errors.Is(err, dns.ErrTimeout) || !strings.Contains(err.Error(), "in_flight") {
		t.Errorf("got error %v, want one that names in_flight", err)
	}
	cancel()
	first.Wait()
	if got, err := client.Resolve(t.Context(), dns.Question{Name: "six.example", Type: dns.AAAA}); err != nil || len(got.Addrs) != 2 {
		t.Errorf("afterwards: got %+v, error %v, want two addresses", got, err)
	}
}

func TestClientClosed(t *testing.T) {
	client := newClient(t, ample, dnstest.Serve(t, zones).Addr)
	q := dns.Question{Name: "six.example", Type: dns.AAAA}
	if _, err := client.Resolve(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.Resolve(t.Context(), q); !errors.Is(err, dns.ErrClosed) {
		t.Errorf("got error %v, want %v", err, dns.ErrClosed)
	}
}

// Without EDNS0 a server may send 512 octets, so that more comes over TCP.
func TestClientWithoutEDNS0(t *testing.T) {
	c := dns.DefaultConfig()
	c.Servers, c.UDPSize, c.Timeout = []string{dnstest.Serve(t, dnstest.Zones{"a.example": dnstest.A(manyAddrs(40)...)}).Addr}, 0, ample
	client := open(t, c)
	if got, err := client.Resolve(t.Context(), dns.Question{Name: "a.example", Type: dns.A}); err != nil || len(got.Addrs) != 40 {
		t.Errorf("got %+v, error %v, want 40 addresses", got, err)
	}
	if s := client.Stats(); s.TCP != 1 {
		t.Errorf("got %+v, want one question over TCP", s)
	}
}

func TestClientManyAtOnce(t *testing.T) {
	many := dnstest.Zones{}
	for i := range 100 {
		name := fmt.Sprintf("n%d.example", i)
		many[name] = dnstest.TXT(name)
	}
	server := dnstest.Serve(t, many)
	client := newClient(t, ample, server.Addr)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for name := range many {
				got, err := client.Resolve(t.Context(), dns.Question{Name: name, Type: dns.TXT})
				if err != nil || len(got.Texts) != 1 || got.Texts[0] != name {
					t.Errorf("%s: got %v, error %v", name, got.Texts, err)
				}
			}
		})
	}
	all.Wait()
}

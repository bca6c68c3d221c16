package dnstest_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func addr(s string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(s)} }

func TestZones(t *testing.T) {
	zones := dnstest.Zones{
		"a.example":         dnstest.A("192.0.2.1"),
		"*.example":         dnstest.A("192.0.2.2"),
		"*.deep.example":    dnstest.A("192.0.2.3"),
		"short.example":     {TXT: []string{"text"}, TTL: time.Second},
		"alias.example":     {CNAME: "a.example", TTL: time.Minute},
		"circle.example":    {CNAME: "circle.example"},
		"failing.example":   dnstest.Fails(dnstest.ServFail),
		"to-failed.example": {CNAME: "failing.example"},
	}
	tests := []struct {
		name string
		typ  dns.Type
		want dns.Answer
		err  error
	}{
		{"a.example", dns.A, dns.Answer{Addrs: addr("192.0.2.1"), TTL: dnstest.DefaultTTL}, nil},
		{"A.Example.", dns.A, dns.Answer{Addrs: addr("192.0.2.1"), TTL: dnstest.DefaultTTL}, nil},
		{"a.example", dns.AAAA, dns.Answer{TTL: dnstest.DefaultTTL}, nil},
		{"b.example", dns.A, dns.Answer{Addrs: addr("192.0.2.2"), TTL: dnstest.DefaultTTL}, nil},
		{"x.y.deep.example", dns.A, dns.Answer{Addrs: addr("192.0.2.3"), TTL: dnstest.DefaultTTL}, nil},
		{"deep.example", dns.A, dns.Answer{Addrs: addr("192.0.2.2"), TTL: dnstest.DefaultTTL}, nil},
		{"example", dns.A, dns.Answer{NXDomain: true, TTL: dnstest.DefaultTTL}, nil},
		{"short.example", dns.TXT, dns.Answer{Texts: []string{"text"}, TTL: time.Second}, nil},
		{"alias.example", dns.A, dns.Answer{Addrs: addr("192.0.2.1"), TTL: time.Minute}, nil},
		{"circle.example", dns.A, dns.Answer{}, dns.ErrMalformed},
		{"to-failed.example", dns.A, dns.Answer{}, dns.ErrServFail},
	}
	for _, tt := range tests {
		got, err := zones.Resolve(t.Context(), dns.Question{Name: tt.name, Type: tt.typ})
		if !errors.Is(err, tt.err) {
			t.Errorf("%s %v: got error %v, want %v", tt.name, tt.typ, err, tt.err)
		}
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s %v: %s", tt.name, tt.typ, diff)
		}
	}
}

func TestZonesDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zones := dnstest.Zones{"slow.example": {A: []string{"192.0.2.1"}, Delay: time.Minute}}
		q := dns.Question{Name: "slow.example", Type: dns.A}
		start := time.Now()
		if got, err := zones.Resolve(t.Context(), q); err != nil || len(got.Addrs) != 1 || time.Since(start) != time.Minute {
			t.Errorf("got %+v, error %v after %v, want the answer after a minute", got, err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := zones.Resolve(ctx, q); !errors.Is(err, dns.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want a timeout", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := zones.Resolve(ctx, q); !errors.Is(err, context.Canceled) || errors.Is(err, dns.ErrTimeout) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	})
}

func TestRecorder(t *testing.T) {
	r := dnstest.Record(dnstest.Zones{"a.example": dnstest.TXT("text")})
	want := []dns.Question{{Name: "a.example", Type: dns.TXT}, {Name: "b.example", Type: dns.A}}
	for _, q := range want {
		if _, err := r.Resolve(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, r.Questions()); diff != "" {
		t.Error(diff)
	}
}

func TestServer(t *testing.T) {
	server := dnstest.Serve(t, nil)
	c := dns.DefaultConfig()
	c.Servers, c.Timeout = []string{server.Addr}, 10*time.Second
	client, err := dns.New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask := func() (string, error) {
		got, err := client.Resolve(t.Context(), dns.Question{Name: "a.example", Type: dns.TXT})
		if len(got.Texts) == 1 {
			return got.Texts[0], err
		}
		return "", err
	}
	steps := []struct {
		name string
		do   func()
		want string
		err  error
	}{
		{"at first", func() {}, "", nil},
		{"set", func() { server.Set("a.example", dnstest.TXT("one")) }, "one", nil},
		{"set again", func() { server.Set("a.example", dnstest.TXT("two")) }, "two", nil},
		{"failing", func() { server.Fail(dnstest.Refused) }, "", dns.ErrRefused},
		{"not failing", func() { server.Fail(dnstest.None) }, "two", nil},
		{"removed", func() { server.Remove("a.example") }, "", nil},
	}
	for i, step := range steps {
		step.do()
		if got, err := ask(); got != step.want || !errors.Is(err, step.err) {
			t.Errorf("%s: got %q, error %v, want %q, %v", step.name, got, err, step.want, step.err)
		}
		server.Await(i + 1)
		if n := len(server.Questions()); n != i+1 {
			t.Errorf("%s: the log holds %d questions, want %d", step.name, n, i+1)
		}
	}
	server.Forget()
	if log := server.Questions(); len(log) != 0 {
		t.Errorf("got log %v, want none", log)
	}
}

// A server ends with its test, also while somebody waits for an answer of it.
func TestServerEndsDelays(t *testing.T) {
	var server *dnstest.Server
	t.Run("slow", func(t *testing.T) {
		server = dnstest.Serve(t, dnstest.Zones{"a.example": {Delay: time.Hour}})
		c := dns.DefaultConfig()
		c.Servers = []string{server.Addr}
		client, err := dns.New(c)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			server.Await(1)
			cancel()
		}()
		if _, err := client.Resolve(ctx, dns.Question{Name: "a.example", Type: dns.A}); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	})
	server.Await(2) // returns, because nobody will ask again
}

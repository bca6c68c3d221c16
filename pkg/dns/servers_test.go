package dns

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestServersOfConfig(t *testing.T) {
	c := DefaultConfig()
	c.Servers = []string{"192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5353", "::ffff:192.0.2.9", "fe80::1%lo"}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	want := []string{"192.0.2.1:53", "192.0.2.1:5353", "[2001:db8::1]:53", "[2001:db8::1]:53", "[2001:db8::1]:5353", "192.0.2.9:53", "[fe80::1%lo]:53"}
	if diff := cmp.Diff(want, client.Servers()); diff != "" {
		t.Error(diff)
	}
}

func TestServerByName(t *testing.T) {
	c := DefaultConfig()
	c.Servers = []string{"localhost:5353"} // from /etc/hosts
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, got := range client.Servers() {
		if addr := netip.MustParseAddrPort(got); !addr.Addr().IsLoopback() || addr.Port() != 5353 {
			t.Errorf("got %s, want port 5353 of this host", got)
		}
	}
}

func TestServersOfResolvConf(t *testing.T) {
	tests := []struct {
		name, content string
		want          []string
		fault         string
	}{
		{name: "in order", content: "search example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1 # second\noptions timeout:1\n",
			want: []string{"192.0.2.1:53", "[2001:db8::1]:53"}},
		{name: "what is no address is passed over", content: "nameserver dns.example\nnameserver 192.0.2.1\nnameserver\n", want: []string{"192.0.2.1:53"}},
		{name: "none means this host", content: "# empty\n", want: []string{"127.0.0.1:53"}},
		{name: "only others than addresses", content: "nameserver dns.example\n", fault: "none of its name servers is an address"},
		{name: "too many", content: strings.Repeat("nameserver 192.0.2.1\n", 40), want: strings.Split(strings.Repeat("192.0.2.1:53 ", 16), " ")[:16]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := DefaultConfig()
			c.ResolvConf = filepath.Join(t.TempDir(), "resolv.conf")
			if err := os.WriteFile(c.ResolvConf, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			client, err := New(c)
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("got error %v, want %q in it", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if diff := cmp.Diff(tt.want, client.Servers()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNewFaults(t *testing.T) {
	c := DefaultConfig()
	c.ResolvConf = filepath.Join(t.TempDir(), "none")
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "name the servers in the configuration") {
		t.Errorf("got error %v, want one that says what to do", err)
	}
	c = DefaultConfig()
	c.Timeout, c.InFlight = 0, 0
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "timeout:") || !strings.Contains(err.Error(), "in_flight:") {
		t.Errorf("got error %v, want every fault in it", err)
	}
}

// asks is the server that a question would go to now.
func asks(c *Client, not *server) string { return c.pick(not).String() }

func TestServerRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newServer(netip.MustParseAddrPort("192.0.2.1:53")), newServer(netip.MustParseAddrPort("192.0.2.2:53"))
		c := &Client{servers: []*server{a, b}}
		check := func(step, want string) {
			t.Helper()
			if got := asks(c, nil); got != want {
				t.Errorf("%s: got %s, want %s", step, got, want)
			}
		}
		check("at first", "192.0.2.1:53")
		for range silentLimit - 1 {
			a.failed(time.Now(), false)
		}
		check("silent twice", "192.0.2.1:53")
		a.answered()
		for range silentLimit - 1 {
			a.failed(time.Now(), false)
		}
		check("silent twice after an answer", "192.0.2.1:53")
		a.failed(time.Now(), false)
		check("silent three times", "192.0.2.2:53")
		if got := asks(c, b); got != "192.0.2.1:53" {
			t.Errorf("second attempt: got %s, want the resting server rather than the same again", got)
		}
		b.failed(time.Now(), true)
		check("nobody there at the other", "192.0.2.1:53")
		b.answered()
		time.Sleep(restTime)
		check("rest over, one tries", "192.0.2.1:53")
		check("the others wait for it", "192.0.2.2:53")
		time.Sleep(restTime)
		check("no answer yet, another tries", "192.0.2.1:53")
		a.answered()
		check("back", "192.0.2.1:53")
		check("for all", "192.0.2.1:53")
	})
}

func TestOnlyServerIsAlwaysAsked(t *testing.T) {
	a := newServer(netip.MustParseAddrPort("192.0.2.1:53"))
	c := &Client{servers: []*server{a}}
	for range 10 {
		a.failed(time.Now(), true)
		if c.pick(nil) != a || c.pick(a) != a {
			t.Fatal("the only server is not asked")
		}
	}
}

package dns_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

const listZone = `$SOA 900 ns.zen.example root.zen.example 0 600 300 86400 120
$NS 900 ns.zen.example
$TTL 600
:127.0.0.2:https://zen.example/?ip=$
127.0.0.2
192.0.2.0/24
:127.0.0.4:
192.0.2.7
`

// private starts a server in a directory of its own and returns its address when it answers. Its configuration is written
// by the caller, who is given directory and port.
func private(t *testing.T, program, probe string, configure func(dir, port string) []string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install %[1]s", program)
	}
	dir, err := os.MkdirTemp("", "winnow-dns-") // t.TempDir is closed to the user that rbldnsd becomes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	addr := nobody(t)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, configure(dir, port)...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	client := newClient(t, short, addr)
	for range 100 {
		_, err = client.Resolve(t.Context(), dns.Question{Name: probe, Type: dns.A})
		if err == nil {
			return addr
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", program, log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("%s does not answer: %v", program, err)
	return ""
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func startRbldnsd(t *testing.T) string {
	t.Helper()
	return private(t, "rbldnsd", "2.0.0.127.zen.example", func(dir, port string) []string {
		zone := write(t, dir, "zen", listZone)
		args := []string{"-n", "-b", "127.0.0.1/" + port}
		if os.Getuid() == 0 {
			args = append(args, "-u", "nobody")
		}
		return append(args, "zen.example:ip4set:"+zone)
	})
}

func startUnbound(t *testing.T, lists string) string {
	t.Helper()
	var big strings.Builder
	for _, addr := range manyAddrs(200) {
		fmt.Fprintf(&big, "  local-data: \"big.example. 300 IN A %s\"\n", addr)
	}
	return private(t, "unbound", "2.0.0.127.zen.example", func(dir, port string) []string {
		conf := write(t, dir, "unbound.conf", `
server:
  interface: 127.0.0.1@`+port+`
  access-control: 127.0.0.0/8 allow
  directory: "`+dir+`"
  username: ""
  chroot: ""
  pidfile: ""
  logfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "refused.example." refuse
  local-zone: "silent.example." deny
  local-zone: "big.example." static
`+big.String()+`
remote-control:
  control-enable: no
stub-zone:
  name: "zen.example"
  stub-addr: `+strings.ReplaceAll(lists, ":", "@")+`
`)
		return []string{"-d", "-c", conf}
	})
}

func TestRealServers(t *testing.T) {
	rbldnsd := startRbldnsd(t)
	unbound := startUnbound(t, rbldnsd)
	for _, server := range []struct{ name, addr string }{{"rbldnsd", rbldnsd}, {"unbound", unbound}} {
		t.Run(server.name, func(t *testing.T) {
			client := newClient(t, ample, server.addr)
			for _, tt := range []struct {
				q    dns.Question
				want dns.Answer
				ttl  time.Duration
			}{
				{a("2.0.0.127.zen.example"), dns.Answer{Addrs: ips("127.0.0.2")}, 10 * time.Minute},
				{a("7.2.0.192.zen.example"), dns.Answer{Addrs: ips("127.0.0.4")}, 10 * time.Minute},
				{a("8.2.0.192.ZEN.example"), dns.Answer{Addrs: ips("127.0.0.2")}, 10 * time.Minute},
				{dns.Question{Name: "8.2.0.192.zen.example", Type: dns.TXT}, dns.Answer{Texts: []string{"https://zen.example/?ip=192.0.2.8"}}, 10 * time.Minute},
				{a("1.0.0.127.zen.example"), dns.Answer{NXDomain: true}, 2 * time.Minute},
				{a("1.3.0.192.zen.example"), dns.Answer{NXDomain: true}, 2 * time.Minute},
				{dns.Question{Name: "8.2.0.192.zen.example", Type: dns.AAAA}, dns.Answer{}, 2 * time.Minute},
				{dns.Question{Name: "zen.example", Type: dns.NS}, dns.Answer{Names: []string{"ns.zen.example"}}, 15 * time.Minute},
			} {
				got, err := client.Resolve(t.Context(), tt.q)
				if err != nil {
					t.Errorf("%v: %v", tt.q, err)
					continue
				}
				if got.TTL > tt.ttl || got.TTL < tt.ttl-time.Minute { // unbound has counted down already
					t.Errorf("%v: got TTL %v, want %v", tt.q, got.TTL, tt.ttl)
				}
				got.TTL = 0
				if diff := cmp.Diff(tt.want, got, sameAddrs); diff != "" {
					t.Errorf("%v: %s", tt.q, diff)
				}
			}
		})
	}
	t.Run("more than fits", func(t *testing.T) {
		client := newClient(t, ample, unbound)
		got, err := client.Resolve(t.Context(), a("big.example"))
		if err != nil || len(got.Addrs) != 200 || client.Stats().TCP != 1 {
			t.Errorf("got %d addresses, error %v, %+v, want 200 over TCP", len(got.Addrs), err, client.Stats())
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := newClient(t, ample, unbound).Resolve(t.Context(), a("refused.example"))
		if !errors.Is(err, dns.ErrRefused) {
			t.Errorf("got error %v, want %v", err, dns.ErrRefused)
		}
	})
	t.Run("not its zone", func(t *testing.T) {
		_, err := newClient(t, ample, rbldnsd).Resolve(t.Context(), a("a.example"))
		if !errors.Is(err, dns.ErrRefused) {
			t.Errorf("got error %v, want %v", err, dns.ErrRefused)
		}
	})
	t.Run("dropped", func(t *testing.T) {
		_, err := newClient(t, short, unbound).Resolve(t.Context(), a("silent.example"))
		if !errors.Is(err, dns.ErrTimeout) {
			t.Errorf("got error %v, want %v", err, dns.ErrTimeout)
		}
	})
	t.Run("dropped, another answers", func(t *testing.T) {
		other := dnstest.Serve(t, dnstest.Zones{"silent.example": dnstest.A("127.0.0.2")})
		got, err := newClient(t, time.Second, unbound, other.Addr).Resolve(t.Context(), a("silent.example"))
		if err != nil || len(got.Addrs) != 1 {
			t.Errorf("got %+v, error %v, want the other server's answer", got, err)
		}
	})
}

func ips(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	wire "github.com/miekg/dns"
)

const (
	defaultPort = 53
	maxServers  = 16 // that a configuration may name
	// silentLimit is how many attempts in a row a server may leave without an answer before it rests. One is not enough:
	// a resolver is silent about a single zone whose own servers are dead, and healthy for all others.
	silentLimit = 3
	// restTime is how long a resting server is asked only when there is no other. Then one question tries it.
	restTime = 10 * time.Second
	// lookupLimit is how long the system may take to find the address of a server that the configuration names.
	lookupLimit = 5 * time.Second
)

// A server is one resolver that we ask, and how it has done lately.
type server struct {
	addr    netip.AddrPort
	udpAddr *net.UDPAddr // addr, as net wants it
	idle    *sockets     // nil where no socket is used twice

	silent    atomic.Int32 // attempts in a row that had no answer
	restUntil atomic.Int64 // Unix nanoseconds; counts while silent is at its limit
}

func newServer(addr netip.AddrPort) *server {
	s := &server{addr: addr, udpAddr: net.UDPAddrFromAddrPort(addr)}
	if addr.Addr().IsLoopback() {
		s.idle = newSockets()
	}
	return s
}

func (s *server) String() string { return s.addr.String() }

// ready tells whether the server should be asked now. When its rest is over it lets one question through and rests on,
// until an answer to that one ends the rest for all.
func (s *server) ready(now time.Time) bool {
	if s.silent.Load() < silentLimit {
		return true
	}
	until := s.restUntil.Load()
	return now.UnixNano() >= until && s.restUntil.CompareAndSwap(until, now.Add(restTime).UnixNano())
}

// answered notes that the server is there, whatever it said.
func (s *server) answered() {
	if s.silent.Load() != 0 {
		s.silent.Store(0)
	}
}

// failed notes an attempt without an answer. Where the network says that nobody is there, it need not say so again.
func (s *server) failed(now time.Time, unreachable bool) {
	if unreachable {
		s.silent.Store(silentLimit)
	}
	if unreachable || s.silent.Add(1) >= silentLimit {
		s.restUntil.Store(now.Add(restTime).UnixNano())
	}
}

// pick returns the server to ask: the first that is not resting, the first of all where all are. not is the server
// that has just failed, which is asked again only when there is no other.
func (c *Client) pick(not *server) *server {
	now := time.Now()
	var resting *server
	for _, s := range c.servers {
		if s == not {
			continue
		}
		if s.ready(now) {
			return s
		}
		if resting == nil {
			resting = s
		}
	}
	if resting == nil {
		return not
	}
	return resting
}

// findServers returns the servers that c names, or those of resolv.conf.
func findServers(c *Config) ([]*server, error) {
	var servers []*server
	if len(c.Servers) == 0 {
		addrs, err := readResolvConf(c.ResolvConf)
		for _, addr := range addrs {
			servers = append(servers, newServer(netip.AddrPortFrom(addr, defaultPort)))
		}
		return servers, err
	}
	for _, text := range c.Servers {
		host, port, err := splitServer(text)
		if err != nil {
			return nil, err
		}
		addrs, err := lookupServer(host)
		if err != nil {
			return nil, err
		}
		for _, addr := range addrs {
			servers = append(servers, newServer(netip.AddrPortFrom(addr, port)))
		}
	}
	return servers, nil
}

// splitServer reads "host", "host:port" and what IPv6 makes of them. host comes without brackets.
func splitServer(text string) (host string, port uint16, err error) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return addr.String(), defaultPort, nil
	}
	host = text
	port = defaultPort
	if strings.ContainsRune(text, ':') {
		var digits string
		if host, digits, err = net.SplitHostPort(text); err != nil {
			return "", 0, fmt.Errorf(`%q is no server; write an address or "address:port"`, text)
		}
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("%q has no port from 1 to 65535 behind its colon", text)
		}
		port = uint16(n)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, port, nil
	}
	if _, err := (Question{Name: host, Type: A}).canonical(); err != nil || strings.ContainsAny(host, "/[]%") {
		return "", 0, fmt.Errorf(`%q is no server; write an address or "address:port"`, text)
	}
	return host, port, nil
}

// lookupServer finds the addresses of a server. An address needs no looking up; a name is looked up once, as the
// system does it, because there is nobody else to ask yet.
func lookupServer(host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupLimit)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("server %s: %w; write its address instead of its name", host, err)
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	return addrs, nil
}

// readResolvConf returns the name servers of a resolv.conf(5). A file without any means one on this host.
func readResolvConf(path string) ([]netip.Addr, error) {
	conf, err := wire.ClientConfigFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w; name the servers in the configuration", err)
	}
	var addrs []netip.Addr
	for _, text := range conf.Servers {
		if addr, err := netip.ParseAddr(text); err == nil && len(addrs) < maxServers {
			addrs = append(addrs, addr.Unmap())
		}
	}
	if len(conf.Servers) > 0 && len(addrs) == 0 {
		return nil, errors.New(path + ": none of its name servers is an address; name the servers in the configuration")
	}
	if len(addrs) == 0 {
		addrs = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return addrs, nil
}

package dnstest

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	wire "github.com/miekg/dns"

	"winnow/pkg/dns"
)

// A Server is a recursive resolver that knows its Zones and nothing else. It listens on a loopback port, UDP and TCP.
type Server struct {
	Addr string // "127.0.0.1:port"

	servers [2]*wire.Server
	running sync.WaitGroup
	done    chan struct{} // closed when the server ends: delays end too

	mu    sync.Mutex
	heard sync.Cond // on mu: a question came, or the server ended
	ended bool
	zones Zones
	other func(name string) (Host, bool) // of names without an entry; may be nil
	fault Fault
	log   []dns.Question
}

// Serve starts a Server that ends with the test.
func Serve(t testing.TB, zones Zones) *Server {
	t.Helper()
	packets, listener, err := listen()
	if err != nil {
		t.Fatalf("dnstest: %v", err)
	}
	s := &Server{
		Addr:  packets.LocalAddr().String(),
		done:  make(chan struct{}),
		zones: maps.Clone(zones),
	}
	if s.zones == nil {
		s.zones = Zones{}
	}
	s.heard.L = &s.mu
	s.servers = [2]*wire.Server{
		{PacketConn: packets, Handler: wire.HandlerFunc(s.answer), UDPSize: wire.MaxMsgSize},
		{Listener: listener, Handler: wire.HandlerFunc(s.answer)},
	}
	for _, server := range s.servers {
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		s.running.Go(func() {
			if err := server.ActivateAndServe(); err != nil {
				t.Errorf("dnstest: %v", err)
			}
		})
		<-started
	}
	t.Cleanup(s.close)
	return s
}

// ServeFunc starts a Server whose names hold what find says; false where there is no such name. find may be called by several
// goroutines.
func ServeFunc(t testing.TB, find func(name string) (Host, bool)) *Server {
	t.Helper()
	s := Serve(t, nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.other = find
	return s
}

// find returns what a name holds.
func (s *Server) find(name string) (Host, bool) {
	h, found := s.zones.find(name)
	if !found && s.other != nil {
		return s.other(name)
	}
	return h, found
}

// listen finds a port that is free for both.
func listen() (packets net.PacketConn, listener net.Listener, err error) {
	for range 10 {
		if packets, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
			return nil, nil, err
		}
		if listener, err = net.Listen("tcp", packets.LocalAddr().String()); err == nil {
			return packets, listener, nil
		}
		_ = packets.Close()
	}
	return nil, nil, err
}

func (s *Server) close() {
	close(s.done)
	s.mu.Lock()
	s.ended = true
	s.heard.Broadcast()
	s.mu.Unlock()
	for _, server := range s.servers {
		_ = server.Shutdown()
	}
	s.running.Wait()
}

// Set changes what a name holds from now on.
func (s *Server) Set(name string, h Host) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zones[name] = h
}

// Remove takes a name's entry away: it does not exist from now on, unless a wildcard stands for it.
func (s *Server) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.zones, name)
}

// Fail makes every name fail from now on, whatever its entry says. None ends that.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Questions returns what was asked so far, in that order; what was asked twice stands there twice.
func (s *Server) Questions() []dns.Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Await returns when the log holds n questions, answered or not, or when the server ends.
func (s *Server) Await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.log) < n && !s.ended {
		s.heard.Wait()
	}
}

// Forget empties the log.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// answer is the handler of both servers.
func (s *Server) answer(w wire.ResponseWriter, query *wire.Msg) {
	asked := query.Question[0]
	name := strings.ToLower(strings.TrimSuffix(asked.Name, "."))
	reply, fault, delay := s.lookUp(query, name, dns.Type(asked.Qtype))
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
			return
		}
	}
	_, overUDP := w.RemoteAddr().(*net.UDPAddr)
	s.send(&writer{w, query}, reply, fault, overUDP)
}

// lookUp notes the question and builds the reply as it should be. Aliases are followed; the first fault on the way is
// the reply's.
func (s *Server) lookUp(query *wire.Msg, name string, t dns.Type) (reply *wire.Msg, fault Fault, delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, dns.Question{Name: name, Type: t})
	s.heard.Broadcast()
	reply = new(wire.Msg)
	reply.SetReply(query)
	reply.RecursionAvailable = true
	reply.Compress = true
	fault = s.fault
	for range maxAliases {
		h, found := s.find(name)
		delay += h.Delay
		if fault == None {
			fault = h.Fault
		}
		if h.CNAME != "" {
			reply.Answer = append(reply.Answer, record(name, &h, "CNAME", h.CNAME+"."))
			name = h.CNAME
			continue
		}
		records := h.records(name, t)
		reply.Answer = append(reply.Answer, records...)
		if len(records) == 0 {
			reply.Ns = []wire.RR{record(name, &h, "SOA", fmt.Sprintf("ns.invalid. root.invalid. 1 3600 600 86400 %d", seconds(&h)))}
		}
		if !found {
			reply.Rcode = wire.RcodeNameError
		}
		break
	}
	if opt := query.IsEdns0(); opt != nil {
		reply.SetEdns0(wire.DefaultMsgSize, false)
	}
	return reply, fault, delay
}

func seconds(h *Host) int { return int(h.ttl() / time.Second) }

// records returns the records of one type.
func (h *Host) records(name string, t dns.Type) (list []wire.RR) {
	var values []string
	switch t {
	case dns.A:
		values = h.A
	case dns.AAAA:
		values = h.AAAA
	case dns.PTR:
		values = dotted(h.PTR)
	case dns.NS:
		values = dotted(h.NS)
	case dns.MX:
		for i, mx := range dotted(h.MX) {
			values = append(values, fmt.Sprintf("%d %s", 10*(i+1), mx))
		}
	case dns.TXT:
		for _, text := range h.TXT {
			header := wire.RR_Header{Name: name + ".", Rrtype: wire.TypeTXT, Class: wire.ClassINET, Ttl: uint32(seconds(h))}
			list = append(list, &wire.TXT{Hdr: header, Txt: pieces(text)})
		}
	}
	for _, value := range values {
		list = append(list, record(name, h, t.String(), value))
	}
	return list
}

// record reads a record as a zone file has it. What cannot be read is a fault of the test, hence the panic.
func record(name string, h *Host, kind, value string) wire.RR {
	rr, err := wire.NewRR(fmt.Sprintf("%s. %d IN %s %s", name, seconds(h), kind, value))
	if err != nil {
		panic("dnstest: " + err.Error())
	}
	return rr
}

func dotted(names []string) []string {
	list := slices.Clone(names)
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], ".") + "."
	}
	return list
}

// pieces cuts a text into the strings of a TXT record, of 255 octets each, as miekg/dns takes them.
func pieces(text string) []string {
	var list []string
	for len(text) > 255 {
		list = append(list, strings.ReplaceAll(text[:255], `\`, `\\`))
		text = text[255:]
	}
	return append(list, strings.ReplaceAll(text, `\`, `\\`))
}

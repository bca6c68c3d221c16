package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// answerLimit is how long a name server may take to answer.
const answerLimit = 5 * time.Second

// ask asks a server one question over UDP and returns its answer, whatever it says.
func ask(ctx context.Context, server, name string, kind dnsmessage.Type) (*dnsmessage.Message, error) {
	qname, err := dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
	if err != nil {
		return nil, err
	}
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.N(1 << 16)), RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: qname, Type: kind, Class: dnsmessage.ClassINET}},
	}
	packet, err := question.Pack()
	if err != nil {
		return nil, err
	}
	packet, err = exchange(ctx, server, packet)
	if err != nil {
		return nil, err
	}
	var answer dnsmessage.Message
	if err := answer.Unpack(packet); err != nil {
		return nil, err
	}
	if answer.ID != question.ID || !answer.Response {
		return nil, errors.New("the answer is to another question")
	}
	return &answer, nil
}

// exchange sends one packet and returns the one that comes back. The socket is connected: a server that is not there is
// known at once, by the ICMP error.
func exchange(ctx context.Context, server string, packet []byte) ([]byte, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	buf := make([]byte, maxDatagram)
	n, err := conn.Read(buf)
	return buf[:n], err
}

// Lookup asks a name server for a name's addresses: what a list answers about it. A name that does not exist has none,
// which is no error; an answer other than NOERROR and NXDOMAIN is one.
func Lookup(ctx context.Context, server, name string) ([]netip.Addr, error) {
	answer, err := lookup(ctx, server, name, dnsmessage.TypeA)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, r := range answer.Answers {
		if a, ok := r.Body.(*dnsmessage.AResource); ok {
			addrs = append(addrs, netip.AddrFrom4(a.A))
		}
	}
	return addrs, nil
}

// lookupTXT asks a name server for a name's texts.
func lookupTXT(ctx context.Context, server, name string) ([]string, error) {
	answer, err := lookup(ctx, server, name, dnsmessage.TypeTXT)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, r := range answer.Answers {
		if t, ok := r.Body.(*dnsmessage.TXTResource); ok {
			texts = append(texts, strings.Join(t.TXT, ""))
		}
	}
	return texts, nil
}

func lookup(ctx context.Context, server, name string, kind dnsmessage.Type) (*dnsmessage.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	answer, err := ask(ctx, server, name, kind)
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", server, name, err)
	}
	if answer.RCode != dnsmessage.RCodeSuccess && answer.RCode != dnsmessage.RCodeNameError {
		return nil, fmt.Errorf("asking %s for %s: %v", server, name, answer.RCode)
	}
	return answer, nil
}

package dns

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	wire "github.com/miekg/dns"
)

const (
	headerSize = 12
	// maxQuestion is the size of the largest question: header, name, type, class and an OPT record; and one octet more,
	// without which miekg/dns takes the room for too small.
	maxQuestion = headerSize + 255 + 4 + 11 + 1
	// maxUDP is the largest answer that we can take over UDP, however much the server sends.
	maxUDP = 4096
	// maxStray is how many packets that are not the answer we pass over before we take the question to TCP, where
	// nobody can forge an answer without seeing the connection.
	maxStray = 32
)

// errStray ends an attempt over UDP that drew too many packets that were not the answer.
var errStray = errors.New("too many stray packets")

// past is a deadline that ends a read or write at once.
var past = time.Unix(1, 0)

// An exchange is what one question needs on its way to a server and back. Exchanges are kept for the next question.
type exchange struct {
	query    []byte // in out
	question []byte // the question section, in query
	out      [2 + maxQuestion]byte
	in       [maxUDP]byte

	msg       wire.Msg // query as miekg/dns packs it, without allocating
	questions [1]wire.Question
	opt       wire.OPT
	extra     [1]wire.RR
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// pack writes the message that asks q, with room before it for the length that TCP wants. udpSize 0 leaves EDNS0 out.
func (x *exchange) pack(q Question, udpSize int) error {
	var id [2]byte
	_, _ = rand.Read(id[:]) // never fails
	x.questions[0] = wire.Question{Name: q.Name + ".", Qtype: uint16(q.Type), Qclass: wire.ClassINET}
	x.msg = wire.Msg{Question: x.questions[:]}
	x.msg.Id = binary.BigEndian.Uint16(id[:])
	x.msg.RecursionDesired = true
	if udpSize > 0 {
		x.opt = wire.OPT{Hdr: wire.RR_Header{Name: ".", Rrtype: wire.TypeOPT}}
		x.opt.SetUDPSize(uint16(udpSize))
		x.extra[0] = &x.opt
		x.msg.Extra = x.extra[:]
	}
	query, err := x.msg.PackBuffer(x.out[2:])
	if err != nil {
		return fmt.Errorf("%w: %v", ErrName, "it cannot be packed")
	}
	x.query = query
	x.question = query[headerSize : headerSize+len(q.Name)+2+4]
	return nil
}

// answers tells whether packet is the answer to our question and not a late, stray or forged one: a response with our
// id and our question (RFC 5452, 9.1). Nothing else of it is looked at before. Servers that decline may send no more
// than a header.
func (x *exchange) answers(packet []byte) bool {
	if len(packet) < headerSize || packet[0] != x.query[0] || packet[1] != x.query[1] {
		return false
	}
	if response, opcode := packet[2]&0x80 != 0, packet[2]>>3&0x0f; !response || opcode != wire.OpcodeQuery {
		return false
	}
	switch binary.BigEndian.Uint16(packet[4:]) {
	case 0:
		return len(packet) == headerSize && rcode(packet) != wire.RcodeSuccess && rcode(packet) != wire.RcodeNameError
	case 1:
		return len(packet) >= headerSize+len(x.question) && sameQuestion(packet[headerSize:], x.question)
	}
	return false
}

// sameQuestion tells whether packet starts with the question asked. The case of letters does not count: some servers
// send names back in theirs. ours is in lower case; its length octets are below any letter.
func sameQuestion(packet, ours []byte) bool {
	name := len(ours) - 4
	for i, want := range ours[:name] {
		got := packet[i]
		if 'A' <= got && got <= 'Z' {
			got += 'a' - 'A'
		}
		if got != want {
			return false
		}
	}
	return bytes.Equal(packet[name:len(ours)], ours[name:])
}

func rcode(packet []byte) int { return int(packet[3] & 0x0f) }

func truncated(packet []byte) bool { return packet[2]&0x02 != 0 || len(packet) == maxUDP }

// overUDP sends the question and returns the answer, which is good until the exchange is used again.
func (x *exchange) overUDP(ctx context.Context, s *server, until time.Time) (answer []byte, stray int, err error) {
	conn := s.idle.take()
	if conn == nil {
		if conn, err = net.DialUDP("udp", nil, s.udpAddr); err != nil {
			return nil, 0, err
		}
	}
	release := hold(ctx, conn, until)
	defer func() {
		if undisturbed := release(); undisturbed && err == nil && stray == 0 {
			s.idle.put(conn)
		} else {
			_ = conn.Close()
		}
	}()
	if _, err := conn.Write(x.query); err != nil {
		return nil, 0, err
	}
	for ; stray <= maxStray; stray++ {
		n, err := conn.Read(x.in[:])
		if err != nil {
			return nil, stray, err
		}
		if packet := x.in[:n]; x.answers(packet) {
			return packet, stray, nil
		}
	}
	return nil, stray, errStray
}

// overTCP does the same over a connection of its own (RFC 7766).
func (x *exchange) overTCP(ctx context.Context, s *server, until time.Time) ([]byte, error) {
	dialer := net.Dialer{Deadline: until}
	conn, err := dialer.DialContext(ctx, "tcp", s.addr.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	defer hold(ctx, conn, until)()
	message := x.out[:2+len(x.query)]
	binary.BigEndian.PutUint16(message, uint16(len(x.query)))
	if _, err := conn.Write(message); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	packet := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, packet); err != nil {
		return nil, err
	}
	if !x.answers(packet) {
		return nil, ErrMalformed
	}
	return packet, nil
}

// hold puts conn under its time limit and under ctx: when ctx ends, so does what conn is doing. release ends that, and
// tells whether conn is as it was.
func hold(ctx context.Context, conn net.Conn, until time.Time) (release func() bool) {
	_ = conn.SetDeadline(until) // fails only on a closed connection, and so will what comes next
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(past) })
}

// isTimeout tells whether a read or write ran into its deadline.
func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

package dnstest

import (
	"encoding/binary"

	wire "github.com/miekg/dns"
)

// floodSize is how many wrong answers a Flood is.
const floodSize = 200

// A writer sends messages to who asked, whole or not.
type writer struct {
	wire.ResponseWriter
	query *wire.Msg
}

// send sends the reply with its fault. Errors of sending are not looked at: who asked may have gone.
func (s *Server) send(w *writer, reply *wire.Msg, fault Fault, overUDP bool) {
	switch fault {
	case ServFail:
		w.rcode(wire.RcodeServerFailure)
		return
	case Refused:
		w.rcode(wire.RcodeRefused)
		return
	case NotImp:
		w.rcode(wire.RcodeNotImplemented)
		return
	case Timeout:
		return
	case WrongID:
		w.wrongID(reply)
		return
	case WrongQuestion:
		w.wrongQuestion(reply)
		return
	case Garbage:
		w.garbage()
		return
	case Malformed:
		w.malformed(reply)
		return
	}
	if overUDP {
		switch fault {
		case Truncate:
			w.truncated(reply)
			return
		case Forged:
			w.wrongID(reply)
			w.wrongQuestion(reply)
			w.garbage()
			w.unanswered(reply)
		case Flood:
			for range floodSize {
				w.wrongID(reply)
			}
			return
		}
		reply.Truncate(w.room())
	}
	_ = w.WriteMsg(reply)
}

// room is how large a reply over UDP may be (RFC 6891, 6.2.3).
func (w *writer) room() int {
	if opt := w.query.IsEdns0(); opt != nil {
		return int(opt.UDPSize())
	}
	return wire.MinMsgSize
}

func (w *writer) rcode(code int) {
	_ = w.WriteMsg(new(wire.Msg).SetRcode(w.query, code))
}

func (w *writer) wrongID(reply *wire.Msg) {
	wrong := reply.Copy()
	wrong.Id++
	_ = w.WriteMsg(wrong)
}

func (w *writer) wrongQuestion(reply *wire.Msg) {
	wrong := reply.Copy()
	wrong.Question[0].Name = "wrong." + wrong.Question[0].Name
	_ = w.WriteMsg(wrong)
}

// unanswered sends a message with the right id and question that is not a response.
func (w *writer) unanswered(reply *wire.Msg) {
	wrong := reply.Copy()
	wrong.Response = false
	_ = w.WriteMsg(wrong)
}

func (w *writer) garbage() { _, _ = w.Write([]byte("\x00\xffnothing that a name server says")) }

func (w *writer) truncated(reply *wire.Msg) {
	short := reply.Copy()
	short.Answer, short.Ns, short.Truncated = nil, nil, true
	_ = w.WriteMsg(short)
}

// malformed sends the header and question of the reply, then a record that points at itself.
func (w *writer) malformed(reply *wire.Msg) {
	bare := reply.Copy()
	bare.Answer, bare.Ns, bare.Extra = nil, nil, nil
	packet, err := bare.Pack()
	if err != nil {
		return
	}
	binary.BigEndian.PutUint16(packet[6:], 1) // one record, it says
	itself := 0xc000 | uint16(len(packet))    // a compression pointer (RFC 1035, 4.1.4)
	_, _ = w.Write(append(binary.BigEndian.AppendUint16(packet, itself), "\x00\x01\x00\x01"...))
}

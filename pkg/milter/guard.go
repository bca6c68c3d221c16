package milter

import (
	"bytes"
	"encoding/binary"
	"fmt"

	gomilter "github.com/emersion/go-milter"
)

// Limits on what a peer may send.
const (
	maxFrame  = 1 << 20   // octets of command and data; the library takes no more either
	maxChunk  = 65535     // octets of body in one frame (MILTER_CHUNK_SIZE; we agree to no larger ones)
	maxHeader = 256 << 10 // octets of a message's header fields that are kept; what comes behind is counted
	maxFields = 2000      // header fields that are kept
)

// A command that the library has no name for: an SMTP command that the MTA does not know either.
const codeUnknown = gomilter.Code('U')

// A guard decides what of a peer's frames reaches the library. It knows the order in which an MTA sends them and the
// form of each; what is wrong in either way is an error, and ends the session. The library would answer such frames,
// or not, in ways that leave the two sides out of step; or it would end the session with no word on why.
type guard struct {
	greeted   bool // OPTNEG was seen
	connected bool // CONNECT was seen
	open      bool // a transaction is under way: MAIL was seen, its end was not

	fields, octets int // of the transaction's header so far
}

// check tells what is wrong with a frame, and takes note of it if nothing is.
func (g *guard) check(code gomilter.Code, data []byte) error {
	form, known := forms[code]
	if !known {
		return fmt.Errorf("unknown command %q", byte(code))
	}
	if err := form(data); err != nil {
		return fmt.Errorf("command %q: %w", byte(code), err)
	}
	if !g.mayFollow(code) {
		return fmt.Errorf("command %q out of order", byte(code))
	}
	switch code {
	case gomilter.CodeOptNeg:
		g.greeted = true
	case gomilter.CodeConn:
		g.connected = true
	case gomilter.CodeQuitNewConn:
		*g = guard{greeted: true}
	case gomilter.CodeMail:
		g.open, g.fields, g.octets = true, 0, 0
	case gomilter.CodeHeader:
		g.fields, g.octets = g.fields+1, g.octets+len(data)
	case gomilter.CodeEOB, gomilter.CodeAbort:
		g.open = false
	}
	return nil
}

// full tells whether the transaction has more of a header than is kept.
func (g *guard) full() bool { return g.fields > maxFields || g.octets > maxHeader }

// begins tells whether a frame is the first of a new transaction; the macros of MAIL come before MAIL.
func begins(code gomilter.Code, data []byte) bool {
	return code == gomilter.CodeMail || code == gomilter.CodeMacro && gomilter.Code(data[0]) == gomilter.CodeMail
}

// mayFollow tells whether a command may come now.
func (g *guard) mayFollow(code gomilter.Code) bool {
	switch code {
	case gomilter.CodeOptNeg:
		return !g.greeted
	case gomilter.CodeConn:
		return g.greeted && !g.connected
	case gomilter.CodeMacro, gomilter.CodeQuit, gomilter.CodeQuitNewConn, gomilter.CodeAbort:
		return g.greeted
	case gomilter.CodeHelo, gomilter.CodeMail, codeUnknown:
		return g.connected
	}
	return g.open
}

// forms tells for each command what is wrong with its data.
var forms = map[gomilter.Code]func(data []byte) error{
	gomilter.CodeOptNeg:      offerForm,
	gomilter.CodeMacro:       macroForm,
	gomilter.CodeConn:        connectForm,
	gomilter.CodeHelo:        stringsForm(1, 1, false),
	gomilter.CodeMail:        stringsForm(1, maxFrame, false),
	gomilter.CodeRcpt:        stringsForm(1, maxFrame, false),
	gomilter.CodeHeader:      stringsForm(2, 2, true),
	gomilter.CodeBody:        chunkForm,
	gomilter.CodeEOB:         chunkForm, // libmilter takes a last piece of the body with it
	gomilter.CodeEOH:         emptyForm,
	gomilter.CodeData:        emptyForm,
	gomilter.CodeAbort:       emptyForm,
	gomilter.CodeQuit:        emptyForm,
	gomilter.CodeQuitNewConn: emptyForm,
	codeUnknown:              stringsForm(1, 1, false),
}

func emptyForm(data []byte) error {
	if len(data) != 0 {
		return fmt.Errorf("%d octets of data; none belong there", len(data))
	}
	return nil
}

func chunkForm(data []byte) error {
	if len(data) > maxChunk {
		return fmt.Errorf("%d octets of body; a chunk has at most %d", len(data), maxChunk)
	}
	return nil
}

func offerForm(data []byte) error {
	if len(data) != 12 {
		return fmt.Errorf("%d octets; an offer has 12", len(data))
	}
	if version := binary.BigEndian.Uint32(data); version < oldest {
		return fmt.Errorf("protocol version %d; the oldest we speak is %d", version, oldest)
	}
	return nil
}

// stringsForm wants between least and most strings, each with a NUL behind it; named: the first must not be empty. The
// library strips NULs off both ends before it counts, so an empty first string would put the others in its place.
func stringsForm(least, most int, named bool) func([]byte) error {
	return func(data []byte) error {
		if n := bytes.Count(data, nul); n < least || n > most {
			return fmt.Errorf("%d strings; there should be %d", n, least)
		}
		if data[len(data)-1] != 0 {
			return fmt.Errorf("the last string has no end")
		}
		if named && data[0] == 0 {
			return fmt.Errorf("an empty name")
		}
		return nil
	}
}

// macroForm wants the command that the macros are for, and pairs of name and value.
func macroForm(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("no command that the macros are for")
	}
	rest := data[1:]
	for len(rest) > 0 {
		name, after, ended := bytes.Cut(rest, nul)
		_, next, paired := bytes.Cut(after, nul)
		if len(name) == 0 || !ended || !paired {
			return fmt.Errorf("macros that are no pairs of name and value")
		}
		rest = next
	}
	return nil
}

// connectForm wants a host name and a family, and what belongs to that family.
func connectForm(data []byte) error {
	_, rest, ended := bytes.Cut(data, nul)
	if !ended || len(rest) == 0 {
		return fmt.Errorf("too short")
	}
	switch gomilter.ProtoFamily(rest[0]) {
	case gomilter.FamilyUnknown: // some MTAs leave port and address out, some do not
		return nil
	case gomilter.FamilyUnix, gomilter.FamilyInet, gomilter.FamilyInet6:
		if len(rest) < 4 || bytes.IndexByte(rest[3:], 0) != len(rest)-4 {
			return fmt.Errorf("no port and address behind family %q", rest[0])
		}
		return nil
	}
	return fmt.Errorf("unknown family %q", rest[0])
}

var nul = []byte{0}

// connectAddress returns the client's address as it stands in the data of a CONNECT frame, "" where there is none. The
// library hands on only what net.ParseIP takes, which leaves out Sendmail's "IPv6:" and zones.
func connectAddress(data []byte) string {
	_, rest, _ := bytes.Cut(data, nul)
	switch gomilter.ProtoFamily(rest[0]) {
	case gomilter.FamilyInet, gomilter.FamilyInet6:
		return string(rest[3 : len(rest)-1])
	}
	return ""
}

// headerField returns what stands in the data of a HEADER frame.
func headerField(data []byte) (name, value string) {
	first, rest, _ := bytes.Cut(data, nul)
	second, _, _ := bytes.Cut(rest, nul)
	return string(first), string(second)
}

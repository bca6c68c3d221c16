package message

import (
	"bytes"
	"io"
	"math"
	"strings"
)

// Parse reads a message from a file. It takes lines that end with LF or CRLF and skips a leading mbox separator ("From
// sender date"). Header and Body come out as they would over the milter: folds as LF, leading blanks kept, the body with
// CRLF. Body holds at most limit octets (0: all); Size counts all, in the form it has on the wire, with CRLF, so that a
// size limit means the same in a file and in a session. Sender is the Return-Path, where the delivering MTA put one on
// top. The only error is one of r's.
func Parse(r io.Reader, limit int64) (*Message, error) {
	wire := wireForm{most: math.MaxInt}
	if limit > 0 && limit < math.MaxInt-MaxHeaderBytes {
		wire.most = int(limit) + MaxHeaderBytes
	}
	if _, err := io.Copy(&wire, r); err != nil {
		return nil, err
	}
	text := skipSeparator(wire.kept)
	header, body := splitHeader(text, messageHeader)
	if limit > 0 && int64(len(body)) > limit {
		body = body[:limit]
	}
	return &Message{
		Header: header,
		Body:   body,
		Size:   wire.size - int64(len(wire.kept)-len(text)),
		Sender: returnPath(header),
		Stored: true,
	}, nil
}

// wireForm keeps the first octets written to it, with every line end as CRLF, and counts them all.
type wireForm struct {
	kept []byte
	most int
	size int64
	cr   bool // the last octet was a CR
}

func (w *wireForm) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			w.add(rest)
			break
		}
		w.add(rest[:end])
		if w.cr {
			w.add(rest[end : end+1])
		} else {
			w.add([]byte("\r\n"))
		}
		rest = rest[end+1:]
	}
	return len(p), nil
}

func (w *wireForm) add(p []byte) {
	if len(p) == 0 {
		return
	}
	w.size += int64(len(p))
	w.cr = p[len(p)-1] == '\r'
	w.kept = append(w.kept, p[:min(len(p), w.most-len(w.kept))]...)
}

// skipSeparator drops the line that begins a message in an mbox file. It must not be taken for the From field of RFC 822
// mail, which may have blanks before its colon.
func skipSeparator(text []byte) []byte {
	rest, found := bytes.CutPrefix(text, []byte("From "))
	if !found || bytes.HasPrefix(bytes.TrimLeft(rest, " \t"), []byte(":")) {
		return text
	}
	_, rest, _ = bytes.Cut(rest, []byte("\n"))
	return rest
}

// returnPath is the envelope sender as the delivering MTA wrote it down: on top of the header (RFC 5321, 4.4). One
// below a Received field is an older transaction's.
func returnPath(h Header) string {
	for i := range h {
		switch {
		case strings.EqualFold(h[i].Name, "Return-Path"):
			return strings.Trim(Unfold(h[i].Value), "<> \t")
		case strings.EqualFold(h[i].Name, "Received"):
			return ""
		}
	}
	return ""
}

// headerKind is whose header is read: they differ in how far a line that is no field is forgiven.
type headerKind int

const (
	messageHeader headerKind = 3 // so many lines that are no field may stand in a message's header
	partHeader    headerKind = 0 // in a part, the first one begins the body
)

// splitHeader parts a header from the body behind it. The header ends at an empty line, which belongs to neither. Where
// there is none it ends with the first line that cannot be a field, and the body begins with that line; in a message also
// with a line that begins with "--", for that is the first boundary.
func splitHeader(text []byte, kind headerKind) (Header, []byte) {
	var header Header
	var fault []byte // from the first line on that is no field
	for faults := 0; len(text) > 0; {
		if rest, empty := cutEmptyLine(text); empty {
			return header, rest
		}
		if kind == messageHeader && bytes.HasPrefix(text, []byte("--")) {
			return header, text
		}
		line, rest := cutField(text)
		name, value, ok := fieldOf(line)
		if !ok {
			if faults == 0 {
				fault = text
			}
			if faults++; faults > int(kind) {
				break
			}
		} else if len(header) < MaxFields {
			header = append(header, Field{Name: name, Value: value})
		}
		text = rest
	}
	return header, fault
}

func cutEmptyLine(text []byte) (rest []byte, empty bool) {
	if rest, empty = bytes.CutPrefix(text, []byte("\n")); empty {
		return rest, true
	}
	return bytes.CutPrefix(text, []byte("\r\n"))
}

// cutField cuts off the first line together with the lines that continue it (RFC 5322, 2.2.3).
func cutField(text []byte) (field, rest []byte) {
	end := 0
	for {
		n := bytes.IndexByte(text[end:], '\n')
		if n < 0 {
			return text, nil
		}
		end += n + 1
		if end == len(text) || text[end] != ' ' && text[end] != '\t' {
			return text[:end], text[end:]
		}
	}
}

// fieldOf splits a field at its colon. A name is printable ASCII (RFC 5322, 2.2); RFC 822 allowed blanks behind it.
func fieldOf(line []byte) (name, value string, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return "", "", false
	}
	key := bytes.TrimRight(line[:colon], " \t")
	for _, c := range key {
		if c <= ' ' || c >= 0x7f {
			return "", "", false
		}
	}
	text := bytes.TrimSuffix(line[colon+1:], []byte("\n"))
	return string(key), string(toLF(bytes.TrimSuffix(text, []byte("\r")))), len(key) > 0
}

// toLF returns text with its CRLF as LF: text itself where there is none.
func toLF(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
}

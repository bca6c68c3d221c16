package message

import (
	"bytes"
	"io"
	"math"
	"slices"
	"strings"
	"unsafe"
)

// Parse reads a message from a file. It takes lines that end with LF or CRLF and skips a leading mbox separator ("From
// sender date"). Header and Body come out as they would over the milter: folds as LF, leading blanks kept, the body with
// CRLF. Body holds at most limit octets (0: all); Size counts all, in the form it has on the wire, with CRLF, so that a
// size limit means the same in a file and in a session. Sender is the Return-Path, where the delivering MTA put one on
// top. The only error is one of r's. Rules see the file as it stands: where it has no empty line behind the header, or
// lone CRs, they can tell.
func Parse(r io.Reader, limit int64) (*Message, error) {
	file := fileForm{most: math.MaxInt}
	if limit > 0 && limit < math.MaxInt-MaxHeaderBytes {
		file.most = int(limit) + MaxHeaderBytes
	}
	if _, err := io.Copy(&file, r); err != nil {
		return nil, err
	}
	cut := file.wire > wireSize(file.kept)
	text := skipSeparator(file.kept)
	hd := splitHeader(text)
	body := toCRLF(text[hd.fault:])
	end := len(text)
	if limit > 0 && int64(len(body)) > limit {
		body, cut = body[:limit], true
		end = min(end, hd.end+int(limit))
	}
	return &Message{
		Header:    hd.fields,
		HeaderCut: hd.cut,
		Body:      body,
		BodyCut:   cut,
		Size:      file.wire - wireSize(file.kept[:len(file.kept)-len(text)]),
		Sender:    returnPath(hd.fields),
		Stored:    true,
		source:    newSource(text[:end], hd),
	}, nil
}

// A source is a message as it stood in a file, without an mbox separator.
type source struct {
	text []byte
	head
}

// newSource takes a message's text. Where lines end with CRLF all those of the header do.
func newSource(text []byte, h head) *source {
	if header := text[:h.end]; h.crlf && wireSize(header) > int64(h.end) {
		fault := len(toCRLF(text[:h.fault]))
		header = toCRLF(header)
		text = slices.Concat(header, text[h.end:])
		h.end, h.fault = len(header), fault
	}
	return &source{text: text, head: h}
}

// body returns what stands behind the header, with LF line ends where the file has CRLF.
func (s *source) body() []byte {
	if s.crlf {
		return toLF(s.text[s.end:])
	}
	return s.text[s.end:]
}

// fileForm keeps the first octets written to it and counts how many they all would be with every line end as CRLF.
type fileForm struct {
	kept []byte
	most int
	wire int64
	cr   bool // the last octet was a CR
}

func (f *fileForm) Write(p []byte) (int, error) {
	f.wire += wireSize(p)
	if len(p) > 0 {
		if f.cr && p[0] == '\n' {
			f.wire--
		}
		f.cr = p[len(p)-1] == '\r'
	}
	f.kept = append(f.kept, p[:min(len(p), f.most-len(f.kept))]...)
	return len(p), nil
}

// wireSize counts octets with every line end as CRLF.
func wireSize(p []byte) int64 {
	return int64(len(p) + bytes.Count(p, []byte("\n")) - bytes.Count(p, []byte("\r\n")))
}

// toCRLF returns text with every line end as CRLF: text itself where it is so.
func toCRLF(text []byte) []byte {
	size := wireSize(text)
	if size == int64(len(text)) {
		return text
	}
	out := make([]byte, 0, size)
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			return append(out, text...)
		}
		out = append(append(out, bytes.TrimSuffix(text[:end], []byte("\r"))...), "\r\n"...)
		text = text[end+1:]
	}
}

// skipSeparator drops the line that begins a message in an mbox file. It must not be taken for the From field of RFC 822
// mail, which may have a blank before its colon.
func skipSeparator(text []byte) []byte {
	rest, found := bytes.CutPrefix(text, []byte("From"))
	blanks := len(rest) - len(bytes.TrimLeft(rest, whiteSpace))
	if !found || blanks == 0 || blanks == 1 && bytes.HasPrefix(rest[1:], []byte(":")) {
		return text
	}
	_, rest, _ = bytes.Cut(text, []byte("\n"))
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

// A head is what was read of the header of a message as a whole, in a file or attached to another one.
type head struct {
	fields    Header
	fault     int  // where a strict reader takes the body to begin: behind the empty line, or with the first line that is no field
	end       int  // where the body begins
	crlf      bool // lines end with CRLF
	missing   bool // there is no empty line
	cut       bool // there are more than MaxFields
	truncated bool // a name or a value is longer than MaxFieldName or MaxFieldValue
}

// maxFaults is how many lines that are no field may stand in a header. The next one begins the body; they themselves
// belong to neither.
const maxFaults = 3

// splitHeader parts a header from the body behind it. The header ends at an empty line, which belongs to neither, with a
// line that begins with "--", for that is the first boundary, or with lines that cannot be fields. What has a colon is a
// field all the same, as it is for mail programs.
func splitHeader(text []byte) head {
	h := head{crlf: endsCRLF(text), fault: -1}
	faults := 0
	for at := 0; ; {
		if at == len(text) || bytes.HasPrefix(text[at:], []byte("--")) || faults > maxFaults {
			h.end, h.missing = at, true
			break
		}
		if rest, empty := cutEmptyLine(text[at:], h.crlf); empty {
			h.end = len(text) - len(rest)
			break
		}
		field, rest := cutField(text[at:])
		name, value, ok := cutName(field)
		if !ok {
			if h.fault < 0 {
				h.fault = at
			}
			if faults++; faults > maxFaults {
				continue
			}
		}
		switch {
		case len(name) == 0:
		case len(h.fields) == MaxFields:
			h.cut = true
		default:
			h.truncated = h.truncated || len(name) > MaxFieldName || len(value) > MaxFieldValue
			h.fields = append(h.fields, Field{Name: string(name), Value: h.value(value)})
		}
		at = len(text) - len(rest)
	}
	if h.fault < 0 || !h.missing {
		h.fault = h.end
	}
	return h
}

// value returns a field's value as a string, its line ends as LF.
func (h *head) value(value []byte) string {
	if h.crlf {
		value = toLF(bytes.TrimSuffix(value, []byte("\r")))
	}
	return string(value)
}

// endsCRLF tells whether lines end with CRLF. The first and the last one speak for all.
func endsCRLF(text []byte) bool {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return len(first) < len(text) && bytes.HasSuffix(first, []byte("\r")) || bytes.HasSuffix(text, []byte("\r\n"))
}

func cutEmptyLine(text []byte, crlf bool) (rest []byte, empty bool) {
	if rest, empty = bytes.CutPrefix(text, []byte("\n")); empty || !crlf {
		return rest, empty
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

// cutName splits a field at its colon. A name is printable ASCII (RFC 5322, 2.2); RFC 822 allowed blanks behind it. What
// is not a field by that may yet have a colon and so a name, and is returned with false.
func cutName(field []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(field, ':')
	if colon < 0 {
		return nil, nil, false
	}
	name = bytes.TrimRight(field[:colon], " \t")
	return name, bytes.TrimSuffix(field[colon+1:], []byte("\n")), isFieldName(name)
}

func isFieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return len(name) > 0
}

// toLF returns text with its CRLF as LF: text itself where there is none.
func toLF(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return appendLF(make([]byte, 0, len(text)), text)
}

// appendLF appends text with its CRLF as LF.
func appendLF(out, text []byte) []byte {
	for {
		end := bytes.Index(text, crlf)
		if end < 0 {
			return append(out, text...)
		}
		out = append(append(out, text[:end]...), '\n')
		text = text[end+2:]
	}
}

var crlf = []byte("\r\n")

// asText is text without a copy of it: nobody may write to text any more.
func asText(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

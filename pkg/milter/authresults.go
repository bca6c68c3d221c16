package milter

import (
	"strconv"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"winnow/pkg/message"
)

// resultsField says, to whom the message goes, what was found out about its sender (RFC 8601). Whoever reads it believes it
// by the id it begins with, ours; so nobody else's field may have that.
const resultsField = "Authentication-Results"

// Limits of the field.
const (
	maxResults = 20  // signatures that are told of
	maxValue   = 320 // octets of one value: the longest address (RFC 5321, 4.5.3.1)
	signOctets = 8   // of a signature's value, by which it is told from others (RFC 6008, 3)
)

// resultsValue is the field's value: what was found out, a line for each result.
func resultsValue(id string, m *message.Message, found *message.Identity) string {
	results := results(m, found)
	if len(results) == 0 {
		return id + "; none"
	}
	return id + ";\n\t" + strings.Join(results, ";\n\t")
}

// results lists what was found out; nothing where there was no time to.
func results(m *message.Message, found *message.Identity) []string {
	if found == nil {
		return nil
	}
	var all []string
	if m.Sender != "" {
		all = append(all, result("spf", spfResult(&found.SPF), "smtp.mailfrom", m.Sender))
	}
	if m.Client.Helo != "" {
		all = append(all, result("spf", spfResult(&found.Helo), "smtp.helo", m.Client.Helo))
	}
	for i := range found.DKIM[:min(len(found.DKIM), maxResults)] {
		s := &found.DKIM[i]
		all = append(all, result("dkim", s.Result, "header.d", s.Domain, "header.s", s.Selector, "header.a", s.Algorithm, "header.b", s.Value[:min(len(s.Value), signOctets)]))
	}
	if found.ARC.Result != message.AuthNone {
		all = append(all, result("arc", found.ARC.Result, "header.d", found.ARC.Sealer))
	}
	if found.DMARC.Author != "" {
		all = append(all, result("dmarc", found.DMARC.Result, "header.from", found.DMARC.Author, "policy.dmarc", found.DMARC.Policy))
	}
	return all
}

// result writes one result with its properties, names and values in turn; those without a value are left out.
func result(method string, r message.AuthResult, properties ...string) string {
	words := []string{method + "=" + r.String()}
	for i := 0; i < len(properties); i += 2 {
		if properties[i+1] != "" {
			words = append(words, " "+properties[i]+"="+resultValue(properties[i+1]))
		}
	}
	return fold(len("\t"), words)
}

// spfResult is what others may make of an SPF result: a pass that everybody gets is none to us (RFC 8601, 2.7.2).
func spfResult(s *message.SPF) message.AuthResult {
	if s.Result == message.AuthPass && !s.Proves() {
		return message.AuthPolicy
	}
	return s.Result
}

// resultValue writes what a stranger may have made up as a value: as it is where it can be nothing else, quoted otherwise. A
// line cannot end in it.
func resultValue(s string) string {
	s = plain(s, maxValue)
	if strings.IndexFunc(s, func(r rune) bool { return !isResultChar(r) }) < 0 {
		return s
	}
	return strconv.Quote(s) // of printable ASCII it makes a quoted-string (RFC 5322, 3.2.4)
}

// isResultChar tells of what needs no quotes in an address or a name, for readers of every kind.
func isResultChar(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@.-_+", r)
}

// authservID is what we call ourselves in the field, "" where nobody told us.
func (s *Server) authservID(m *message.Message) string {
	if s.config.AuthservID != "" {
		return s.config.AuthservID
	}
	id, _ := message.HostASCII(m.Receiver)
	return id
}

// claims tells whether an Authentication-Results field says that id, or a host below it, wrote it (RFC 8601, 2.2 and 5). Encoded
// words have no place in it; but there are readers that decode every field before they look at it (RFC 5228, 2.7.2).
func claims(value, id string) bool {
	id = strings.TrimSuffix(strings.ToLower(id), ".")
	if id == "" {
		return false
	}
	return isOrBelow(claimedID(value), id) ||
		strings.Contains(value, "=?") && isOrBelow(claimedID(message.DecodeWords(value[:min(len(value), message.MaxFieldValue)])), id)
}

// isOrBelow tells whether a name, however it is written, is id or that of a host below it.
func isOrBelow(said, id string) bool {
	if ascii, ok := message.HostASCII(said); ok {
		said = ascii
	}
	said = strings.TrimSuffix(strings.ToLower(said), ".")
	return said == id || strings.HasSuffix(said, "."+id)
}

// claimedID returns the authserv-id that a field begins with. Where the field is malformed it returns what some reader might
// take for it.
func claimedID(value string) string {
	value = skipComments(value)
	if rest, quoted := strings.CutPrefix(value, `"`); quoted {
		return unquoted(rest)
	}
	end := strings.IndexAny(value, " \t\r\n;(\"/=")
	if end < 0 {
		end = len(value)
	}
	return value[:end]
}

// unquoted returns a quoted-string whose first quote is off already.
func unquoted(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		if s[i] != '\r' && s[i] != '\n' { // of a fold
			b.WriteByte(s[i])
		}
	}
	return strings.Trim(b.String(), " \t")
}

// skipComments skips white space and comments, which may nest (RFC 5322, 3.2.2).
func skipComments(s string) string {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			i++
		case depth == 0 && strings.IndexByte(" \t\r\n", c) < 0:
			return s[i:]
		}
	}
	return ""
}

// A witness keeps an eye on the Authentication-Results of one message.
type witness struct {
	id     string // ours; "" where we write none
	seen   int    // fields of that name so far
	forged []int  // which of them have our id, counted from 1
}

// note takes note of one field of that name.
func (w *witness) note(value string) {
	w.seen++
	if w.id != "" && len(w.forged) <= maxCopies && claims(value, w.id) {
		w.forged = append(w.forged, w.seen)
	}
}

// writeResults removes what others wrote in our name, and writes what we found out, above everything else: what stands below
// came with the message. It ignores the modifier's errors: writes never fail, see conn.
func (t *transaction) writeResults(mod *gomilter.Modifier) {
	s, m, w := t.session, t.message, &t.witness
	if w.id == "" {
		return
	}
	if s.options.may(gomilter.OptChangeHeader) && s.server.marker.index(resultsField) < 0 {
		for i := len(w.forged) - 1; i >= 0; i-- { // from the last to the first none of them moves meanwhile
			_ = mod.ChangeHeader(w.forged[i], resultsField, "")
		}
	}
	if s.options.may(gomilter.OptAddHeader) {
		found := s.server.deps.Auth().Identity(s.ctx, m)
		_ = mod.InsertHeader(0, resultsField, s.options.blank()+resultsValue(w.id, m, found))
	}
}

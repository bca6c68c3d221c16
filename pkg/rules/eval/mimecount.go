package eval

import (
	"bytes"
	"regexp"
	"strings"

	"winnow/pkg/message"
)

// mimeCounts is what one pass over a message's entities finds for all functions that count.
type mimeCounts struct {
	html, text  int // entities of text/html, and of other text
	attachments int // with such a Content-Disposition
	base64      int // entities encoded so
	base64Text  bool
	base64Line  int // longest line
	quoted      int // entities in quoted-printable
	quotedBytes int // in those
	needless    int // octets that are quoted there and need not be
	quotedLong  bool
	alternative bool    // there is a multipart/alternative
	ratio       float64 // octets of its text by those of its HTML, 1 where there is nothing to compare
	notASCII    bool    // octets in a text that says it is ASCII
	plainBytes  int     // of text/plain that is not encoded, without references
	references  int     // &#xABCD; in it
	charsets    []string
	badISO      bool
	faraway     bool // a charset of ok_locales is none of them
	unclosed    bool // a boundary without its end
}

// mimeCounts counts when it is first asked.
func (f *Facts) mimeCounts() *mimeCounts {
	if f.mime == nil {
		f.mime = countMIME(f.Message, f.Settings)
	}
	return f.mime
}

// An alternative is what the parts of a multipart/alternative amount to; SpamAssassin takes the last of each kind.
type alternative struct {
	kind  string
	bytes int
}

func countMIME(m *message.Message, s *Settings) *mimeCounts {
	c := &mimeCounts{ratio: 1, unclosed: m.ParseFlags().UnclosedBoundary}
	var leaves []alternative
	for _, p := range m.Entities() {
		if p.MediaType() == "" {
			continue
		}
		e := mimeEntity{
			ContentType: p.ContentType(),
			encoding:    strings.ToLower(p.Field("Content-Transfer-Encoding")),
			disposition: strings.ToLower(p.Field("Content-Disposition")),
		}
		e.Charset = strings.ToLower(e.Charset)
		c.alternative = c.alternative || e.Type == "multipart/alternative"
		c.header(e, s)
		if p.Leaf() {
			size := c.leaf(e, p)
			if !strings.Contains(e.disposition, "attachment") {
				leaves = append(leaves, alternative{e.Type, size})
			}
		}
	}
	if c.alternative {
		c.ratio = alternativeRatio(leaves)
	}
	return c
}

// A mimeEntity is what is looked at in the header of an entity, in lower case.
type mimeEntity struct {
	message.ContentType
	encoding, disposition string
}

var (
	isoCharset   = regexp.MustCompile(`iso-\S+-\S+\b`)
	knownISO     = regexp.MustCompile(`iso-(?:8859-\d{1,2}|2022-(?:jp|kr))\b`)
	unicodeRatio = regexp.MustCompile(`^\d{0,3}\.\d{1,3}$`)
)

// header counts what the header of an entity says.
func (c *mimeCounts) header(e mimeEntity, s *Settings) {
	switch {
	case e.Type == "text/html":
		c.html++
	case strings.HasPrefix(e.Type, "text"):
		c.text++
	}
	switch {
	case strings.Contains(e.encoding, "base64"):
		c.base64++
	case strings.Contains(e.encoding, "quoted-printable"):
		c.quoted++
	}
	if strings.Contains(e.disposition, "attachment") {
		c.attachments++
	}
	if strings.HasPrefix(e.Type, "text") && strings.Contains(e.encoding, "base64") && (e.Charset == "" || isASCIICharset(e.Charset)) &&
		!strings.HasPrefix(e.disposition, "attachment") && !strings.HasPrefix(e.disposition, "inline") {
		c.base64Text = true
	}
	if strings.Contains(e.Charset, "iso-") && isoCharset.MatchString(e.Charset) && !knownISO.MatchString(e.Charset) {
		c.badISO = true
	}
	if strings.ContainsFunc(e.Charset, func(r rune) bool { return 'a' <= r && r <= 'z' }) {
		c.charsets = append(c.charsets, strings.Fields(e.Charset)...)
		c.faraway = c.faraway || !s.locales.allow(e.Charset)
	}
}

// isASCIICharset tells whether a charset has one of ASCII's names in it.
func isASCIICharset(charset string) bool {
	for _, name := range []string{"us", "ascii", "ansi_x3.4-1968", "ansi_x3.4-1986", "iso-ir-6", "iso_646.irv:1991", "ibm367", "cp367"} {
		if strings.Contains(charset, name) {
			return true
		}
	}
	return false
}

// leaf counts what the lines of a leaf hold, and returns its octets if they belong to an alternative.
func (c *mimeCounts) leaf(e mimeEntity, p *message.Part) int {
	plain := e.Type == "text/plain"
	quoted := e.encoding == "quoted-printable"
	claimsASCII := plain && (!e.HasCharset || e.Charset == "us-ascii")
	open := plain && (e.encoding == "" || e.encoding == "7bit" || e.encoding == "8bit")
	measured := e.encoding == "base64" && e.Type != "application/ics"
	counted := c.alternative && (plain || e.Type == "text/html")
	if !quoted && !claimsASCII && !open && !measured && !counted {
		return 0
	}
	total := 0
	for line, size := range p.RawLines() {
		total += size
		if quoted {
			c.quotedLine(line, size)
		}
		if measured && size > c.base64Line {
			c.base64Line = size
		}
		if claimsASCII && !c.notASCII {
			c.notASCII = holdsNoText(line)
		}
		if open {
			found := countReferences(line)
			c.references += found
			c.plainBytes += size - found*len("&#x0000;")
		}
	}
	if !counted {
		return 0
	}
	return total
}

// holdsNoText tells whether an octet is none of ASCII text: NUL, CR or beyond.
func holdsNoText(line []byte) bool {
	for _, c := range line {
		if c >= 0x80 || c == 0 || c == '\r' {
			return true
		}
	}
	return false
}

// countReferences counts &#xABCD; of just four digits, in capitals.
func countReferences(line []byte) int {
	count := 0
	for {
		i := bytes.Index(line, []byte("&#x"))
		if i < 0 || len(line) < i+8 {
			return count
		}
		line = line[i+3:]
		if line[4] == ';' && isUpperHex(line[0]) && isUpperHex(line[1]) && isUpperHex(line[2]) && isUpperHex(line[3]) {
			count++
			line = line[5:]
		}
	}
}

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

// maxQuotedLine is the most that a line of a mail should have, with its line end: RFC 5322, 2.1.1.
const maxQuotedLine = 78 + 1

// quotedLine counts in a line of quoted-printable.
func (c *mimeCounts) quotedLine(line []byte, size int) {
	if bytes.HasPrefix(line, []byte("SPAM: ")) { // of an older SpamAssassin's report
		return
	}
	c.quotedLong = c.quotedLong || size > maxQuotedLine
	c.quotedBytes += size
	found := 0
	for at := 0; ; {
		next := bytes.IndexByte(line[at:], '=')
		if next < 0 {
			break
		}
		if at += next + 1; at+1 < len(line) && isNeedless(line[at], line[at+1]) {
			found++
			at += 2
		}
	}
	if found > 0 {
		c.needless += found - quotedBlanksAtEnd(line)
	}
}

// isNeedless tells whether =XY stands for a printable octet other than "=", or for a tab.
func isNeedless(x, y byte) bool {
	switch x {
	case '0':
		return y == '9'
	case '3':
		return isUpperHex(y) && y != 'D'
	case '2', '4', '5', '6':
		return isUpperHex(y)
	case '7':
		return isUpperHex(y) && y != 'F'
	}
	return false
}

// quotedBlanksAtEnd counts =20 and =09 at the end of a line, where they must be quoted (RFC 2045, 6.7).
func quotedBlanksAtEnd(line []byte) int {
	line = bytes.TrimRight(line, " \t\r\f\v")
	count := 0
	for bytes.HasSuffix(line, []byte("=20")) || bytes.HasSuffix(line, []byte("=09")) {
		line = line[:len(line)-3]
		count++
	}
	return count
}

// hasQuoted is the count of quoted-printable, which SpamAssassin has from the octets where there are any.
func (c *mimeCounts) hasQuoted() bool {
	if c.quotedBytes > 0 {
		return c.needless != 0
	}
	return c.quoted > 0
}

func (c *mimeCounts) quotedRatio() float64 {
	if c.quotedBytes == 0 {
		return 0
	}
	return float64(c.needless) / float64(c.quotedBytes)
}

func (c *mimeCounts) unicodeRatio() float64 {
	if c.plainBytes == 0 {
		return 0
	}
	return float64(c.references) / float64(c.plainBytes)
}

// alternativeRatio compares the last text with the last HTML.
func alternativeRatio(leaves []alternative) float64 {
	text, html := -1, -1
	for i := len(leaves) - 1; i >= 0 && (text < 0 || html < 0); i-- {
		switch {
		case html < 0 && leaves[i].kind == "text/html":
			html = leaves[i].bytes
		case text < 0 && leaves[i].kind == "text/plain":
			text = leaves[i].bytes
		}
	}
	if text < 0 || html <= 0 {
		return 1
	}
	return float64(text) / float64(html)
}

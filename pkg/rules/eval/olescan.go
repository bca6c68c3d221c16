package eval

import (
	"bytes"
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// office is what is found in office documents that a message has attached.
type office struct {
	macro     bool
	object    bool // another document within
	rtfObject bool
	malice    bool // a macro that runs by itself
	encrypted bool
	renamed   bool // a document under another name
	password  bool // a zip with one
	download  bool // it fetches a program
	redirect  bool // it refers to the web
	mhtml     bool
	csv       bool // a table that runs a program

	links    []string // where they refer to
	match    func(*pattern.Pattern, string) bool
	inflated int // octets that came out of zips so far
}

// office looks at the attachments when it is first asked.
func (f *Facts) office() *office {
	if f.documents == nil {
		f.documents = &office{match: f.match}
		f.documents.scan(f.Message, &f.Settings.oleMacro)
	}
	return f.documents
}

func (o *office) scan(m *message.Message, s *oleMacroSettings) {
	count := 0
	for _, p := range m.Parts() {
		if p.MediaType() == "" || o.match(s.skippedTypes, p.MediaType()) {
			continue
		}
		name := attachmentName(p, s.disposition)
		if name == "" || o.match(s.skipped, name) {
			continue
		}
		data := p.Data[:min(len(p.Data), max(0, s.maxSize))]
		if len(data) == 0 || !o.look(s, name, data, 0) {
			continue
		}
		if count++; count >= s.maxParts {
			return
		}
	}
}

// look looks at one file, which may stand in depth zips. It returns false where there is nothing to look for.
func (o *office) look(s *oleMacroSettings, name string, data []byte, depth int) bool {
	if hasSuffixFold(name, ".csv") {
		o.csv = o.csv || isHostileTable(data)
	}
	switch {
	case o.match(s.zips, name):
		o.unzip(s, name, data, depth)
	case o.match(s.macros, name):
		o.macro = true
		o.lookEncrypted(data)
		o.lookOpenXML(name, data)
		o.lookDownload(s, data)
	case o.match(s.documents, name):
		o.lookEncrypted(data)
		o.lookBinary(data)
		o.lookOpenXML(name, data)
		o.lookDownload(s, data)
	case s.renamed:
		found := isOLE(data)
		found = o.lookEncrypted(data) || found
		found = o.lookBinary(data) || found
		found = o.lookOpenXML(name, data) || found
		if found {
			o.renamed = true
			o.lookDownload(s, data)
		}
		o.unzip(s, name, data, depth)
	default:
		return false
	}
	return true
}

// attachmentName is the file name of an attachment that is encoded for the way; others are no documents. Of two names
// that of Content-Disposition is taken, or the other.
func attachmentName(p *message.Part, disposition bool) string {
	encoding := p.Field("Content-Transfer-Encoding")
	if !strings.EqualFold(encoding, "base64") && !strings.EqualFold(encoding, "quoted-printable") || !p.Header.Has("Content-Type") {
		return ""
	}
	declared := roughName(p.Field("Content-Type"), "name")
	shown := roughName(p.Field("Content-Disposition"), "filename")
	if shown == "" || declared != "" && !disposition && !strings.EqualFold(shown, declared) {
		return declared
	}
	return shown
}

// roughName finds what stands behind a key, wherever it stands, up to a quote or semicolon.
func roughName(value, key string) string {
	for {
		_, behind, found := cutFold(value, key)
		if !found {
			return ""
		}
		rest, assigned := strings.CutPrefix(strings.TrimLeft(behind, asciiBlanks), "=")
		if !assigned {
			value = behind
			continue
		}
		rest = strings.TrimLeft(rest, asciiBlanks)
		if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
			rest = rest[1:]
		}
		return strings.TrimRight(rest[:endAt(rest, `"';`)], asciiBlanks)
	}
}

func hasSuffixFold(text, suffix string) bool {
	return len(text) >= len(suffix) && strings.EqualFold(text[len(text)-len(suffix):], suffix)
}

// isHostileTable tells whether a table holds a formula by which Excel runs a program.
func isHostileTable(data []byte) bool {
	const program = `Windows\System32\cmd.exe`
	for {
		_, behind, found := bytes.Cut(data, []byte("MSEXCEL|"))
		if !found {
			return false
		}
		near := behind[:min(len(behind), 20+len(program))]
		if i := bytes.Index(near, []byte(program)); i > 0 && bytes.IndexByte(near[:i], '\n') < 0 {
			return true
		}
		data = behind
	}
}

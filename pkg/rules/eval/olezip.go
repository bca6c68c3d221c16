package eval

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

const (
	maxZipMember   = 4 << 20 // octets of a file in a zip that are looked at
	maxInflated    = 8 << 20 // octets of all of them, of one message
	maxTargets     = 1000    // relations of a document that are looked at
	maxTargetLinks = 10      // of all documents of a message
)

// openZip opens data as a zip, if it may be one and is.
func openZip(name string, data []byte) *zip.Reader {
	if !bytes.HasPrefix(data, []byte("PK")) && !hasSuffixFold(name, ".zip") {
		return nil
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil
	}
	return r
}

// inflate returns what a file in a zip holds, at most so much as the limits allow. It returns false where that cannot be
// read.
func (o *office) inflate(f *zip.File) ([]byte, bool) {
	r, err := f.Open()
	if err != nil {
		return nil, false
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(min(maxZipMember, maxInflated-o.inflated))))
	o.inflated += len(data)
	return data, err == nil || errors.Is(err, zip.ErrChecksum)
}

// isLocked tells whether a file in a zip wants a password (APPNOTE, 4.4.4).
func isLocked(f *zip.File) bool { return f.Flags&1 != 0 }

// unzip looks at the files in a zip.
func (o *office) unzip(s *oleMacroSettings, name string, data []byte, depth int) {
	if s.maxMembers == 0 || depth >= s.maxDepth {
		return
	}
	archive := openZip(name, data)
	if archive == nil {
		return
	}
	count := 0
	for _, member := range archive.File {
		if o.match(s.skipped, member.Name) {
			continue
		}
		if isLocked(member) {
			o.macro = o.macro || o.match(s.macros, member.Name)
			o.password = true
			continue
		}
		if !o.lookMember(s, member, depth) {
			continue
		}
		if count++; count >= s.maxMembers {
			return
		}
	}
}

// lookMember looks at one file in a zip. It returns false where there is nothing to look for.
func (o *office) lookMember(s *oleMacroSettings, member *zip.File, depth int) bool {
	known := o.match(s.zips, member.Name) || o.match(s.macros, member.Name) || o.match(s.documents, member.Name)
	if !known && !s.renamed && !hasSuffixFold(member.Name, ".csv") {
		return false
	}
	if !o.match(s.zips, member.Name) && o.match(s.macros, member.Name) {
		o.macro = true
	}
	if data, ok := o.inflate(member); ok && len(data) > 0 {
		o.look(s, member.Name, data, depth+1)
	}
	return known || s.renamed
}

// lookOpenXML looks into a document of Office Open XML, which is a zip. It returns false where it is none.
func (o *office) lookOpenXML(name string, data []byte) bool {
	archive := openZip(name, data)
	if archive == nil {
		return false
	}
	isDocument, hasMacros := false, false
	for _, member := range archive.File {
		name := strings.ToLower(member.Name)
		switch {
		case isMacroFile(name):
			hasMacros, o.macro, isDocument = true, true, true
		case strings.HasPrefix(name, "xl/embeddings/"):
			o.object, isDocument = true, true
		case isRTFObject(name):
			o.rtfObject, isDocument = true, true
		}
	}
	for _, member := range archive.File {
		isDocument = o.lookIndex(member) || isDocument
	}
	if hasMacros && !o.malice {
		o.malice = o.hasMalice(archive)
	}
	return isDocument
}

func isMacroFile(name string) bool {
	switch name {
	case "word/vbaproject.bin", "macros/vba/_vba_project", "xl/vbaproject.bin", "_vba_project_cur/vba/_vba_project", "ppt/vbaproject.bin":
		return true
	}
	return false
}

// isRTFObject tells whether a file is an RTF document within a Word document.
func isRTFObject(name string) bool {
	rest, found := strings.CutPrefix(name, "word/")
	if !found {
		return false
	}
	for at := 1; at <= 50 && at < len(rest); at++ {
		if behind, isRTF := strings.CutPrefix(rest[at:], ".rtf"); isRTF && (behind == "" || !isWordRune(rune(behind[0]))) {
			return true
		}
	}
	return false
}

// lookIndex looks at a file that says what a document consists of. It returns false for any other.
func (o *office) lookIndex(member *zip.File) bool {
	switch {
	case member.Name == "[Content_Types].xml":
		if !o.macro {
			data, ok := o.inflate(member)
			o.macro = ok && declaresMacros(data)
		}
		return true
	case strings.Contains(member.Name, ".rels"):
		data, ok := o.inflate(member)
		if ok {
			o.lookTargets(data)
		}
		return ok && len(data) > 0
	}
	return false
}

func declaresMacros(data []byte) bool {
	for _, mark := range []string{`contenttype="application/vnd.ms-office.vbaproject"`, `contenttype='application/vnd.ms-office.vbaproject'`, "macroenabled",
		"application/vnd.ms-excel.macrosheet", "application/vnd.ms-excel.intlmacrosheet"} {
		if nextFold(data, 0, mark) >= 0 {
			return true
		}
	}
	return false
}

// lookTargets looks where the relations of a document lead.
func (o *office) lookTargets(data []byte) {
	pieces := strings.SplitN(string(data), "Relationship", maxTargets)
	for i, piece := range pieces {
		if i > 0 && (piece == "" || strings.IndexByte(asciiBlanks, piece[0]) < 0) {
			continue
		}
		_, behind, found := cutFold(piece, `target="`)
		target, rest, closed := strings.Cut(behind, `"`)
		if !found || !closed {
			continue
		}
		if _, _, outside := cutFold(rest, `targetmode="external"`); outside {
			o.lookTarget(target)
		}
	}
}

// mhtmlMark is how an address of CVE-2021-40444 goes on behind mhtml:, which is "http:\\1" in references.
const mhtmlMark = "&#x48;&#x54;&#x50;&#x3a;&#x5c;&#x5c;&#x31;&"

func (o *office) lookTarget(target string) {
	link, isMHTML := target, false
	if _, behind, found := cutFold(target[:min(len(target), len("mhtml:"))], "mhtml:"); found && behind == "" {
		link, isMHTML = target[len("mhtml:"):], true
	}
	_, isWeb := cutWebScheme(link)
	o.mhtml = o.mhtml || isMHTML && (isWeb || strings.HasPrefix(strings.ToLower(link), mhtmlMark))
	o.redirect = o.redirect || isWeb
	if isWeb && len(o.links) < maxTargetLinks && !slices.Contains(o.links, link) {
		o.links = append(o.links, link)
	}
}

// hasMalice tells whether a binary file in a document has a macro that runs by itself.
func (o *office) hasMalice(archive *zip.Reader) bool {
	for _, member := range archive.File {
		if strings.Contains(member.Name, ".bin") {
			if data, ok := o.inflate(member); ok && runsByItself(data) {
				return true
			}
		}
	}
	return false
}

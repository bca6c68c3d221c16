package eval

import (
	"bytes"
	"regexp"
	"strings"

	"winnow/pkg/message"
)

var antiVirusFunctions = calledBy(BodyRules, []Function{
	simple("check_microsoft_executable", func(f *Facts) bool { return f.attachments().executable }),
	simple("check_suspect_name", func(f *Facts) bool { return f.attachments().misnamed }),
})

// attachments is what file names and first lines of parts give away.
type attachments struct {
	executable bool // a program for Windows
	misnamed   bool // a name that says another type than the part does
}

// attachments looks at the parts when it is first asked.
func (f *Facts) attachments() *attachments {
	if f.attached == nil {
		f.attached = &attachments{}
		for _, p := range f.Message.Parts() {
			if p.MediaType() == "" {
				continue
			}
			t := p.ContentType()
			name := strings.ToLower(t.Name)
			f.attached.executable = f.attached.executable || isExecutable(p, t.Type, name)
			f.attached.misnamed = f.attached.misnamed || isMisnamed(t.Type, name)
		}
	}
	return f.attached
}

// executableNames end the names of what Windows runs, or may.
var executableNames = setOf(`ade adp asx bas bat chm cmd com cpl crt dll exe hlp hta inf ins isp js jse lnk mda mdb mde mdt mdw mdz msc
	msi msp mst nws ops pcd pif prf reg scf scr sct shb shs shm swf url vb vbe vbs vbx vxd wsc wsf wsh`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// base64Program is how a program for Windows begins in base64.
var base64Program = regexp.MustCompile(`^TV[opqr].A..[AB].[AQgw][A-H].A`)

// uuencodedProgram is the same in uuencode.
var uuencodedProgram = regexp.MustCompile("^M35[GHIJK].`..`..*````")

func isExecutable(p *message.Part, kind, name string) bool {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		if end := name[dot+1:]; executableNames[end] || end == "scr?" {
			return true
		}
	}
	if strings.Contains(strings.ToLower(p.Field("Content-Transfer-Encoding")), "base64") {
		for line := range p.RawLines() {
			if bytes.HasPrefix(line, []byte("TV")) && base64Program.Match(line) {
				return true
			}
			break
		}
	}
	return strings.HasPrefix(kind, "text/") && holdsUuencodedProgram(p)
}

func holdsUuencodedProgram(p *message.Part) bool {
	for line := range p.RawLines() {
		if bytes.HasPrefix(line, []byte("M35")) && uuencodedProgram.Match(line) {
			return true
		}
	}
	return false
}

var (
	textKind       = regexp.MustCompile(`^(?:text/(?:plain|[px]?html?|english|sgml|xml|enriched|richtext)|message/external-body)`)
	powerPointKind = regexp.MustCompile(`^application/.*(?:powerpoint|ppt)$`)
)

// isMisnamed tells whether the type, less x- and vnd., is none that the name can have.
func isMisnamed(kind, name string) bool {
	if name == "" || kind == "application/octet-stream" {
		return false
	}
	end := name[strings.LastIndexByte(name, '.')+1:]
	kind = withoutVendor(kind)
	switch end {
	case "txt", "htm", "html", "phtm", "phtml", "xhtm", "xhtml", "xml":
		return !textKind.MatchString(kind)
	case "jpg", "jpeg", "tif", "tiff", "gif", "png":
		return !strings.HasPrefix(kind, "image/") && !strings.HasPrefix(kind, "application/mac-binhex")
	case "vcf":
		return kind != "text/vcard"
	case "bat", "com", "exe", "pif", "scr", "swf", "vbs":
		return !strings.HasPrefix(kind, "application/")
	case "doc":
		return !strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "word")
	case "ppt":
		return !powerPointKind.MatchString(kind)
	case "xls":
		return !strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "excel")
	}
	return false
}

// withoutVendor takes the first x- or vnd. behind a slash out of a type.
func withoutVendor(kind string) string {
	for i := range len(kind) {
		if kind[i] != '/' {
			continue
		}
		for _, mark := range []string{"x-", "vnd."} {
			if rest, found := strings.CutPrefix(kind[i+1:], mark); found {
				return kind[:i+1] + rest
			}
		}
	}
	return kind
}

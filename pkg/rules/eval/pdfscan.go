package eval

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"winnow/pkg/message"
)

const (
	maxPDFHead    = 1024 // octets before the mark that makes data a PDF
	maxFuzzyLines = 70   // lines from which the fuzzy sum is taken
	maxPDFDetail  = 256  // octets of an author, title and so on
	maxPDFDetails = 1000 // of each kind in one message
	maxPDFSizes   = 1000 // sizes of images in one message
)

// pdfDetails is what pdf_match_details can look at.
var pdfDetails = []string{"author", "creator", "created", "modified", "producer", "title"}

// A pdfSize is an image's size as a PDF tells of it.
type pdfSize struct{ height, width float64 }

func (a area) holdsPDF(s pdfSize) bool { return a.height.holds(s.height) && a.width.holds(s.width) }

// pdfs is what the PDFs of a message hold, as SpamAssassin sees it: it looks at what is not compressed, line by line.
type pdfs struct {
	count     int // of parts that should be a PDF
	images    int
	pixels    float64 // of the last PDF that has any
	sizes     []pdfSize
	names     []string
	details   map[string][]string
	encrypted bool
	links     []string
	fuzzySums []string // MD5 of the first lines, and of the names at the beginning of lines
	documents [][]byte
	exactSums []string // of documents, once they are asked for
}

// pdfs looks at the PDFs when it is first asked.
func (f *Facts) pdfs() *pdfs {
	if f.pdfSet == nil {
		f.pdfSet = findPDFs(f.Message)
	}
	return f.pdfSet
}

func findPDFs(m *message.Message) *pdfs {
	found := &pdfs{details: map[string][]string{}}
	for _, p := range m.Parts() {
		kind := p.MediaType()
		switch kind {
		case "application/pdf", "image/pdf":
		case "application/octet-stream", "image/octet-stream":
			if name := strings.ToLower(p.Name()); !strings.HasSuffix(name, ".pdf") && !strings.HasSuffix(name, ".fdf") {
				continue
			}
		default:
			continue
		}
		found.count++
		if data := bytes.TrimPrefix(p.Data, []byte("\xef\xbb\xbf")); isPDF(data) {
			found.add(data, p.Name())
		}
	}
	return found
}

var pdfMark = regexp.MustCompile(`%PDF-[0-9]\.[0-9]`)

func isPDF(data []byte) bool {
	return pdfMark.Match(data[:min(len(data), maxPDFHead+len("%PDF-1.4"))])
}

func (p *pdfs) add(data []byte, name string) {
	if name != "" {
		p.names = append(p.names, name)
	}
	p.documents = append(p.documents, data)
	scan := pdfScan{pdfs: p}
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if len(line) > 0 {
			scan.line(line)
		}
		data = rest
	}
	scan.finish()
}

// sums is the MD5 sums of the documents.
func (p *pdfs) sums() []string {
	for _, data := range p.documents[len(p.exactSums):] {
		p.exactSums = append(p.exactSums, sumOf(data))
	}
	return p.exactSums
}

func sumOf(data []byte) string {
	sum := md5.Sum(data)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// A pdfScan goes through the lines of one PDF.
type pdfScan struct {
	*pdfs
	lines  int
	fuzzy  []byte
	closed bool // no more lines are taken for the fuzzy sum
	tags   []byte
	linked int  // links found in this one
	image  bool // what follows may be the size of an image
	total  pdfSize
	area   float64
}

func (s *pdfScan) line(line []byte) {
	if !s.closed {
		if s.lines++; s.lines < maxFuzzyLines {
			line = s.addFuzzy(line)
		}
	}
	if len(line) == 0 {
		return
	}
	s.image = s.image || bytes.Contains(line, []byte("/Image"))
	s.encrypted = s.encrypted || bytes.HasPrefix(line, []byte("/Encrypt"))
	if s.image {
		s.addSize(line)
	}
	if bytes.IndexByte(line, '/') < 0 {
		return
	}
	if line[0] == '/' {
		s.tags = append(s.tags, line[1:1+lettersOf(line[1:])]...)
	}
	s.addLink(line)
	s.detail("author", line, "/Author", pdfValue)
	s.detail("creator", line, "/Creator", pdfValue)
	s.detail("created", line, "/CreationDate", pdfDate)
	s.detail("modified", line, "/ModDate", pdfDate)
	s.detail("producer", line, "/Producer", pdfValue)
	s.detail("title", line, "/Title", pdfValue)
}

// addFuzzy adds a line to what the fuzzy sum is taken from, without what differs from copy to copy. It returns the line as
// the rest sees it: an added one loses the blanks at its end.
func (s *pdfScan) addFuzzy(line []byte) []byte {
	if line[0] != '%' && !startsWithAny(line, "/Height", "/Width", "/MediaBox", "/CropBox") {
		if _, isMatrix := matrixSize(line); !isMatrix {
			line = bytes.TrimRight(line, " \t\r\f\v")
			s.fuzzy = append(s.fuzzy, line...)
		}
	}
	s.closed = bytes.Contains(line, []byte("stream"))
	return line
}

func startsWithAny(line []byte, starts ...string) bool {
	return slices.ContainsFunc(starts, func(start string) bool { return bytes.HasPrefix(line, []byte(start)) })
}

func lettersOf(text []byte) int {
	n := 0
	for n < len(text) && (text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z') {
		n++
	}
	return n
}

var (
	matrix    = regexp.MustCompile(`^(\d+)\s+\d+\s+\d+\s+(\d+)\s+\d+\s+\d+\s+cm$`)
	lineSide  = regexp.MustCompile(`^/(?:Width|Height)\s\d`)
	bothSides = regexp.MustCompile(`/Width\s(\d+)/Height\s(\d+)`)
)

// matrixSize reads the size out of a transformation matrix: "630 0 0 149 0 0 cm".
func matrixSize(line []byte) (pdfSize, bool) {
	if line[0] < '0' || line[0] > '9' || !bytes.HasSuffix(line, []byte("cm")) {
		return pdfSize{}, false
	}
	m := matrix.FindSubmatch(line)
	if m == nil {
		return pdfSize{}, false
	}
	return pdfSize{width: number(string(m[1])), height: number(string(m[2]))}, true
}

// addSize looks for the size of an image. Like SpamAssassin's, it knows it only where it has both sides in one line.
func (s *pdfScan) addSize(line []byte) {
	found, isMatrix := matrixSize(line)
	if !isMatrix {
		if !bytes.Contains(line, []byte("/Width")) || lineSide.Match(line) {
			return
		}
		m := bothSides.FindSubmatch(line)
		if m == nil {
			return
		}
		found = pdfSize{width: number(string(m[1])), height: number(string(m[2]))}
	}
	if found.width == 0 || found.height == 0 {
		return
	}
	s.image, s.closed = false, true
	s.total.height += found.height
	s.total.width += found.width
	s.area += found.height * found.width
	s.images++
	s.keepSize(found)
}

func (p *pdfs) keepSize(s pdfSize) {
	if len(p.sizes) < maxPDFSizes {
		p.sizes = append(p.sizes, s)
	}
}

// detail notes what stands behind a key in a line.
func (s *pdfScan) detail(kind string, line []byte, key string, read func([]byte, string) (string, bool)) {
	if value, found := read(line, key); found && len(s.details[kind]) < maxPDFDetails {
		s.details[kind] = append(s.details[kind], value)
	}
}

// finish notes what only the whole PDF tells.
func (s *pdfScan) finish() {
	if s.area > 0 {
		s.keepSize(s.total)
		s.pixels = s.area
	}
	if len(s.fuzzy) > 0 {
		s.fuzzySums = append(s.fuzzySums, sumOf(s.fuzzy))
	}
	if len(s.tags) > 0 {
		s.fuzzySums = append(s.fuzzySums, sumOf(s.tags))
	}
}

package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A Query says what is looked for.
type Query struct {
	Words []string  // all of them: see docs/why.md
	Since time.Time // from when on; the zero time: all that is kept
	Until time.Time // up to when; the zero time: now
	Limit int       // how many records at most, the newest; 0: DefaultLimit
	// Stream is looked through, too: it has what other nodes recorded.
	Stream Stream
}

// DefaultLimit is how many records a search returns where nobody says.
const DefaultLimit = 50

// Results is what a search found.
type Results struct {
	Records []*Record // the newest first
	More    bool      // there are older ones
	Oldest  string    // the first day that is kept, "" where nothing is
	Notes   []string  // what could not be read
}

// Search looks for records in the trail of a state_dir. It reads beside a winnow that writes, and keeps no more in memory
// than what it finds, and some megabytes for each processor.
func Search(ctx context.Context, stateDir string, zone *time.Location, q Query) (*Results, error) {
	secret, err := readKey(stateDir)
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	terms, err := newTerms(q.Words, secret)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	all, _, err := days(Dir(stateDir))
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	s := &search{query: q, terms: terms}
	s.compile()
	if len(all) > 0 {
		s.results.Oldest = all[0].name
	}
	span := Span{q.Since, q.Until}
	first, last := span.days(zone)
	for i := len(all) - 1; i >= 0 && !s.enough(); i-- {
		if all[i].name < first || all[i].name > last {
			continue
		}
		if err := s.day(ctx, &all[i], Dir(stateDir)); err != nil {
			return nil, fmt.Errorf("trail: %s: %w", all[i].name, err)
		}
	}
	if q.Stream != nil && !s.settled() {
		if err := s.stream(ctx, q.Stream); err != nil { // the files were searched
			s.results.Notes = append(s.results.Notes, "what other nodes recorded was not all searched: "+err.Error())
		}
	}
	s.finish()
	return &s.results, nil
}

// streamPage is how many records are read from a stream at a time.
const streamPage = 500

// stream searches what the nodes recorded together, from its end.
func (s *search) stream(ctx context.Context, stream Stream) error {
	oldest := s.query.Since
	if s.finish(); s.results.More { // of what is older none is wanted
		oldest = s.results.Records[len(s.results.Records)-1].Time
	}
	for place, found := "", 0; found <= s.query.Limit; {
		records, next, err := stream.TrailBefore(ctx, place, streamPage)
		if err != nil || next == "" {
			return err
		}
		var text []byte
		for _, record := range slices.Backward(records) {
			text = append(append(text, record...), '\n')
		}
		p := &piece{read: func() ([]byte, error) { return text, nil }}
		s.piece(p)
		s.take(p)
		if found += len(p.matches); !p.newest.IsZero() && p.newest.Before(oldest) {
			return nil
		}
		place = next
	}
	return nil
}

// A search is one Search under way.
type search struct {
	query   Query
	terms   []term
	needles [][]byte // of which a line has one; none: every line is looked at
	network bool     // the first term is one, and no needle tells of it
	results Results
	seen    map[[sha256.Size]byte]bool // lines that were found: some stand in two files for a while, and in the stream
}

// compile finds what a line must have for the first term, as it stands in the file. To look for that first is what makes a
// search fast: a line that has it not is not read. It may stand in another place of a line than is meant.
func (s *search) compile() {
	s.seen = map[[sha256.Size]byte]bool{}
	best := -1
	for i := range s.terms {
		if t := &s.terms[i]; !t.network.IsValid() && (best < 0 || len(t.keys[0].value) > len(s.terms[best].keys[0].value)) {
			best = i
		}
	}
	if best < 0 {
		s.network = len(s.terms) > 0
		return
	}
	for _, k := range s.terms[best].keys {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(k.value) // a string is always written
		if needle := bytes.TrimSpace(b.Bytes()); !slices.ContainsFunc(s.needles, func(n []byte) bool { return bytes.Equal(n, needle) }) {
			s.needles = append(s.needles, needle)
		}
	}
}

// enough tells that older records need not be looked for: there are too many already, or the one there is.
func (s *search) enough() bool { return len(s.results.Records) > s.query.Limit || s.settled() }

// settled tells that the one record there is was found.
func (s *search) settled() bool {
	return len(s.results.Records) > 0 && slices.ContainsFunc(s.terms, func(t term) bool { return t.isID() })
}

// day searches one day, from its end. Files are opened whether or not they were there when the folder was read: lines may have
// gone from one to the next meanwhile.
func (s *search) day(ctx context.Context, d *day, dir string) error {
	base := filepath.Join(dir, d.name)
	for _, lines := range []string{base + plainSuffix, base + partSuffix} {
		leftover, err := isPacked(lines, base+packedSuffix)
		if err != nil {
			return err
		}
		if !leftover {
			if err := s.open(lines, func(f *os.File) error { return s.lines(ctx, f) }); err != nil {
				return err
			}
		}
	}
	return s.open(base+packedSuffix, func(f *os.File) error { return s.blocks(ctx, f) })
}

// open searches a file; one that is gone by now was removed or packed meanwhile.
func (s *search) open(name string, search func(*os.File) error) error {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return search(f)
}

// A piece is a part of a file that is searched by one goroutine: whole lines.
type piece struct {
	read    func() ([]byte, error)
	matches []match
	notes   []string
	newest  time.Time // of all its lines
	oldest  time.Time
}

// A match is a record, and the digest of its line.
type match struct {
	record *Record
	line   [sha256.Size]byte
}

// pieces searches pieces, the last of the file first, as many at a time as there are processors.
func (s *search) pieces(ctx context.Context, all []*piece) error {
	width := max(1, runtime.GOMAXPROCS(0))
	for len(all) > 0 && !s.enough() {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		wave := all[max(0, len(all)-width):]
		all = all[:len(all)-len(wave)]
		var searching sync.WaitGroup
		for _, p := range wave {
			searching.Go(func() { s.piece(p) })
		}
		searching.Wait()
		for _, p := range wave {
			s.take(p)
		}
		if oldest := wave[0].oldest; !oldest.IsZero() && oldest.Before(s.query.Since) {
			return nil // what comes before is older still
		}
	}
	return nil
}

func (s *search) take(p *piece) {
	s.results.Notes = append(s.results.Notes, p.notes...)
	for _, m := range p.matches {
		if !s.seen[m.line] {
			s.seen[m.line] = true
			s.results.Records = append(s.results.Records, m.record)
		}
	}
}

// finish sorts what was found, and leaves out what is too much.
func (s *search) finish() {
	slices.SortStableFunc(s.results.Records, func(a, b *Record) int { return b.Time.Compare(a.Time) })
	if len(s.results.Records) > s.query.Limit {
		s.results.Records, s.results.More = s.results.Records[:s.query.Limit], true
	}
}

// chunk is how much of a plain file is searched at a time.
const chunk = 4 << 20

// lines searches a file of lines, which may grow meanwhile.
func (s *search) lines(ctx context.Context, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var all []*piece
	for at := int64(0); at < info.Size(); at += chunk {
		all = append(all, &piece{read: func() ([]byte, error) { return readLines(f, at, min(at+chunk, info.Size())) }})
	}
	return s.pieces(ctx, all)
}

// readLines returns the lines that begin from one place of a file to another.
func readLines(f *os.File, from, to int64) ([]byte, error) {
	begin := max(0, from-1) // a line begins behind the end of another
	data := make([]byte, to-begin+maxLine)
	n, err := f.ReadAt(data, begin)
	if n == 0 && err != nil {
		return nil, err
	}
	data = data[:n]
	if from > 0 {
		end := bytes.IndexByte(data, '\n')
		if end < 0 || int64(end) >= to-begin {
			return nil, nil // all of it belongs to a line that began before
		}
		data, begin = data[end+1:], begin+int64(end)+1
	}
	if rest := to - begin; rest > 0 && int64(len(data)) > rest {
		if data[rest-1] == '\n' {
			return data[:rest], nil
		}
		if end := bytes.IndexByte(data[rest:], '\n'); end >= 0 {
			return data[:rest+int64(end)+1], nil
		}
	}
	if to <= begin {
		return nil, nil
	}
	return data, nil
}

// blocks searches a packed file.
func (s *search) blocks(ctx context.Context, f *os.File) error {
	blocks, err := readBlocks(f)
	if err != nil {
		s.results.Notes = append(s.results.Notes, fmt.Sprintf("%s: %v: what comes from there on is not searched", f.Name(), err))
	}
	var all []*piece
	for _, b := range blocks {
		if s.mayBeIn(b) {
			all = append(all, &piece{read: func() ([]byte, error) { return b.readFrom(f) }})
		}
	}
	return s.pieces(ctx, all)
}

func (s *search) mayBeIn(b *block) bool {
	if b.records > 0 && (b.last.Before(s.query.Since) || !s.query.Until.IsZero() && b.first.After(s.query.Until)) {
		return false
	}
	for i := range s.terms {
		if !s.terms[i].mayBeIn(b) {
			return false
		}
	}
	return true
}

// piece searches one piece.
func (s *search) piece(p *piece) {
	data, err := p.read()
	if err != nil {
		p.notes = append(p.notes, err.Error())
		return
	}
	if len(data) == 0 {
		return
	}
	p.oldest = timeOf(data)
	p.newest = timeOf(data[bytes.LastIndexByte(data[:len(data)-1], '\n')+1:])
	if len(s.needles) == 0 {
		for line := range bytes.Lines(data) {
			if !s.network || s.terms[0].holdsLine(line) {
				s.line(p, line)
			}
		}
		return
	}
	var places []int // of the lines that have one of the needles
	for _, needle := range s.needles {
		for at := 0; at < len(data); {
			i := bytes.Index(data[at:], needle)
			if i < 0 {
				break
			}
			begin := bytes.LastIndexByte(data[:at+i], '\n') + 1
			places = append(places, begin)
			at += i
			end := bytes.IndexByte(data[at:], '\n')
			if end < 0 {
				break
			}
			at += end + 1
		}
	}
	slices.Sort(places)
	for _, begin := range slices.Compact(places) {
		line := data[begin:]
		if end := bytes.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		s.line(p, line)
	}
}

var (
	timeBefore   = []byte(`"time":"`)
	clientBefore = []byte(`{"addr":"`)
)

// timeOf reads the time out of the beginning of a line, the zero time where there is none.
func timeOf(line []byte) time.Time {
	const near = 200
	line = line[:min(len(line), near)]
	_, rest, _ := bytes.Cut(line, timeBefore)
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	at, _ := time.Parse(time.RFC3339, string(text))
	return at
}

// holdsLine tells whether a client of the line is in the network, without reading all of it.
func (t *term) holdsLine(line []byte) bool {
	for rest := line; ; {
		_, after, found := bytes.Cut(rest, clientBefore)
		if !found {
			return bytes.Contains(line, []byte(`"net":"`)) // behind a veil: line has to be read
		}
		text, next, _ := bytes.Cut(after, []byte(`"`))
		if addr, err := netip.ParseAddr(string(text)); err == nil && t.network.Contains(addr) {
			return true
		}
		rest = next
	}
}

// line takes a line that may be one that is looked for. Of one piece no more are kept than are asked for, the newest.
func (s *search) line(p *piece, line []byte) {
	f, err := findable(line)
	if err != nil {
		p.note(fmt.Sprintf("a line that cannot be read was passed over (%.60q)", line))
		return
	}
	if f.Time.Before(s.query.Since) || !s.query.Until.IsZero() && f.Time.After(s.query.Until) {
		return
	}
	for i := range s.terms {
		if !s.terms[i].has(f) {
			return
		}
	}
	r, err := Parse(line)
	if err != nil {
		p.note(fmt.Sprintf("record %s of %s was passed over: %v", f.ID, f.Time.Format(time.RFC3339), err))
		return
	}
	if len(p.matches) > s.query.Limit {
		p.matches = slices.Delete(p.matches, 0, 1)
	}
	p.matches = append(p.matches, match{r, sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))})
}

// maxNotes bounds what one piece has to say.
const maxNotes = 5

func (p *piece) note(text string) {
	if len(p.notes) < maxNotes {
		p.notes = append(p.notes, text)
	}
}

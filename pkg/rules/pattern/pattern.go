// Package pattern compiles Perl regular expressions over octets, the way SpamAssassin uses them: `qr/.../aa` against byte
// strings. A dot and a class match one octet, \w \d \s \b and the POSIX classes know ASCII only, and /i folds ASCII and the
// Latin-1 letters, whatever charset the text is in.
//
// A pattern is parsed into a syntax tree whose leaves are sets of octets (flags such as /i, /s and /x are gone by then),
// and the tree is what everything else works on. It is written out for Go's regexp, whose time is linear in the text;
// since that package matches runes, every octet becomes the rune of the same number (Latin-1). What Perl has and regexp
// has not (lookaround, back-references, atomic groups) parses, and Compile names it in an *Error. From the tree also come
// the literals that any matching text must have, for a prefilter.
package pattern

import (
	"fmt"
	"slices"
	"strings"
)

// Limits on what is compiled. Patterns come from operators and from rule sets of strangers; the largest of SpamAssassin's
// own that compile have 5,411 characters with all repeats written out.
const (
	MaxLength   = 64 << 10 // octets of source
	maxDepth    = 200      // nested groups
	maxRepeat   = 65534    // Perl 5.30's own limit on n in {n}
	maxWarnings = 10       // of one pattern
	maxProgram  = 20_000   // characters with all repeats written out, all of which an engine may be in at once
)

// An engine finds matches in one form of a text.
type engine interface {
	match(form string) bool
	find(form string) (start, end int, ok bool)
	count(form string, limit int) int
}

// A Pattern is a compiled pattern. It may be used by several goroutines.
type Pattern struct {
	engine   engine
	folded   bool        // letters match in either case everywhere: the engine is to be run on folded text
	always   bool        // it matches every text
	required [][]string  // one of each set is in the folded form of any text that matches; none where none is known
	literals [][]literal // the same, for an Index
	warnings []string
}

// Compile parses source, which stands between a rule's delimiters, with the flags that follow them. Its error is an
// *Error.
func Compile(source, flags string) (*Pattern, error) {
	tree, warnings, err := parse(source, flags)
	if err != nil {
		return nil, err
	}
	folded := foldsThroughout(tree)
	engine, err := newGoEngine(tree, folded)
	if err != nil {
		return nil, err
	}
	p := &Pattern{
		engine:   engine,
		folded:   folded,
		always:   nullable(tree, atStart) || nullable(tree, atEnd),
		required: required(tree),
		warnings: warnings,
	}
	p.literals = newLiterals(p.required)
	return p, nil
}

// An Error is why a pattern cannot be used.
type Error struct {
	What        string // "lookahead (?!...)", "missing )"
	Offset      int    // where in the source, in octets
	Unsupported bool   // it is good Perl, but this engine has no such construct
}

func (e *Error) Error() string {
	if e.Unsupported {
		return fmt.Sprintf("%s is not supported, at octet %d", e.What, e.Offset)
	}
	return fmt.Sprintf("%s, at octet %d", e.What, e.Offset)
}

// Required returns sets of literals. The Folded form of every text that matches has one out of each; it is in that form
// that they are written. No set is returned where nothing is known.
func (p *Pattern) Required() [][]string { return p.required }

// Always tells whether the pattern matches every text, the empty one included.
func (p *Pattern) Always() bool { return p.always }

// Warnings returns what is odd about the pattern, although it compiles.
func (p *Pattern) Warnings() []string { return p.warnings }

// May tells whether the text can match; false is certain.
func (p *Pattern) May(t *Text) bool {
	for _, set := range p.required {
		if !containsAny(t.folded, set) {
			return false
		}
	}
	return true
}

func containsAny(text string, literals []string) bool {
	for _, literal := range literals {
		if strings.Contains(text, literal) {
			return true
		}
	}
	return false
}

// MayIn tells whether the text of an index, or a part of it, can match; false is certain.
func (p *Pattern) MayIn(x *Index) bool {
	for _, set := range p.literals {
		if !slices.ContainsFunc(set, func(l literal) bool { return x.has(&l) }) {
			return false
		}
	}
	return true
}

// Match tells whether the text matches.
func (p *Pattern) Match(t *Text) bool { return p.engine.match(t.form(p.folded)) }

// Find returns the leftmost match, as the octets of the text from start to end.
func (p *Pattern) Find(t *Text) (start, end int, ok bool) {
	form := t.form(p.folded)
	start, end, ok = p.engine.find(form)
	return t.offset(form, start), t.offset(form, end), ok
}

// Count returns how many matches, which do not overlap, the text has, at most limit.
func (p *Pattern) Count(t *Text, limit int) int { return p.engine.count(t.form(p.folded), limit) }

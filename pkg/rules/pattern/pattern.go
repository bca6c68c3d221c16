// Package pattern matches Perl regular expressions over octets, the way SpamAssassin uses them: `qr/.../aa` against byte
// strings. A dot and a class match one octet, \w \d \s \b and the POSIX classes know ASCII only, and /i folds ASCII and the
// Latin-1 letters, whatever charset the text is in.
//
// A pattern is parsed into a syntax tree whose leaves are sets of octets (flags such as /i, /s and /x are gone by then),
// and the tree is what everything else works on. It is simplified and written as a program, which a Machine runs as Perl
// would: one branch after the other, with all that needs that (lookaround, back-references, atomic groups). The work of a
// run is limited on every text; see Machine. From the tree also come the literals that any matching text must have, and by
// which a Finder tells, in one pass over a text, which of many patterns can match it, and where.
package pattern

import (
	"fmt"
	"sync/atomic"
)

// Limits on what is compiled. Patterns come from operators and from rule sets of strangers. The largest of SpamAssassin's
// own has 224 kB, with its tags replaced, and becomes 20,000 steps.
const (
	MaxLength   = 512 << 10 // octets of source
	maxDepth    = 200       // nested groups
	maxGroups   = 1000      // capturing ones
	maxRepeat   = 65534     // Perl 5.30's own limit on n in {n}
	maxBehind   = 255       // octets that a lookbehind looks back: Perl's own limit, too
	maxUnrolled = 400       // steps of a repeat when written out; a larger one counts
	maxProgram  = 400_000   // steps
	maxWarnings = 10        // of one pattern
)

// A Pattern is a compiled pattern. It may be used by several goroutines.
type Pattern struct {
	prog     *program
	anchor   anchor
	only     int16 // the octet that every match begins with; -1 is none
	least    int   // octets of the shortest match
	always   bool  // it matches every text
	names    []string
	warnings []string

	need    need    // what every match has
	stretch stretch // and this, too
	rare    rare    // and this
	word    bool    // it begins at a boundary of words

	short bool                  // a match takes so few octets that a probe would not help
	probe atomic.Pointer[probe] // made when it is first needed
	room  *atomic.Int64         // what the probes of a finder's patterns may take together; nil is no common limit
}

// An anchor is where a match can begin.
type anchor uint8

const (
	anchorNone anchor = iota
	anchorText        // the text's beginning
	anchorLine        // a line's beginning
	anchorStar        // the same, or where the search does: what begins with .* and matches anywhere in a line matches there
)

// Compile parses source, which stands between a rule's delimiters, with the flags that follow them. Its error is an
// *Error.
func Compile(source, flags string) (*Pattern, error) { return newPattern(source, flags, false) }

// CompileGroups is Compile for a pattern whose groups without a name will be asked for, too.
func CompileGroups(source, flags string) (*Pattern, error) { return newPattern(source, flags, true) }

// MustCompile is Compile for a pattern that is known to be good.
func MustCompile(source, flags string) *Pattern {
	p, err := Compile(source, flags)
	if err != nil {
		panic("pattern " + source + ": " + err.Error())
	}
	return p
}

func newPattern(source, flags string, groups bool) (*Pattern, error) {
	tree, parser, err := parse(source, flags)
	if err != nil {
		return nil, err
	}
	always := nullable(tree, atStart) || nullable(tree, atEnd)
	captured := make([]bool, len(parser.names)+1)
	for i, name := range parser.names {
		captured[i+1] = groups || name != ""
	}
	for _, r := range parser.references {
		for _, group := range r.node.refs {
			captured[group] = true
		}
	}
	tree = simplify(tree, captured)
	measure(tree)
	prog, err := compile(tree, len(parser.names))
	if err != nil {
		return nil, err
	}
	p := &Pattern{prog: prog, anchor: anchorOf(tree), only: -1, least: tree.least, always: always, names: parser.names, warnings: parser.warnings}
	p.need, p.stretch, p.rare, p.word = needOf(tree), stretchOf(tree), rareOf(tree), beginsWith(tree, opBoundary)
	p.short = tree.most != unbounded && tree.most <= shortMatch
	if f := &prog.first; f.set.size() == 1 && !f.end {
		p.only = int16(f.set.lowest())
	}
	return p, nil
}

// beginsWith tells whether a match begins with an assertion.
func beginsWith(n *node, o op) bool {
	return n.op == o || n.op == opConcat && n.subs[0].op == o
}

// anchorOf returns where a match of the tree can begin.
func anchorOf(n *node) anchor {
	switch n.op {
	case opTextStart:
		return anchorText
	case opLineStart:
		return anchorLine
	case opConcat:
		return anchorOf(n.subs[0])
	case opGroup:
		if a := anchorOf(n.subs[0]); a != anchorStar { // what a group captures depends on where it begins
			return a
		}
	case opAlternate:
		all := anchorOf(n.subs[0])
		for _, sub := range n.subs {
			if anchorOf(sub) != all {
				return anchorNone
			}
		}
		return all
	case opRepeat:
		if n.subs[0].op == opOctet && n.max == unbounded && n.mode != possessive && dot.both(n.subs[0].set) == dot {
			return anchorStar
		}
	}
	return anchorNone
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

// Always tells whether the pattern matches every text, the empty one included.
func (p *Pattern) Always() bool { return p.always }

// Warnings returns what is odd about the pattern, although it compiles.
func (p *Pattern) Warnings() []string { return p.warnings }

// Names returns the names of the groups, by number less one; most have none.
func (p *Pattern) Names() []string { return p.names }

// Size is about how many octets the pattern takes, what finds its literals in a text included.
func (p *Pattern) Size() int {
	const perLiteral = 100 // a clue, and its place in the table
	return p.prog.size() + perLiteral*len(p.need.texts)
}

// Literals returns texts of which every match has one, in lower case, as far as they help to find it; none where none do.
func (p *Pattern) Literals() []string { return p.need.texts }

// Match tells whether the text matches. Who matches often has a Machine of his own.
func (p *Pattern) Match(text string) bool {
	m := Machine{once: true}
	return m.Match(p, text)
}

// Find returns the first match in the text, text[start:end].
func (p *Pattern) Find(text string) (start, end int, ok bool) {
	m := Machine{once: true}
	return m.Find(p, text, 0)
}

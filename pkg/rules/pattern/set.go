package pattern

import (
	"math/bits"
	"slices"
)

// A set is a set of octets, one bit each.
type set [4]uint64

func (s *set) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *set) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *set) addRange(from, to byte) {
	for b := int(from); b <= int(to); b++ {
		s.add(byte(b))
	}
}

func (s set) union(t set) set {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// both is what is in s and in t.
func (s set) both(t set) set {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

// lowest is the least octet of a set that has one.
func (s set) lowest() byte {
	for i, word := range s {
		if word != 0 {
			return byte(64*i + bits.TrailingZeros64(word))
		}
	}
	return 0
}

func (s set) complement() set {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

func (s set) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// all are the octets, in order.
func (s set) all(yield func(byte) bool) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			if !yield(byte(64*i + bits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

// fold returns the lower case of an ASCII or Latin-1 letter, and any other octet as it is. Perl folds so under /i, text in
// UTF-8 notwithstanding; sharp s and y with diaeresis have no partner within Latin-1, and D7 is no letter.
func fold(b byte) byte {
	if 'A' <= b && b <= 'Z' || 0xC0 <= b && b <= 0xDE && b != 0xD7 {
		return b + 0x20
	}
	return b
}

// AppendFolded appends the text to buf in the lower case that /i takes for the same.
func AppendFolded(buf []byte, text string) []byte {
	buf = slices.Grow(buf, len(text))
	for i := range len(text) {
		buf = append(buf, folded[text[i]])
	}
	return buf
}

// folded is fold as a table.
var folded = func() (table [256]byte) {
	for b := range table {
		table[b] = fold(byte(b))
	}
	return table
}()

// unfold is the other case of a letter that fold returns.
func unfold(b byte) byte {
	if 'a' <= b && b <= 'z' || 0xE0 <= b && b <= 0xFE && b != 0xF7 {
		return b - 0x20
	}
	return b
}

// Letters stand 32 octets before their other case, in both halves: these are the capitals of ASCII and of Latin-1, in the
// words of a set that hold them.
const (
	asciiCapitals = 1<<27 - 1<<1      // A to Z
	latinCapitals = 1<<31 - 1 - 1<<23 // C0 to DE without D7
)

// anyCase adds the other case of every letter.
func (s set) anyCase() set {
	s[1] |= s[1]&asciiCapitals<<32 | s[1]>>32&asciiCapitals
	s[3] |= s[3]&latinCapitals<<32 | s[3]>>32&latinCapitals
	return s
}

func single(b byte) (s set) { s.add(b); return s }

func between(pairs ...byte) (s set) {
	for i := 0; i < len(pairs); i += 2 {
		s.addRange(pairs[i], pairs[i+1])
	}
	return s
}

// The classes as Perl has them under /aa (perlrecharclass): \s has the vertical tab, which Go's lacks; \h and \v reach into
// Latin-1 even under /aa.
var (
	anySet     = set{}.complement()
	newline    = single('\n')
	dot        = newline.complement()
	digit      = between('0', '9')
	upper      = between('A', 'Z')
	lower      = between('a', 'z')
	alpha      = upper.union(lower)
	alnum      = alpha.union(digit)
	word       = alnum.union(single('_'))
	space      = between('\t', '\r', ' ', ' ')
	horizontal = between('\t', '\t', ' ', ' ', 0xA0, 0xA0)
	vertical   = between('\n', '\r', 0x85, 0x85)
	graph      = between('!', '~')
	control    = between(0, 31, 127, 127)
	hexDigit   = between('0', '9', 'A', 'F', 'a', 'f')
)

// posix are the classes [:name:].
var posix = map[string]set{
	"alpha": alpha, "digit": digit, "alnum": alnum, "upper": upper, "lower": lower, "word": word, "space": space,
	"blank":  between('\t', '\t', ' ', ' '),
	"punct":  between('!', '/', ':', '@', '[', '`', '{', '~'),
	"print":  between(' ', '~'),
	"graph":  graph,
	"cntrl":  control,
	"xdigit": hexDigit,
	"ascii":  between(0, 127),
}

// shorthand are the classes that a letter behind a backslash stands for.
var shorthand = map[byte]set{
	'd': digit, 'D': digit.complement(),
	'w': word, 'W': word.complement(),
	's': space, 'S': space.complement(),
	'h': horizontal, 'H': horizontal.complement(),
	'v': vertical, 'V': vertical.complement(),
	'N': dot,
}

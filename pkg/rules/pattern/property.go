package pattern

import (
	"strings"
	"unicode"
)

// property reads what stands behind \p or \P: a letter, or a name in braces. An octet counts as the Latin-1 character of
// its number, as in Perl.
func (p *parser) property(at int) set {
	not := p.src[p.at] == 'P'
	p.at++
	if !p.more() {
		p.fail(at, `missing name of \p`)
	}
	var name string
	if p.take("{") {
		name = p.until("}", `\p{...}`)
	} else {
		p.at++
		name = p.src[p.at-1 : p.at]
	}
	if rest, found := strings.CutPrefix(strings.TrimLeft(name, " "), "^"); found {
		name, not = rest, !not
	}
	s, ok := propertySet(name, p.flags.i)
	if !ok {
		p.unsupported(at, `Unicode property \p{`+name+`}`)
	}
	if not {
		return s.complement()
	}
	return s
}

// propertySet finds a property by its name, in which case, blanks, hyphens, underscores and an "Is" do not matter.
func propertySet(name string, fold bool) (set, bool) {
	name = loose(name)
	if kind, value, found := strings.Cut(strings.Replace(name, ":", "=", 1), "="); found {
		switch kind {
		case "gc", "generalcategory", "category":
			return categorySet(value, fold)
		case "sc", "script", "scx", "scriptextensions":
			return tableSet(unicode.Scripts, value)
		}
		return set{}, false
	}
	for _, name := range [...]string{name, strings.TrimPrefix(name, "is")} {
		if rest, found := strings.CutPrefix(name, "posix"); found {
			s, ok := posix[rest]
			if fold && (rest == "upper" || rest == "lower") {
				s = s.anyCase()
			}
			return s, ok
		}
		if s, ok := perlProperty(strings.TrimPrefix(name, "xposix"), fold); ok {
			return s, true
		}
		if s, ok := categorySet(name, fold); ok && name != "xposixpunct" {
			return s, true
		}
		if s, ok := tableSet(unicode.Scripts, name); ok {
			return s, true
		}
		if s, ok := tableSet(unicode.Properties, name); ok {
			return s, true
		}
	}
	if name == "xposixpunct" {
		return unicodePunct.union(posix["punct"]), true
	}
	return set{}, false
}

func loose(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "\t", "", "_", "", "-", "").Replace(name))
}

var (
	unicodePunct  = latin(unicode.Punct)
	unicodeLetter = latin(unicode.Letter)
	unicodeSpace  = space.union(single(0x85)).union(single(0xa0))
	cased         = latin(unicode.Upper, unicode.Lower, unicode.Other_Lowercase)
)

// perlProperty has the names that are no category: those of Perl's own, and of other properties that fold.
func perlProperty(name string, fold bool) (set, bool) {
	if fold {
		switch name {
		case "upper", "uppercase", "lower", "lowercase", "title", "titlecase", "lt", "titlecaseletter":
			return cased, true
		}
	}
	blank := latin(unicode.Zs).union(single('\t'))
	switch name {
	case "alpha", "alphabetic":
		return unicodeLetter, true
	case "alnum":
		return unicodeLetter.union(digit), true
	case "word", "w":
		return unicodeLetter.union(word), true
	case "space", "whitespace", "spaceperl", "xperlspace", "perlspace":
		return unicodeSpace, true
	case "upper", "uppercase":
		return latin(unicode.Upper), true
	case "lower", "lowercase":
		return latin(unicode.Lower, unicode.Other_Lowercase), true
	case "cased":
		return cased, true
	case "title", "titlecase":
		return set{}, true
	case "any", "all", "unicode", "assigned":
		return anySet, true
	case "unassigned", "cn":
		return set{}, true
	case "ascii", "basiclatin":
		return between(0, 0x7f), true
	case "graph":
		return unicodeSpace.union(latin(unicode.Cc)).complement(), true
	case "print":
		return unicodeSpace.union(latin(unicode.Cc)).complement().union(latin(unicode.Zs)), true
	case "xdigit", "hexdigit", "hex", "ahex":
		return hexDigit, true
	case "blank", "horizspace":
		return blank, true
	case "vertspace":
		return vertical, true
	case "cntrl":
		return latin(unicode.Cc), true
	}
	return set{}, false
}

// categorySet finds a general category by its short or long name.
func categorySet(name string, fold bool) (set, bool) {
	switch name {
	case "l&", "lc", "casedletter":
		return latin(unicode.Upper, unicode.Lower), true
	}
	for long, short := range unicode.CategoryAliases {
		if loose(long) == name {
			name = strings.ToLower(short)
			break
		}
	}
	if fold && (name == "lu" || name == "ll") {
		return latin(unicode.Upper, unicode.Lower), true
	}
	return tableSet(unicode.Categories, name)
}

func tableSet(tables map[string]*unicode.RangeTable, name string) (set, bool) {
	for key, table := range tables {
		if loose(key) == name {
			return latin(table), true
		}
	}
	return set{}, false
}

// latin returns the Latin-1 characters of tables.
func latin(tables ...*unicode.RangeTable) (s set) {
	for c := range 256 {
		if unicode.In(rune(c), tables...) {
			s.add(byte(c))
		}
	}
	return s
}

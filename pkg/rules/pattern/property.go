package pattern

import (
	"strings"
	"sync"
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
			s, ok := unicodeSets().scripts[value]
			return s, ok
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
		if s, ok := unicodeSets().scripts[name]; ok {
			return s, true
		}
		if s, ok := unicodeSets().properties[name]; ok {
			return s, true
		}
	}
	if name == "xposixpunct" {
		return unicodePunct.union(posix["punct"]), true
	}
	return set{}, false
}

func loose(name string) string { return strings.ToLower(looseness.Replace(name)) }

var looseness = strings.NewReplacer(" ", "", "\t", "", "_", "", "-", "")

var (
	unicodePunct  = latin(unicode.Punct)
	unicodeLetter = latin(unicode.Letter)
	unicodeSpace  = space.union(single(0x85)).union(single(0xa0))
	unicodeBlank  = latin(unicode.Zs).union(single('\t'))
	unicodeGraph  = unicodeSpace.union(latin(unicode.Cc)).complement()
	cased         = latin(unicode.Upper, unicode.Lower, unicode.Other_Lowercase)
	lowercase     = latin(unicode.Lower, unicode.Other_Lowercase)
)

// perlProperty has the names that are no category: those of Perl's own, and of other properties that fold.
func perlProperty(name string, fold bool) (set, bool) {
	if fold {
		switch name {
		case "upper", "uppercase", "lower", "lowercase", "title", "titlecase", "lt", "titlecaseletter":
			return cased, true
		}
	}
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
		return unicodeSets().categories["lu"], true
	case "lower", "lowercase":
		return lowercase, true
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
		return unicodeGraph, true
	case "print":
		return unicodeGraph.union(unicodeSets().categories["zs"]), true
	case "xdigit", "hexdigit", "hex", "ahex":
		return hexDigit, true
	case "blank", "horizspace":
		return unicodeBlank, true
	case "vertspace":
		return vertical, true
	case "cntrl":
		return unicodeSets().categories["cc"], true
	}
	return set{}, false
}

// categorySet finds a general category by its short or long name.
func categorySet(name string, fold bool) (set, bool) {
	sets := unicodeSets()
	if short, found := sets.aliases[name]; found {
		name = short
	}
	switch {
	case name == "l&" || name == "lc" || name == "casedletter":
		return sets.casedLetter, true
	case fold && (name == "lu" || name == "ll"):
		return sets.casedLetter, true
	}
	s, ok := sets.categories[name]
	return s, ok
}

// A namedSets is what Unicode names, by loose name.
type namedSets struct {
	categories, scripts, properties map[string]set
	aliases                         map[string]string // of a category: its short name
	casedLetter                     set
}

// unicodeSets looks through Unicode's tables once: they are long, and a pattern may ask a thousand times.
var unicodeSets = sync.OnceValue(func() namedSets {
	sets := namedSets{
		categories:  latinSets(unicode.Categories),
		scripts:     latinSets(unicode.Scripts),
		properties:  latinSets(unicode.Properties),
		aliases:     map[string]string{},
		casedLetter: latin(unicode.Upper, unicode.Lower),
	}
	for long, short := range unicode.CategoryAliases {
		sets.aliases[loose(long)] = loose(short)
	}
	return sets
})

func latinSets(tables map[string]*unicode.RangeTable) map[string]set {
	sets := make(map[string]set, len(tables))
	for name, table := range tables {
		sets[loose(name)] = latin(table)
	}
	return sets
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

package message

import (
	"strings"
	"unicode/utf8"
)

// bareEntities are the named entities of HTML that need no semicolon: those of its first version.
var bareEntities = map[string]rune{
	"AElig":  0xc6,
	"Aacute": 0xc1,
	"Acirc":  0xc2,
	"Agrave": 0xc0,
	"Aring":  0xc5,
	"Atilde": 0xc3,
	"Auml":   0xc4,
	"Ccedil": 0xc7,
	"ETH":    0xd0,
	"Eacute": 0xc9,
	"Ecirc":  0xca,
	"Egrave": 0xc8,
	"Euml":   0xcb,
	"Iacute": 0xcd,
	"Icirc":  0xce,
	"Igrave": 0xcc,
	"Iuml":   0xcf,
	"Ntilde": 0xd1,
	"Oacute": 0xd3,
	"Ocirc":  0xd4,
	"Ograve": 0xd2,
	"Oslash": 0xd8,
	"Otilde": 0xd5,
	"Ouml":   0xd6,
	"THORN":  0xde,
	"Uacute": 0xda,
	"Ucirc":  0xdb,
	"Ugrave": 0xd9,
	"Uuml":   0xdc,
	"Yacute": 0xdd,
	"aacute": 0xe1,
	"acirc":  0xe2,
	"acute":  0xb4,
	"aelig":  0xe6,
	"agrave": 0xe0,
	"amp":    0x26,
	"apos":   0x27,
	"aring":  0xe5,
	"atilde": 0xe3,
	"auml":   0xe4,
	"brvbar": 0xa6,
	"ccedil": 0xe7,
	"cedil":  0xb8,
	"cent":   0xa2,
	"copy":   0xa9,
	"curren": 0xa4,
	"deg":    0xb0,
	"divide": 0xf7,
	"eacute": 0xe9,
	"ecirc":  0xea,
	"egrave": 0xe8,
	"eth":    0xf0,
	"euml":   0xeb,
	"frac12": 0xbd,
	"frac14": 0xbc,
	"frac34": 0xbe,
	"gt":     0x3e,
	"iacute": 0xed,
	"icirc":  0xee,
	"iexcl":  0xa1,
	"igrave": 0xec,
	"iquest": 0xbf,
	"iuml":   0xef,
	"laquo":  0xab,
	"lt":     0x3c,
	"macr":   0xaf,
	"micro":  0xb5,
	"middot": 0xb7,
	"nbsp":   0xa0,
	"not":    0xac,
	"ntilde": 0xf1,
	"oacute": 0xf3,
	"ocirc":  0xf4,
	"ograve": 0xf2,
	"ordf":   0xaa,
	"ordm":   0xba,
	"oslash": 0xf8,
	"otilde": 0xf5,
	"ouml":   0xf6,
	"para":   0xb6,
	"plusmn": 0xb1,
	"pound":  0xa3,
	"quot":   0x22,
	"raquo":  0xbb,
	"reg":    0xae,
	"sect":   0xa7,
	"shy":    0xad,
	"sup1":   0xb9,
	"sup2":   0xb2,
	"sup3":   0xb3,
	"szlig":  0xdf,
	"thorn":  0xfe,
	"times":  0xd7,
	"uacute": 0xfa,
	"ucirc":  0xfb,
	"ugrave": 0xf9,
	"uml":    0xa8,
	"uuml":   0xfc,
	"yacute": 0xfd,
	"yen":    0xa5,
	"yuml":   0xff,
}

// entities are the others of HTML 4 (24). Browsers know many more by now; rules were written for these.
var entities = map[string]rune{
	"Alpha":    0x391,
	"Beta":     0x392,
	"Chi":      0x3a7,
	"Dagger":   0x2021,
	"Delta":    0x394,
	"Epsilon":  0x395,
	"Eta":      0x397,
	"Gamma":    0x393,
	"Iota":     0x399,
	"Kappa":    0x39a,
	"Lambda":   0x39b,
	"Mu":       0x39c,
	"Nu":       0x39d,
	"OElig":    0x152,
	"Omega":    0x3a9,
	"Omicron":  0x39f,
	"Phi":      0x3a6,
	"Pi":       0x3a0,
	"Prime":    0x2033,
	"Psi":      0x3a8,
	"Rho":      0x3a1,
	"Scaron":   0x160,
	"Sigma":    0x3a3,
	"Tau":      0x3a4,
	"Theta":    0x398,
	"Upsilon":  0x3a5,
	"Xi":       0x39e,
	"Yuml":     0x178,
	"Zeta":     0x396,
	"alefsym":  0x2135,
	"alpha":    0x3b1,
	"and":      0x2227,
	"ang":      0x2220,
	"asymp":    0x2248,
	"bdquo":    0x201e,
	"beta":     0x3b2,
	"bull":     0x2022,
	"cap":      0x2229,
	"chi":      0x3c7,
	"circ":     0x2c6,
	"clubs":    0x2663,
	"cong":     0x2245,
	"crarr":    0x21b5,
	"cup":      0x222a,
	"dArr":     0x21d3,
	"dagger":   0x2020,
	"darr":     0x2193,
	"delta":    0x3b4,
	"diams":    0x2666,
	"empty":    0x2205,
	"emsp":     0x2003,
	"ensp":     0x2002,
	"epsilon":  0x3b5,
	"equiv":    0x2261,
	"eta":      0x3b7,
	"euro":     0x20ac,
	"exist":    0x2203,
	"fnof":     0x192,
	"forall":   0x2200,
	"frasl":    0x2044,
	"gamma":    0x3b3,
	"ge":       0x2265,
	"hArr":     0x21d4,
	"harr":     0x2194,
	"hearts":   0x2665,
	"hellip":   0x2026,
	"image":    0x2111,
	"infin":    0x221e,
	"int":      0x222b,
	"iota":     0x3b9,
	"isin":     0x2208,
	"kappa":    0x3ba,
	"lArr":     0x21d0,
	"lambda":   0x3bb,
	"lang":     0x2329,
	"larr":     0x2190,
	"lceil":    0x2308,
	"ldquo":    0x201c,
	"le":       0x2264,
	"lfloor":   0x230a,
	"lowast":   0x2217,
	"loz":      0x25ca,
	"lrm":      0x200e,
	"lsaquo":   0x2039,
	"lsquo":    0x2018,
	"mdash":    0x2014,
	"minus":    0x2212,
	"mu":       0x3bc,
	"nabla":    0x2207,
	"ndash":    0x2013,
	"ne":       0x2260,
	"ni":       0x220b,
	"notin":    0x2209,
	"nsub":     0x2284,
	"nu":       0x3bd,
	"oelig":    0x153,
	"oline":    0x203e,
	"omega":    0x3c9,
	"omicron":  0x3bf,
	"oplus":    0x2295,
	"or":       0x2228,
	"otimes":   0x2297,
	"part":     0x2202,
	"permil":   0x2030,
	"perp":     0x22a5,
	"phi":      0x3c6,
	"pi":       0x3c0,
	"piv":      0x3d6,
	"prime":    0x2032,
	"prod":     0x220f,
	"prop":     0x221d,
	"psi":      0x3c8,
	"rArr":     0x21d2,
	"radic":    0x221a,
	"rang":     0x232a,
	"rarr":     0x2192,
	"rceil":    0x2309,
	"rdquo":    0x201d,
	"real":     0x211c,
	"rfloor":   0x230b,
	"rho":      0x3c1,
	"rlm":      0x200f,
	"rsaquo":   0x203a,
	"rsquo":    0x2019,
	"sbquo":    0x201a,
	"scaron":   0x161,
	"sdot":     0x22c5,
	"sigma":    0x3c3,
	"sigmaf":   0x3c2,
	"sim":      0x223c,
	"spades":   0x2660,
	"sub":      0x2282,
	"sube":     0x2286,
	"sum":      0x2211,
	"sup":      0x2283,
	"supe":     0x2287,
	"tau":      0x3c4,
	"there4":   0x2234,
	"theta":    0x3b8,
	"thetasym": 0x3d1,
	"thinsp":   0x2009,
	"tilde":    0x2dc,
	"trade":    0x2122,
	"uArr":     0x21d1,
	"uarr":     0x2191,
	"upsih":    0x3d2,
	"upsilon":  0x3c5,
	"weierp":   0x2118,
	"xi":       0x3be,
	"zeta":     0x3b6,
	"zwj":      0x200d,
	"zwnj":     0x200c,
}

// decodeEntities decodes entities. In text the begin of a word may be one: "&ampx"; in attributes it is not, or links
// would break.
func decodeEntities(s string, prefix bool) string {
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for {
		out = append(out, s[:amp]...)
		s = s[amp:]
		r, size := entityAt(s, prefix)
		if size == 0 {
			out, size = append(out, '&'), 1
		} else {
			out = utf8.AppendRune(out, r)
		}
		s = s[size:]
		if amp = strings.IndexByte(s, '&'); amp < 0 {
			return string(append(out, s...))
		}
	}
}

// entityAt reads the entity that s begins with; its size is 0 where there is none.
func entityAt(s string, prefix bool) (r rune, size int) {
	if len(s) > 1 && s[1] == '#' {
		return numericEntity(s)
	}
	end := 1
	for end < len(s) && isWordByte(s[end]) && end <= maxEntityName {
		end++
	}
	semicolon := end < len(s) && s[end] == ';'
	r, known := bareEntities[s[1:end]]
	if !known && semicolon {
		r, known = entities[s[1:end]]
	}
	if known {
		if semicolon {
			end++
		}
		return r, end
	}
	if !prefix {
		return 0, 0
	}
	for end--; end > 1; end-- {
		if r, known := bareEntities[s[1:end]]; known {
			if s[end] == ';' {
				end++
			}
			return r, end
		}
	}
	return 0, 0
}

// maxEntityName is longer than every name, so that what is longer has none of its beginnings missed.
const maxEntityName = 16

// numericEntity reads &#123; or &#x7b;, with or without the semicolon.
func numericEntity(s string) (r rune, size int) {
	i, base := 2, rune(10)
	if i < len(s) && s[i]|0x20 == 'x' {
		i, base = 3, 16
	}
	start := i
	for ; i < len(s); i++ {
		digit := rune(unhex(s[i]))
		if digit >= base {
			break
		}
		if r = r*base + digit; r > utf8.MaxRune {
			return 0, 0
		}
	}
	if i == start || r == 0 || r == 0xfffe || r == 0xffff {
		return 0, 0
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return r, i // surrogates are written as U+FFFD
}

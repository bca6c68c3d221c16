package pattern

import "testing"

// perlWarns are patterns that Perl takes with a warning, and SpamAssassin therefore not.
var perlWarns = []string{
	`a{3}?`, `a{3,3}?`, `[\w-.]`, `[a-\d]`, `[.-\w]`, `[[:alpha:]-z]`, `[:alpha:]`, `[:xdigit:]x`, `\y`, `\m`, `\i`,
	`\q[\y]`, `[\m]`, `a{`, `a{x`, `a{1,2`, `a{,}`, `(?<!(a|bc))d`, `\xg`, `\x{zz}`, `\08`, `\18`, `[\8]`, `\Qa.b\E`,
	`\Qa`, `\E`, `\u\U\l\L`, `(?g)a`, `(?-p)a`, `(?o)a`, `(?c)a`, `[ :alpha: ]`, `[[:alpha:`, `[[alpha:]]`,
	`[[:alpha]]`, `[[: alpha :]]`, `[[:ALPHA:]]`, `${a}`, `@{a}`, `\o{8}`, `[\B]`, `[\A]`, `[\z]`, `[\R]`, `[\X]`,
	`[\E]`, `[\Q]`, `[\d-z]`, `[a-z\d-\w]`, `[\s-\S]`, `[\w-:]`, `[a-[:digit:]]`, `\d{2}-\d{2}?`, `(?:ab){2}?`,
	`(?:ab){1}?`, `.{0}?`, `x{1}?`, `\x{41}{2}?`, `\d{x`, `\w{`, `[a]{x`, `.{x`, `(a){x`, `\.{x`, `\.{`, `\x41{x`,
	`\n{`, `^a{x`, `$a{x`, `a${x`, `\s{x`, `\t{`, `(?x) a { x`, `(?x) \. { x`, `(?x) . {x`, `(?x) [a] {x`, `(?i)a{x`,
	`a|b{x`, `(?:a{)`, `(?:.{)`, `[{]{`, `\}{x`, `-{x`, `-{1`, ` {x`, `  {x`, `\1{x`, `\p{L}{x`, `%{FOO}`, `x%{FOO}`,
	`<{FOO}`, `#{x`, `a{2 3}`, `a{-1}`, `a{1,-}`, `\xZ`, `\x4g`, `\x{4g}`, `\x{g}`, `\o{9}`, `\19`, `\018`, `\0188`,
	`\08a`, `[\08]`, `[\18]`, `[\9]`, `[\x4]`, `[\xg]`, `(?gi)a`, `(?gc)a`, `(?i-p)a`, `(?-p:a)`, `(?io)a`, `(?ig:a)`,
	`[[:alpha:]][:digit:]`, `[:digit:][[:alpha:]]`, `[:alpha]`, `[alpha:]`, `[:a-z:]`, `[:a-z:]+x`, `[:alpha:]]`,
	`[^:alpha:]`, `[[:alpha:a]`, `[x[:alpha]`, `[[:alpha ]]`, `[[alpha]]`, `[[word:]]`, `[x:alpha:]`, `[[ :alpha:]]`,
	`[[:al pha:]]`, `[[;alpha;]]`, `[[^:alpha:]]`, `[:space:,]`, `[[:digit]`, `[:digit]`, `[digit:]`, `[ :digit ]`,
	`[[digit]`, `[[digit]]`, `[\d-\d]`, `[\w-\.]`, `[\w-\x20]`, `[\w-[]`, `[+-\s]`, `[^\w-.]`, `[\--\w]`,
	`[[:alnum:]-_]`, `[a-[:alnum:]]`, `[\h-x]`, `[x-\h]`, `[\p{L}-x]`, `[\y]`, `[\q]`, `[\i]`, `[\l]`, `[\L]`, `[\g]`,
	`[\k]`, `[\G]`, `[\Z]`, `[\K]`, `[\C]`, `[\b-\d]`, `\j`, `\l`, `\L`, `\U`, `\Q`, `\F`, `\u`, `\I`, `\J`, `\M`, `\O`,
	`\T`, `\Y`, `\q`, `(?<=(a|bb)c)`, `(?<!(?<X>a|bb))`, `(?<!(?:a|bb)(c))`, `(?<=a(b)?)`,
}

// perlTakes are patterns that look like those, or that few rule sets have, and are good.
var perlTakes = []string{
	`a{3}+`, `a{3,4}?`, `[\w-]`, `[-\w]`, `[:foo]`, `(?:a*)*`, `(?:a?)+`, `(a*)+`, `(a*)*`, `(?:a|)*`, `(a|b?){3}`,
	`(?:^|a)+`, `a{,3}`, `{`, `{a`, `^{`, `({a})`, `x|{`, `(?<=a{1,3})d`, `\x{}`, `\x1`, `(a)\g{-1}`, `(?<x>a)\k{x}`,
	`\cA`, `\N`, `\N{U+41}`, `\N{U+263A}`, `\p{L}`, `\p{Latin}`, `\pL`, `\P{Lu}`, `\X`, `(?|a|b)`, `(?(?=a)a|b)`,
	`(*FAIL)`, `(*F)`, `(*pla:a)`, `(*positive_lookahead:a)`, `[a-z-9]`, `[a-c-e]`, `[[:^alpha:]]`, `\o{101}`, `\012`,
	`\0`, `\00`, `\377`, `\400`, `[\400]`, `\x{100}`, `[\x{100}]`, `\x{263A}`, `[\N{U+41}]`, `[\p{L}]`, `[\cA-\cZ]`,
	`[a\-z]`, `[+--]`, `[--a]`, `[!--]`, `[a-]`, `[%--]`, `[--]`, `[---]`, `a{40000}`, `a{0}`, `a{0,0}`,
	`(?:a{0,100}){0,1000}`, `(?:\b|a)*`, `(?:$|a)*`, `(?:(?:)a?)*`, `[\w.-_]`, `[\x00-\xff]`, `[\n-\r]`, `[a-\x7a]`,
	`[[:digit:]-]`, `[-[:digit:]]`, `(?:ab){2}+`, `(?<!\w{2,4})a`, `(?i)\xdf`, `(\b){2}`, `(\b){1}`, `^{0,2}`,
	`(?=a){0,2}`, `(?=a){0,1}`, `(?:^|a)*`, `(?:a|^)*`, `(?:|a)*`, `(?:^a?)*`, `(?:^a?){2}`, `(?:a?^)*`, `(?:a{0}b?)*`,
	`(?:(?=a)|b)*`, `(?:^|$){0,2}`, `(?:\1)+(a)`, `(a)\1+`, `(a?)\1+`, `(a?)\1{2}`, `(?:\R)+`, `(?>a?)+`, `a*{x`, `a+{`,
	`^{x`, `a?{x`, `a{2}{x`, `(?:{a})`, `a{ 2 }`, `a{2, 3}`, `a{ ,3}`, `\x4`, `\x`, `\x{ 41 }`, `\x{4_1}`, `\x{110000}`,
	`\o{ 101 }`, `\10`, `\11`, `\12`, `(a)\11`, `[\1]`, `\c@`, `\c[`, `\c]`, `\c?`, `\ca`, `\c\`, `[\ca]`, `[a:]`,
	`[:a]`, `[::]`, `[:]`, `[:a:]`, `[: :]`, `[:a b:]`, `[:=]`, `[.,;:]`, `[:;,.]`, `[:;,.:]`, `[::;]`, `[.\-.]`,
	`[[:xyz]`, `[[foo:]]`, `[[:foo]]`, `[ [:alpha:] ]`, `[\[:alpha:]]`, `[[:space:],:]`, `[[.]]`, `[[=]]`, `[[:]`,
	`[[:]]`, `[[:,.;]`, `[a[:]`, `[a[.]`, `[a[:b]`, `[a[:b:c]`, `[A-Z[:]`, `[[:-]`, `[[(:]`, `[({[:]`, `[A-z]`,
	`[\w\-.]`, `[\w.-]`, `[-\w.]`, `[a-\x{100}]`, `[\x80-\xff]`, `[é-ü]`, `[\s-]`, `[^-\w]`, `[a-f-\d]`, `[0-9-a]`,
	`[[:alnum:]-]`, `[\-]`, `(?<!.{255})`, `(?<!a{0,255})`, `(?i)(?<=\xdf)`, `(?i)\xdf+`, `a{65534}`, `a{0,65534}`,
	`(?:a{1000}){1000}`,
}

func TestWhatPerlWarnsOfIsRefused(t *testing.T) {
	for _, pattern := range perlWarns {
		if _, err := Compile(pattern, ""); err == nil {
			t.Errorf("/%s/ is taken", pattern)
		}
	}
	for _, pattern := range perlTakes {
		if _, err := Compile(pattern, ""); err != nil {
			t.Errorf("/%s/: %v", pattern, err)
		}
	}
}

// TestRefusedAsPerl asks Perl itself.
func TestRefusedAsPerl(t *testing.T) {
	var questions []question
	for _, pattern := range append(perlTakes[:len(perlTakes):len(perlTakes)], perlWarns...) {
		questions = append(questions, question{pattern, "", ""})
	}
	for i, answer := range askPerl(t, questions) {
		if invalid := answer == "invalid"; invalid != (i >= len(perlTakes)) {
			t.Errorf("/%s/: Perl says %s", questions[i].pattern, answer)
		}
	}
}

// TestProperties has what Perl's /aa finds among the octets.
func TestProperties(t *testing.T) {
	questions := make([]question, 0, 2000)
	for _, name := range []string{"L", "Lu", "^Ll", "LC", "N", "Nd", "P", "S", "Sc", "Z", "Cc", "Letter", "Uppercase_Letter", "Alpha",
		"Upper", "Lower", "Space", "SpacePerl", "Word", "Digit", "Punct", "XPosixPunct", "PosixPunct", "PosixAlpha", "Any", "ASCII", "Latin",
		"Cyrillic", "Han", "Common", "Script=Latin", "sc=Greek", "gc=Lu", "IsLu", "Is_L", "Graph", "Print", "XDigit", "Blank", "Title", "Dash"} {
		for _, text := range []string{"A", "a", "5", " ", "\t", "\n", "$", "!", "-", "_", "\x00", "\x85", "\xa0", "\xaa", "\xab", "\xb2", "\xb5", "\xc0", "\xd7", "\xdf", "\xe9", "\xff"} {
			questions = append(questions, question{`\p{` + name + `}`, "", text}, question{`[x\P{` + name + `}]`, "i", text}, question{`\p{` + name + `}`, "i", text})
		}
	}
	if unsupported := compareWithPerl(t, questions); unsupported > 0 {
		t.Errorf("%d properties are unknown", unsupported)
	}
}

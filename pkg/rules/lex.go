package rules

import "strings"

// A line is one directive of a rule file.
type line struct {
	at    place
	key   string // the directive: lower case, with _ for -
	value string // what follows it
}

// blanks are what Perl takes for white space.
const blanks = " \t\n\v\f\r"

// eachLine calls f for every directive of a file's text.
func eachLine(file, text string, faults *ledger, f func(line)) {
	text = strings.TrimPrefix(text, "\ufeff")
	for number := 1; text != ""; number++ {
		if faults.full() {
			return
		}
		var raw string
		raw, text, _ = strings.Cut(text, "\n")
		at := place{file, number}
		if len(raw) > maxLineLength {
			faults.add(at, Broken, "", "line too long", "cut it into several rules and a meta")
			continue
		}
		if raw = strings.Trim(uncomment(raw), blanks); raw == "" {
			continue
		}
		key, value := cutWord(raw)
		f(line{at: at, key: strings.ReplaceAll(strings.ToLower(key), "-", "_"), value: value})
	}
}

// uncomment cuts a line at the first # that has no backslash before it, and takes the backslash from the others: before
// anything else is read, even within a pattern.
func uncomment(s string) string {
	if !strings.Contains(s, "#") {
		return s
	}
	for i := range len(s) {
		if s[i] == '#' && (i == 0 || s[i-1] != '\\') {
			s = s[:i]
			break
		}
	}
	return strings.ReplaceAll(s, `\#`, "#")
}

// cutWord cuts off the first word.
func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, blanks)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], blanks)
}

package eval

import (
	"errors"
	"strings"

	"winnow/pkg/rules/pattern"
)

// A regex is a pattern that an argument or a directive holds.
type regex struct{ pattern *pattern.Pattern }

// bareRegex compiles a pattern without delimiters.
func bareRegex(source, flags string) (*regex, error) {
	compiled, err := pattern.Compile(source, flags)
	if err != nil {
		return nil, err
	}
	return &regex{compiled}, nil
}

// looseRegex compiles a pattern that may have delimiters and flags: /.../i, m{...}, or neither.
func looseRegex(text string) (*regex, error) {
	source, flags, err := cutDelimiters(text)
	if err != nil {
		return nil, err
	}
	return bareRegex(source, flags)
}

// cutDelimiters takes a pattern out of its delimiters, if it has any.
func cutDelimiters(text string) (source, flags string, err error) {
	source, end := text, ""
	if rest, found := strings.CutPrefix(text, "/"); found {
		source, end = rest, "/"
	} else if rest, open := cutOperator(text); open != "" {
		source, end = rest, closing(open)
	}
	if end == "" {
		return source, "", nil
	}
	at := strings.LastIndex(source, end)
	if at < 0 || strings.Trim(source[at+1:], "abcdfghijklmnopqrstuvwxyz") != "" {
		return "", "", errors.New("the pattern has no end, or letters behind it that are no flags")
	}
	return source[:at], source[at+1:], nil
}

// cutOperator cuts m or qr and the delimiter off the front.
func cutOperator(text string) (rest, open string) {
	for _, operator := range []string{"m", "qr"} {
		if rest, found := strings.CutPrefix(text, operator); found && rest != "" && !isWordRune(rune(rest[0])) && rest[0] != '\\' {
			return rest[1:], rest[:1]
		}
	}
	return text, ""
}

func closing(open string) string {
	if i := strings.Index("({<[", open); i >= 0 {
		return ")}>]"[i : i+1]
	}
	return open
}

// match tells whether text matches.
func (r *regex) match(text string) bool { return r.pattern.Match(text) }

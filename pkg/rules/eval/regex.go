package eval

import (
	"errors"
	"fmt"
	"strings"

	"winnow/pkg/rules/pattern"
)

// maxPatterns is how many octets all patterns take together that arguments and directives hold. Those of the stock rules
// take 1 MB.
const maxPatterns = 16 << 20

// bareRegex compiles a pattern without delimiters.
func (s *Settings) bareRegex(source, flags string) (*pattern.Pattern, error) {
	return s.countRegex(pattern.Compile(source, flags))
}

// looseRegex compiles a pattern that may have delimiters and flags: /.../i, m{...}, or neither.
func (s *Settings) looseRegex(text string) (*pattern.Pattern, error) {
	source, flags, err := cutDelimiters(text)
	if err != nil {
		return nil, err
	}
	return s.bareRegex(source, flags)
}

// countRegex lets a pattern through for which there is room.
func (s *Settings) countRegex(p *pattern.Pattern, err error) (*pattern.Pattern, error) {
	if err != nil {
		return nil, err
	}
	if s.patterns+p.Size() > maxPatterns {
		return nil, fmt.Errorf("the patterns in arguments and directives take more than %d octets", maxPatterns)
	}
	s.patterns += p.Size()
	return p, nil
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

package eval

import (
	"bytes"
	"fmt"
	"strings"

	"winnow/pkg/message"
)

var bodyFunctions = calledBy(BodyRules, []Function{
	{Name: "multipart_alternative_difference", Bind: bindAlternativeDifference},
	{Name: "multipart_alternative_difference_count", Bind: bindAlternativeCount},
	{Name: "check_blank_line_ratio", Bind: bindBlankLines},
	lined("tvd_vertical_words", bindVerticalWords),
	spanned("check_stock_info", spanOf, func(f *Facts, s span) bool {
		return s.min == 0 || float64(countStockWords(f.Message)) >= s.min
	}),
	spanned("check_body_length", spanOf, func(f *Facts, s span) bool { return float64(bodyLength(f.Message)) <= s.min }),
	spanned("plaintext_body_length", spanOf, func(f *Facts, s span) bool {
		body, _, found := signature(f.Message)
		return found && s.holds(float64(body))
	}),
	spanned("plaintext_sig_length", spanOf, func(f *Facts, s span) bool {
		_, sig, found := signature(f.Message)
		return found && s.holds(float64(sig))
	}),
	spanned("plaintext_body_sig_ratio", spanOf, func(f *Facts, s span) bool {
		body, sig, found := signature(f.Message)
		ratio := noSignatureRatio
		if sig > 0 {
			ratio = float64(body) / float64(sig)
		}
		return found && s.holds(ratio)
	}),
})

// bodyLength is the octets of the body, with line ends as LF.
func bodyLength(m *message.Message) int { return len(m.Body) - bytes.Count(m.Body, []byte("\r\n")) }

func bindBlankLines(args []string, _ *Settings) (Check, error) {
	s, err := closedSpan(args)
	if err != nil {
		return nil, err
	}
	least := 1.0
	if len(args) > 2 {
		least = max(1, number(args[2]))
	}
	return func(f *Facts) int {
		blank, all := countBlankLines(f.Message.RawBody())
		percent := -1.0
		if float64(all) >= least {
			percent = 100 * float64(blank) / float64(all)
		}
		return hits((s.min == 0 || percent > s.min) && percent <= s.max)
	}, nil
}

// countBlankLines counts the lines of white space, and all.
func countBlankLines(pieces []string) (blank, all int) {
	for _, text := range pieces {
		for text != "" {
			line, rest, _ := strings.Cut(text, "\n")
			all++
			if line == "" || line[0] <= ' ' && strings.Trim(line, " \t\r\f\v") == "" {
				blank++
			}
			text = rest
		}
	}
	return blank, all
}

func bindVerticalWords(args []string, lines linesOf) (Check, error) {
	s, err := closedSpan(args)
	if err != nil {
		return nil, err
	}
	if s.max >= 100 {
		s.max = 101 // 100 is a maximum that is meant to hold itself
	}
	return func(f *Facts) int {
		percent := float64(f.mostBlanks(lines))
		return hits(percent >= s.min && percent < s.max)
	}, nil
}

// minBlankLine is the octets of a line below which its blanks are not counted.
const minBlankLine = 6

// mostBlanks is the most blanks of a line, in percent of its other octets. Like SpamAssassin it measures once, for all
// rules, in the lines that the first of them looks at.
func (f *Facts) mostBlanks(lines linesOf) int {
	if !f.hasBlanks {
		f.hasBlanks, f.blanks = true, mostBlanks(lines(f.Message))
	}
	return f.blanks
}

// mostBlanks measures in lines. It is 100 at most, and -1 where there is no line.
func mostBlanks(lines []string) int {
	most := -1
	for _, line := range lines {
		if len(line) < minBlankLine {
			continue
		}
		blanks := strings.Count(line, " ")
		percent := 100
		if others := len(line) - blanks; blanks <= others && others > 0 {
			percent = 100 * blanks / others
		}
		most = max(most, percent)
	}
	return most
}

// noSignatureRatio is what the body is said to be longer than a signature that is not there.
const noSignatureRatio = 1e6

// minSignature is the octets behind a delimiter that make it a signature's: fewer make it an ornament at the end.
const minSignature = 5

// signature measures the first text/plain part up to its last signature delimiter, "-- ", and what follows it. It returns
// false where there is no such part.
func signature(m *message.Message) (body, sig int, found bool) {
	for _, p := range m.Parts() {
		if strings.HasPrefix(p.MediaType(), "text/plain") {
			body, sig = splitSignature(p.Data)
			return body, sig, true
		}
	}
	return 0, 0, false
}

func splitSignature(text []byte) (body, sig int) {
	body = len(text)
	for at := 0; at < len(text); {
		end := len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n
		}
		if behind := len(text) - end; behind >= minSignature && isDelimiter(text[at:end]) {
			body, sig = at, behind
		}
		at = end + 1
	}
	return body, sig
}

func isDelimiter(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("--"))
	rest = bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte(" ")), []byte("\r"))
	return found && len(rest) == 0
}

func bindAlternativeDifference(args []string, _ *Settings) (Check, error) {
	s, err := closedSpan(args)
	if err != nil {
		return nil, err
	}
	s.open = args[1] == "undef"
	return func(f *Facts) int {
		percent := f.alternatives().percent
		return hits((s.min == 0 || percent > s.min) && (s.open || percent <= s.max))
	}, nil
}

func bindAlternativeCount(args []string, _ *Settings) (Check, error) {
	if len(args) < 2 {
		return nil, fmt.Errorf("wants a ratio and a least count of words in HTML")
	}
	ratio, least := number(args[0]), number(args[1])
	return func(f *Facts) int {
		d := f.alternatives()
		return hits(float64(d.html) > least && float64(d.text) > ratio*float64(d.html))
	}, nil
}

package eval

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
)

// HTMLEval: what the HTML of a message is made of. Each function asks one text/html part after the other, and hits where
// one of them has it.
var htmlFunctions = calledBy(BodyRules, []Function{
	{Name: "html_tag_balance", Bind: bindTagBalance},
	{Name: "html_image_only", Bind: bindImageOnly},
	{Name: "html_image_ratio", Bind: bindTextArea},
	{Name: "html_tag_exists", Bind: bindTagExists},
	{Name: "html_test", Bind: bindHTMLTest},
	{Name: "html_eval", Bind: bindHTMLEval},
	{Name: "html_text_match", Bind: bindTextMatch(true)},
	{Name: "html_text_not_match", Bind: bindTextMatch(false)},
	{Name: "html_title_subject_ratio", Bind: bindTitleRatio},
	{Name: "html_range", Bind: bindHTMLRange},
	simple("check_iframe_src", hasFrame),
	// SpamAssassin 4 does not keep the charsets that HTML declares, so that this never hits there.
	simple("html_charset_faraway", func(*Facts) bool { return false }),
})

// anyHTML is a check of one part's HTML.
func anyHTML(found func(*Facts, *message.HTML) bool) Check {
	return func(f *Facts) int {
		for _, h := range f.Message.HTML() {
			if found(f, h) {
				return 1
			}
		}
		return 0
	}
}

// bindTagBalance compares how many elements of a name are not closed: html_tag_balance('b', '> 5').
func bindTagBalance(args []string, _ *Settings) (Check, error) {
	if len(args) < 2 || strings.Trim(args[0], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return nil, errors.New("wants an element and a comparison: 'body', '!= 0'")
	}
	holds, err := comparison(args[1])
	if err != nil {
		return nil, err
	}
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		open, seen := h.Open[args[0]]
		return seen && holds(float64(open))
	}), nil
}

// bindImageOnly asks for images in little HTML: more than a number of characters, and not more than another.
func bindImageOnly(args []string, _ *Settings) (Check, error) {
	low, high, err := twoNumbers(args)
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		_, image := h.Open["img"]
		return image && float64(h.Length) > low && float64(h.Length) <= high
	}), err
}

// bindTextArea asks for little text for the area of images.
func bindTextArea(args []string, _ *Settings) (Check, error) {
	low, high, err := twoNumbers(args)
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		ratio := float64(h.BlackLength) / h.ImageArea
		return h.ImageArea > 0 && ratio > low && ratio <= high
	}), err
}

func twoNumbers(args []string) (low, high float64, err error) {
	if len(args) < 2 {
		return 0, 0, errors.New("wants two numbers")
	}
	return number(args[0]), number(args[1]), nil
}

func bindTagExists(args []string, _ *Settings) (Check, error) {
	if len(args) < 1 {
		return nil, errors.New("wants an element: 'bgsound'")
	}
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		_, seen := h.Open[args[0]]
		return seen
	}), nil
}

// bindHTMLTest asks whether something was found at all.
func bindHTMLTest(args []string, _ *Settings) (Check, error) {
	if len(args) < 1 {
		return nil, errors.New("wants what to look for: 'font_low_contrast'")
	}
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		value, found := h.Number(args[0])
		return found && value != 0 || h.Texts(args[0]) != nil
	}), nil
}

// bindHTMLEval compares a number: html_eval('min_size', '< 2').
func bindHTMLEval(args []string, _ *Settings) (Check, error) {
	if len(args) < 2 {
		return nil, errors.New("wants what to look at and a comparison: 'closed_extra_ratio', '> 0'")
	}
	holds, err := comparison(args[1])
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		value, found := h.Number(args[0])
		return found && holds(value)
	}), err
}

// bindHTMLRange asks for a number above a minimum and not above a maximum, which may be left out or "inf".
func bindHTMLRange(args []string, _ *Settings) (Check, error) {
	if len(args) < 2 {
		return nil, errors.New("wants what to look at, a minimum and, if need be, a maximum")
	}
	low := number(args[1])
	open := len(args) < 3 || args[2] == "inf"
	high := 0.0
	if !open {
		high = number(args[2])
	}
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		value, found := h.Number(args[0])
		return found && value > low && (open || value <= high)
	}), nil
}

// bindTextMatch asks for a text of a kind, such as 'title' or 'comment', that matches a pattern, or that does not.
func bindTextMatch(wanted bool) func([]string, *Settings) (Check, error) {
	return func(args []string, s *Settings) (Check, error) {
		if len(args) < 2 {
			return nil, errors.New("wants what to look at and a pattern without delimiters: 'title', '(?i)untitled'")
		}
		re, err := s.bareRegex(args[1], "")
		if err != nil {
			return nil, err
		}
		return anyHTML(func(f *Facts, h *message.HTML) bool {
			for _, text := range h.Texts(args[0]) {
				if f.match(re, text) == wanted {
					return true
				}
			}
			return false
		}), nil
	}
}

// bindTitleRatio asks for a title that is so many times as long as the Subject.
func bindTitleRatio(args []string, _ *Settings) (Check, error) {
	if len(args) < 1 {
		return nil, errors.New("wants a number")
	}
	ratio := number(args[0])
	return anyHTML(func(f *Facts, h *message.HTML) bool {
		subject, _ := f.Message.HeaderText("Subject", message.HeaderDecoded)
		for _, title := range h.Titles {
			if subject != "" && float64(utf8.RuneCountInString(title))/float64(len(subject)) > max(ratio, 0) {
				return true
			}
		}
		return false
	}), nil
}

func hasFrame(f *Facts) bool {
	for _, h := range f.Message.HTML() {
		for i := range h.URIs {
			if h.URIs[i].Types&message.URIIFrame != 0 {
				return true
			}
		}
	}
	return false
}

// comparison reads the rest of a comparison, such as "> 0", "!= 2" or "- 1 >= 3", and returns whether it holds for what
// stands before it.
func comparison(text string) (func(float64) bool, error) {
	fault := fmt.Errorf("%q is no comparison: write it as > 0, != 2, <= 5", text)
	if strings.Trim(text, "<>=!-+ 0123456789") != "" {
		return nil, fault
	}
	at := strings.IndexAny(text, "<>=!")
	if at < 0 {
		return nil, fault
	}
	plus, ok := sum(text[:at])
	end := at + len(text[at:]) - len(strings.TrimLeft(text[at:], "<>=!"))
	right, isNumber := sum(text[end:])
	if !ok || !isNumber || strings.TrimSpace(text[end:]) == "" {
		return nil, fault
	}
	holds := map[string]func(float64) bool{
		"<":  func(v float64) bool { return v+plus < right },
		"<=": func(v float64) bool { return v+plus <= right },
		">":  func(v float64) bool { return v+plus > right },
		">=": func(v float64) bool { return v+plus >= right },
		"==": func(v float64) bool { return v+plus == right },
		"!=": func(v float64) bool { return v+plus != right },
	}[text[at:end]]
	if holds == nil {
		return nil, fault
	}
	return holds, nil
}

// sum adds numbers up that have signs between them.
func sum(text string) (total float64, ok bool) {
	sign, digits, expected := 1.0, "", false
	flush := func() {
		total += sign * number(digits)
		sign, digits, expected = 1, "", false
	}
	for _, c := range []byte(text) {
		switch {
		case '0' <= c && c <= '9':
			digits += string(c)
		case c == '+' || c == '-':
			if digits != "" {
				flush()
			}
			if expected = true; c == '-' {
				sign = -sign
			}
		}
	}
	if digits == "" {
		return total, !expected
	}
	flush()
	return total, true
}

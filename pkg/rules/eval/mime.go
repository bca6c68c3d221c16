package eval

import (
	"fmt"
	"slices"
	"strings"

	"winnow/pkg/message"
)

var mimeFunctions = calledBy(BodyRules, []Function{
	{Name: "check_for_mime", Bind: bindForMIME},
	simple("check_for_mime_html", func(f *Facts) bool { return f.isHTML() || f.mimeCounts().html > 0 }),
	simple("check_for_mime_html_only", func(f *Facts) bool {
		return f.isHTML() || f.mimeCounts().html > 0 && f.mimeCounts().text == 0
	}),
	spanned("check_mime_multipart_ratio", closedSpan, func(f *Facts, s span) bool {
		ratio := f.mimeCounts().ratio
		return ratio >= s.min && ratio < s.max
	}),
	{Name: "check_msg_parse_flags", Rules: AnyRules, Bind: bindParseFlag},
	simple("check_for_ascii_text_illegal", func(f *Facts) bool { return f.mimeCounts().notASCII }),
	{Name: "check_abundant_unicode_ratio", Bind: bindUnicodeRatio},
	lined("check_for_faraway_charset", bindFarawayCharset),
	lined("check_for_uppercase", bindUppercase),
	simple("check_ma_non_text", func(f *Facts) bool { return hasOtherAlternative(f.Message.Entities()) }),
	spanned("check_base64_length", spanOf, func(f *Facts, s span) bool {
		return s.holds(float64(f.mimeCounts().base64Line))
	}),
	spanned("check_qp_ratio", spanOf, func(f *Facts, s span) bool { return f.mimeCounts().quotedRatio() >= s.min }),
})

// mimeTests are what check_for_mime can be asked.
var mimeTests = map[string]func(*mimeCounts) bool{
	"mime_attachment":            func(c *mimeCounts) bool { return c.attachments > 0 },
	"mime_ascii_text_illegal":    func(c *mimeCounts) bool { return c.notASCII },
	"mime_bad_iso_charset":       func(c *mimeCounts) bool { return c.badISO },
	"mime_base64_count":          func(c *mimeCounts) bool { return c.base64 > 0 },
	"mime_base64_encoded_text":   func(c *mimeCounts) bool { return c.base64Text },
	"mime_body_html_count":       func(c *mimeCounts) bool { return c.html > 0 },
	"mime_body_text_count":       func(c *mimeCounts) bool { return c.text > 0 },
	"mime_faraway_charset":       func(c *mimeCounts) bool { return c.faraway },
	"mime_html_charsets":         func(c *mimeCounts) bool { return len(c.charsets) > 0 },
	"mime_missing_boundary":      func(c *mimeCounts) bool { return c.unclosed },
	"mime_multipart_alternative": func(c *mimeCounts) bool { return c.alternative },
	"mime_multipart_ratio":       func(c *mimeCounts) bool { return c.ratio != 0 },
	"mime_qp_bytes":              func(c *mimeCounts) bool { return c.quotedBytes > 0 },
	"mime_qp_count":              (*mimeCounts).hasQuoted,
	"mime_qp_long_line":          func(c *mimeCounts) bool { return c.quotedLong },
	"mime_qp_ratio":              func(c *mimeCounts) bool { return c.quotedRatio() != 0 },
	"mime_text_unicode_ratio":    func(c *mimeCounts) bool { return c.unicodeRatio() != 0 },
	"mimepart_limit_exceeded":    func(*mimeCounts) bool { return false }, // SpamAssassin notes it elsewhere, and never finds it
}

func bindForMIME(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants the name of a count, such as 'mime_qp_count'")
	}
	test, known := mimeTests[args[0]]
	if !known {
		return nil, fmt.Errorf("there is no count %q", args[0])
	}
	return func(f *Facts) int { return hits(test(f.mimeCounts())) }, nil
}

// parseFlags are what check_msg_parse_flags can be asked.
var parseFlags = map[string]func(message.ParseFlags) bool{
	"missing_head_body_separator":      func(f message.ParseFlags) bool { return f.NoSeparator },
	"missing_mime_head_body_separator": func(f message.ParseFlags) bool { return f.NoPartSeparator },
	"missing_mime_headers":             func(f message.ParseFlags) bool { return f.NoPartHeader },
	"mime_epilogue_exists":             func(f message.ParseFlags) bool { return f.Epilogue },
	"mimepart_limit_exceeded":          func(f message.ParseFlags) bool { return f.TooManyParts },
	"truncated_header":                 func(f message.ParseFlags) bool { return f.TruncatedHeader },
}

func bindParseFlag(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants the name of a flag, such as 'missing_mime_headers'")
	}
	flag, known := parseFlags[args[0]]
	if !known {
		return nil, fmt.Errorf("there is no flag %q", args[0])
	}
	return func(f *Facts) int { return hits(flag(f.Message.ParseFlags())) }, nil
}

func bindUnicodeRatio(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 || !unicodeRatio.MatchString(args[0]) {
		return nil, fmt.Errorf("wants a ratio with a point in it, such as 0.05")
	}
	least := number(args[0])
	return func(f *Facts) int { return hits(f.mimeCounts().unicodeRatio() >= least) }, nil
}

// isHTML tells whether the message as a whole says that it is HTML.
func (f *Facts) isHTML() bool {
	value, _ := f.Message.HeaderText("Content-Type", message.HeaderDecoded)
	return len(value) >= len("text/html") && strings.EqualFold(value[:len("text/html")], "text/html")
}

// hasOtherAlternative tells whether a multipart/alternative holds a leaf that is no text and nothing else that honest mail
// has there.
func hasOtherAlternative(entities []*message.Part) bool {
	for i, p := range entities {
		if p.MediaType() != "multipart/alternative" || p.Leaf() {
			continue
		}
		for _, inner := range childrenOf(entities, i) {
			kind := inner.MediaType()
			if inner.Leaf() && !strings.HasPrefix(kind, "text/") && kind != "application/rtf" && kind != "multipart/related" && kind != "" {
				return true
			}
		}
	}
	return false
}

// childrenOf returns the entities that one holds itself.
func childrenOf(entities []*message.Part, of int) []*message.Part {
	var children []*message.Part
	for _, p := range within(entities, of) {
		if p.Depth == entities[of].Depth+1 {
			children = append(children, p)
		}
	}
	return children
}

// within returns the entities that stand in one, however deep.
func within(entities []*message.Part, of int) []*message.Part {
	rest := entities[of+1:]
	end := slices.IndexFunc(rest, func(p *message.Part) bool { return p.Depth <= entities[of].Depth })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

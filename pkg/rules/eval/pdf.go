package eval

import (
	"fmt"
	"slices"
	"strings"
)

var pdfFunctions = calledBy(BodyRules, []Function{
	spanned("pdf_count", spanOf, func(f *Facts, s span) bool { return s.holds(float64(f.pdfs().count)) }),
	spanned("pdf_image_count", spanOf, func(f *Facts, s span) bool { return s.holds(float64(f.pdfs().images)) }),
	spanned("pdf_pixel_coverage", spanOf, func(f *Facts, s span) bool {
		return f.pdfs().pixels > 0 && s.holds(f.pdfs().pixels)
	}),
	{Name: "pdf_image_size_exact", Bind: bindPDFExact},
	{Name: "pdf_image_size_range", Bind: bindPDFRange},
	{Name: "pdf_named", Bind: bindPDFNamed},
	{Name: "pdf_name_regex", Bind: bindPDFName},
	lined("pdf_image_to_text_ratio", bindPDFRatio),
	{Name: "pdf_match_md5", Bind: bindPDFSum},
	{Name: "pdf_match_fuzzy_md5", Bind: bindPDFFuzzySum},
	{Name: "pdf_match_details", Bind: bindPDFDetails},
	simple("pdf_is_encrypted", func(f *Facts) bool { return f.pdfs().encrypted }),
	lined("pdf_is_empty_body", bindPDFEmptyBody),
})

func bindPDFExact(args []string, _ *Settings) (Check, error) {
	area, err := exactArea(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(slices.ContainsFunc(f.pdfs().sizes, area.holdsPDF)) }, nil
}

func bindPDFRange(args []string, _ *Settings) (Check, error) {
	area, err := areaOf(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(slices.ContainsFunc(f.pdfs().sizes, area.holdsPDF)) }, nil
}

func bindPDFNamed(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants a file name")
	}
	return func(f *Facts) int { return hits(slices.Contains(f.pdfs().names, args[0])) }, nil
}

func bindPDFName(args []string, s *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants a pattern such as /invoice/i")
	}
	re, err := s.looseRegex(args[0])
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(f.matchAny(re, f.pdfs().names)) }, nil
}

func bindPDFRatio(args []string, lines linesOf) (Check, error) {
	s, err := closedSpan(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(s.holdsRatio(lines(f.Message), f.pdfs().pixels)) }, nil
}

func bindPDFSum(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants an MD5 sum in hexadecimal digits")
	}
	sum := strings.ToUpper(args[0])
	return func(f *Facts) int { return hits(slices.Contains(f.pdfs().sums(), sum)) }, nil
}

func bindPDFFuzzySum(args []string, _ *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("wants an MD5 sum in hexadecimal digits")
	}
	sum := strings.ToUpper(args[0])
	return func(f *Facts) int { return hits(slices.Contains(f.pdfs().fuzzySums, sum)) }, nil
}

func bindPDFDetails(args []string, s *Settings) (Check, error) {
	if len(args) < 2 || !slices.Contains(pdfDetails, args[0]) {
		return nil, fmt.Errorf("wants one of %s, and a pattern", strings.Join(pdfDetails, ", "))
	}
	re, err := s.looseRegex(args[1])
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(f.matchAny(re, f.pdfs().details[args[0]])) }, nil
}

func bindPDFEmptyBody(args []string, lines linesOf) (Check, error) {
	most := 0.0
	if len(args) > 0 {
		most = number(args[0])
	}
	return func(f *Facts) int {
		if f.pdfs().count == 0 {
			return 0
		}
		size := 0
		for i, line := range lines(f.Message) {
			if i > 0 && strings.Trim(line, " \t\r\n\f\v") != "" { // the first is the Subject
				size += len(line)
			}
		}
		return hits(float64(size) <= most)
	}, nil
}

package rules

import (
	"context"
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// A TestResult is what became of one test of a rule.
type TestResult struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // 0 in an archive
	Rule    string `json:"rule,omitempty"`
	Text    string `json:"text"`              // what it was tested with: the text, or the name of the message
	Want    bool   `json:"want"`              // whether it was to hit
	Failure string `json:"failure,omitempty"` // why the test failed, "" where it passed
	Skipped string `json:"skipped,omitempty"` // why it was not run, "" where it was
}

// String writes the result as a fault is written.
func (t TestResult) String() string {
	f := Fault{File: t.File, Line: t.Line, Rule: t.Rule, Severity: Broken}
	if t.Rule == "" {
		f.Rule = t.Text
	}
	switch {
	case t.Failure != "":
		f.What = "test failed: " + t.Failure
	case t.Skipped != "":
		f.What = "test not run: " + t.Skipped
	default:
		f.What = "test passed"
	}
	return f.String()
}

// RunTests runs all `test NAME ok|fail text` lines. What the text is depends on the rule: the value of its field for a
// header rule, a paragraph for body, a piece of text for rawbody and full, one URI for uri. For a meta it is the body of
// a message, or, where it has an empty line, a message with its header; "\n" in it stands for a line end. For exists: it
// is a header.
func (s *Set) RunTests() []TestResult {
	var results []TestResult
	for i, rule := range s.rules {
		for _, test := range rule.tests {
			results = append(results, s.runTest(i, test))
		}
	}
	return results
}

func (s *Set) runTest(i int, test testLine) TestResult {
	rule := s.rules[i]
	result := TestResult{File: test.at.file, Line: test.at.line, Rule: rule.Name, Text: test.text, Want: test.hit}
	if rule.off && !rule.testable() {
		result.Skipped = "the rule is off: its score is 0, or it needs what is not there"
		return result
	}
	sample, err := rule.sample(test.text)
	if err != nil {
		result.Failure = err.Error()
		return result
	}
	run := s.begin(context.Background(), sample)
	defer run.end()
	hit := run.ask(i) != 0
	if rule.off {
		hit = run.hitsIn(i, rule, run.textsOf(rule, run.section(rule.section))) > 0 != rule.header.not
	}
	result.judge(hit, excerpt(test.text, maxDetail))
	return result
}

// testable tells whether the tests of a rule that is off can be run all the same: those of a pattern whose score is 0.
func (rule *Rule) testable() bool {
	return rule.Score == 0 && rule.Type <= Full && rule.pattern != nil && rule.template == nil
}

// judge compares what the rule did with what was wanted.
func (t *TestResult) judge(hit bool, text string) {
	switch {
	case t.Want && !hit:
		t.Failure = "does not hit " + text
	case !t.Want && hit:
		t.Failure = "hits " + text
	}
}

// sample makes a message of a test's text, as far as the rule looks.
func (rule *Rule) sample(text string) (facts, error) {
	text = strings.ReplaceAll(text, `\n`, "\n")
	if rule.Type <= Full && rule.call == nil && !rule.header.exists {
		return &sample{rule, text}, nil
	}
	switch {
	case rule.header.exists || rule.Type == MIMEHeader:
		text += "\n\n"
	case !strings.Contains(text, "\n\n"):
		text = "Content-Type: text/plain; charset=UTF-8\n\n" + text
	}
	m, err := message.Parse(strings.NewReader(text), int64(len(text)))
	if err != nil {
		return nil, fmt.Errorf("reading the test's message: %w", err)
	}
	return m, nil
}

// A sample is the text of a test, as the rule is to see it.
type sample struct {
	rule *Rule
	text string
}

func (s *sample) BodyLines() []string {
	if s.rule.Flags.NoSubject {
		return []string{"\n", s.text + "\n"}
	}
	return []string{s.text + "\n"}
}

func (s *sample) RawBody() []string { return []string{s.text + "\n"} }
func (s *sample) Full() []byte      { return []byte(s.text + "\n") }

func (s *sample) URIDetails(*message.URIRules) []message.URIDetail {
	return []message.URIDetail{{Raw: s.text, Cleaned: []string{s.text}}}
}

func (s *sample) RelayText(*message.URIRules, string, message.HeaderMod, *message.Networks) (string, bool) {
	return s.text, true
}

func (s *sample) Entities() []*message.Part { return nil }

func (s *sample) HeaderTextBy(*message.URIRules, string, message.HeaderMod) (string, bool) {
	if s.rule.header.mod&^message.HeaderRaw != 0 {
		return s.text, true
	}
	return s.text + "\n", true
}

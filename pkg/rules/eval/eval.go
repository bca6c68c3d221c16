// Package eval has the functions that rules call as eval:name(arguments): tests that a pattern cannot express, such as how
// much of a message is images, or whether its date lies in the future. They are SpamAssassin's, by name, arguments and
// outcome, so that its rule files work as they are.
//
// Each file holds the functions of one of SpamAssassin's plugins, and the directives by which rule files configure them.
// functions.go is the table of all.
package eval

import (
	"slices"
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// A Function can be called by a rule.
type Function struct {
	Name string
	// Rules may call it.
	Rules Callers
	// Net tells that the function asks the network: what its Plan says, or, with Identity, who sent the message. Without
	// either it answers nothing: a miss.
	Net      bool
	Identity bool
	// Plan stands for Bind in a function that asks the DNS: it checks the arguments and returns what to ask.
	Plan func(args []string, flags RuleFlags, s *Settings) (*Plan, error)
	// Learn tells that the function asks what was learned from earlier mail. There is none, so it answers nothing.
	Learn bool
	// Bind checks the arguments, as the rule file has them but without their quotes, and returns what to call for each
	// message. The settings are complete by then, and do not change any more. An error says what is wrong with the arguments.
	Bind func(args []string, s *Settings) (Check, error)
	// BindRaw stands for Bind in a rawbody rule. It is there where the function looks at text, and so looks at another.
	BindRaw func(args []string, s *Settings) (Check, error)
}

// A Check looks at one message and returns how often it found what it looks for; 0 is a miss.
type Check func(*Facts) int

// Facts is one message, as functions see it. It serves one goroutine and one message.
type Facts struct {
	Message  *message.Message
	Settings *Settings
	// Identity is who sent the message, nil where nobody knows, or nobody asked.
	Identity *message.Identity
	// Tag returns the values of a tag, such as URIDOMAINS. It is nil where nobody knows them.
	Tag      func(name string) []string
	machine  *pattern.Machine // for all patterns here
	uriRules message.URIRules

	mime        *mimeCounts // mimecount.go
	capitals    float64     // mimetext.go
	hasCapitals bool
	blanks      int // body.go
	hasBlanks   bool
	differ      *difference  // bodydiff.go
	imageSet    *images      // image.go
	attached    *attachments // antivirus.go
	pdfSet      *pdfs        // pdfscan.go
	spoken      *languages   // textcat.go
	documents   *office      // olescan.go
	hosts       []string     // urihost.go
	uriHosts    []uriHost    // uridnsbl.go

	dates        *dates      // datecheck.go
	recipients   *recipients // recipients.go
	senders      []string    // addresses.go
	hasSenders   bool
	receivers    []string
	hasReceivers bool
	hotmail      *hotmail  // forged.go
	bodyMail     *bodyMail // freemailbody.go
	fromName     *spoof    // fromname.go
}

// relays is the way of the message, by the networks of the settings.
func (f *Facts) relays() *message.Relays { return f.Message.Relays(f.Settings.Networks()) }

// NewFacts returns a message as functions see it. Patterns are run by the machine, under the limits that it was given.
func NewFacts(m *message.Message, s *Settings, machine *pattern.Machine) *Facts {
	f := &Facts{Message: m, Settings: s, machine: machine, uriRules: s.core.uris}
	f.uriRules.Redirect, f.uriRules.More = f.redirect, f.documentLinks
	return f
}

// URIRules is what rule files say about URIs, with what it takes to follow those of this message.
func (f *Facts) URIRules() *message.URIRules { return &f.uriRules }

// uris is the URIs of the message.
func (f *Facts) uris() []message.URIDetail { return f.Message.URIDetails(&f.uriRules) }

// match tells whether a pattern matches a text.
func (f *Facts) match(p *pattern.Pattern, text string) bool { return f.machine.Match(p, text) }

// Match is match, for rules.
func (f *Facts) Match(p *pattern.Pattern, text string) bool { return f.match(p, text) }

// matchAny tells whether a pattern matches any of the texts.
func (f *Facts) matchAny(p *pattern.Pattern, texts []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return f.match(p, text) })
}

// redirect returns where a URI leads on to, by the first redirector_pattern whose first group holds the name of a host.
func (f *Facts) redirect(uri string) (target string, ok bool) {
	for _, p := range f.Settings.core.redirectors {
		if _, _, found := f.machine.Find(p, uri, 0); !found {
			continue
		}
		if target, ok = f.machine.Group(1); ok && strings.IndexByte(target, '.') >= 0 {
			return strings.Clone(target), true
		}
	}
	return "", false
}

package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// define reads the definition of a rule: its name, and what parse makes of the rest. A definition that is no good leaves
// one that came before in force.
func (r *reader) define(l line, kind Type, parse func(*Rule, string) error) {
	name, test := cutWord(l.value)
	if !validName(name) {
		r.fault(l, "", fmt.Sprintf("%s: %q is no name for a rule", l.key, name), fmt.Sprintf("letters, digits and _, at most %d, no digit first", maxNameLength))
		return
	}
	if r.defined++; r.defined > maxRules {
		r.fault(l, name, fmt.Sprintf("more than %d rules: this one is left out", maxRules), "")
		return
	}
	if r.octets += len(test); r.octets > maxDefinitions {
		r.octets -= len(test)
		r.fault(l, name, fmt.Sprintf("%s: the definitions of all rules have more than %d octets: this one is left out", l.key, maxDefinitions), "")
		return
	}
	rule := &Rule{Name: name, Type: kind, File: l.at.file, Line: l.at.line, source: r.source, text: test}
	if err := parse(rule, test); err != nil {
		r.book.lose(rule, err.Error())
		remedy := ""
		if p := (*problem)(nil); errors.As(err, &p) {
			remedy = p.remedy
		}
		r.fault(l, name, l.key+": "+err.Error(), remedy)
		return
	}
	if r.patterns += rule.size(); r.patterns > maxPatterns {
		r.patterns -= rule.size()
		r.book.lose(rule, tooLarge)
		r.fault(l, name, fmt.Sprintf("%s: the patterns of all rules take more than %d octets: this one is left out", l.key, maxPatterns), "")
		return
	}
	if r.words += rule.expr.size(); r.words > maxWords {
		r.words -= rule.expr.size()
		r.book.lose(rule, "all metas are too large")
		r.fault(l, name, fmt.Sprintf("meta: all metas have more than %d words: this one is left out", maxWords), "")
		return
	}
	if rule.pattern != nil {
		if rule.pattern.Always() && rule.captures == nil && rule.template == nil {
			r.warn(l, name, l.key+": the pattern matches every text, also an empty one", "does it end in |, or have || in it?")
		}
		for _, warning := range rule.pattern.Warnings() {
			r.warn(l, name, l.key+": pattern: "+warning, "")
		}
	}
	if namedGroup.MatchString(rule.regex.source) {
		r.book.note(name, l.at).priority = capturePriority
	}
	if before := r.book.define(rule, r.folderIndex); before != nil {
		r.warn(l, name, fmt.Sprintf("defined before, at %s:%d: this definition counts", before.File, before.Line), "take one of them out")
	}
}

// tooLarge is why a rule is lost that would make the set too large.
const tooLarge = "the patterns of all rules are too large"

// size is about how many octets the rule's patterns take.
func (rule *Rule) size() int {
	n := 0
	if rule.pattern != nil {
		n = rule.pattern.Size()
	}
	if rule.question != nil && rule.question.wants.pattern != nil {
		n += rule.question.wants.pattern.Size()
	}
	for i := range rule.links {
		n += rule.links[i].pattern.Size()
	}
	return n
}

// A problem is an error with its remedy.
type problem struct{ what, remedy string }

func (p *problem) Error() string { return p.what }

// headerSyntax is what stands behind the name of a header rule: the field with its modifiers, the operator, the pattern.
var headerSyntax = regexp.MustCompile(`^([\w.-]+)((?::[A-Za-z]+){0,2}):?\s*([=!]~)\s*(.+)$`)

var (
	existsSyntax = regexp.MustCompile(`^exists:([\w.-]+):?$`)
	unsetSyntax  = regexp.MustCompile(`\s+\[if-unset:\s+(.+)\]$`)
)

// modifiers are what may stand behind a field's name.
var modifiers = map[string]message.HeaderMod{
	"raw": message.HeaderRaw, "addr": message.HeaderAddr, "name": message.HeaderName,
	"first": message.HeaderFirst, "last": message.HeaderLast,
	"host": message.HeaderHost, "domain": message.HeaderDomain, "ip": message.HeaderIP, "revip": message.HeaderRevIP,
}

func parseHeader(rule *Rule, test string) error {
	if isCall, err := parseCall(rule, test); isCall {
		return err
	}
	if exists := existsSyntax.FindStringSubmatch(test); exists != nil {
		rule.header = headerTest{name: exists[1], exists: true}
		return nil
	}
	parts := headerSyntax.FindStringSubmatch(test)
	if parts == nil {
		return &problem{"not a test of a header field", "write: header NAME Field =~ /pattern/, or: header NAME exists:Field"}
	}
	rule.header = headerTest{name: parts[1], not: parts[3] == "!~"}
	for word := range strings.SplitSeq(strings.TrimPrefix(parts[2], ":"), ":") {
		mod, known := modifiers[strings.ToLower(word)]
		if !known && word != "" {
			return &problem{"unknown modifier :" + word, "use :raw, :addr, :name, :first, :last, :host, :domain, :ip or :revip"}
		}
		rule.header.mod |= mod
	}
	text := parts[4]
	if unset := unsetSyntax.FindStringSubmatchIndex(text); unset != nil {
		rule.header.unset = text[unset[2]:unset[3]]
		text = text[:unset[0]]
	}
	return parsePattern(rule, text)
}

func parsePattern(rule *Rule, test string) error {
	if isCall, err := parseCall(rule, test); isCall && rule.Type != URI {
		return err
	}
	source, flags, err := undelimit(test)
	if err != nil {
		return err
	}
	rule.regex = regex{source: source, flags: flags}
	return rule.compileRegex(source)
}

// compileRegex compiles the rule's pattern.
func (rule *Rule) compileRegex(source string) (err error) {
	if tagSyntax.MatchString(source) {
		return rule.compileTemplate()
	}
	if rule.pattern, err = compilePattern(source, rule.regex.flags); err != nil {
		return err
	}
	rule.findCaptures()
	return nil
}

func compilePattern(source, flags string) (*pattern.Pattern, error) {
	p, err := pattern.Compile(source, flags)
	if err != nil {
		return nil, patternProblem(source, err)
	}
	return p, nil
}

// patternProblem says what is wrong with a pattern, and shows where.
func patternProblem(source string, err error) error {
	what := "pattern: " + err.Error()
	e := (*pattern.Error)(nil)
	if !errors.As(err, &e) || e.Offset >= len(source) {
		return errors.New(what)
	}
	what += ": " + near(source[e.Offset:])
	if e.Unsupported {
		return &problem{what, "write it without, or as two subrules and a meta"}
	}
	return errors.New(what)
}

// near is the beginning of a piece of pattern, as it stands but for what a terminal would not show.
func near(source string) string {
	const most = 24
	more := ""
	if len(source) > most {
		source, more = source[:most], "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, source) + more
}

// undelimit takes a pattern out of its delimiters: /.../flags, or m or qr and any pair. In between the delimiter needs a
// backslash, unless it is a bracket.
func undelimit(test string) (source, flags string, err error) {
	missing := &problem{"no pattern", "write it between slashes: /pattern/i"}
	rest := test
	if !strings.HasPrefix(rest, "/") {
		var found bool
		if rest, found = strings.CutPrefix(rest, "m"); !found {
			if rest, found = strings.CutPrefix(rest, "qr"); !found {
				return "", "", missing
			}
		}
	}
	if rest == "" || isWord(rest[0]) || rest[0] == '\\' || rest[0] >= 0x80 {
		return "", "", missing
	}
	end, paired := rest[:1], false
	if i := strings.IndexByte("{(<[", rest[0]); i >= 0 {
		end, paired = "})>]"[i:i+1], true
	}
	flags = rest[strings.LastIndexFunc(rest, notLetter)+1:]
	source = strings.TrimSuffix(rest[1:], flags)
	if last := strings.LastIndex(rest[1:], end) + 2; last > 1 && strings.ContainsAny(rest[last:], blanks) && !strings.HasSuffix(source, end) {
		_, behind := cutWord(rest[last:])
		return "", "", &problem{fmt.Sprintf("%q behind the pattern", behind), "take it out; what belongs to the pattern stands before the last " + end}
	}
	if source == "" || !strings.HasSuffix(source, end) {
		return "", "", &problem{"the pattern does not end with " + end, `is there a # in it? write \#, for # begins a comment`}
	}
	source = source[:len(source)-1]
	if !paired && unescaped(source, end[0]) {
		return "", "", &problem{"there is a " + end + " in the pattern", `write it \` + end + ", or use other delimiters: m{...}"}
	}
	return source, flags, nil
}

func notLetter(r rune) bool { return r < 'a' || r > 'z' }

// unescaped tells whether there is a c without a backslash before it.
func unescaped(s string, c byte) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case c:
			return true
		}
	}
	return false
}

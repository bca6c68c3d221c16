package rules

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// An askdns rule asks the DNS for a name that is made of what is known of the message: askdns NAME _AUTHORDOMAIN_.zone A
// /pattern/. Each _TAG_ stands for a value, or for several, which makes as many names.

// A dnsQuestion is what an askdns rule asks, and what the answer must be.
type dnsQuestion struct {
	key   string // what stands before the zone, with its tags
	zone  string // what stands behind the last tag; "" where that is no domain
	tags  []tagUse
	kinds []dns.Type
	wants answerTest

	silent string // why the rule asks nothing, "" where it does
}

var (
	askSyntax = regexp.MustCompile(`^(\S+)(?:\s+([A-Za-z0-9,]+)(?:\s+(.*?))?)?\s*$`)
	askTag    = regexp.MustCompile(`_([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?:\(.*?\))?)_`)
)

// askTypes are the types of records that can be asked for. SpamAssassin knows more: see otherTypes.
var askTypes = map[string]dns.Type{"A": dns.A, "AAAA": dns.AAAA, "TXT": dns.TXT, "MX": dns.MX, "NS": dns.NS, "PTR": dns.PTR}

// otherTypes are those that are not asked for here.
const otherTypes = ` ANY NAPTR SOA CERT CNAME DNAME DHCID HINFO MINFO RP HIP IPSECKEY KX LOC GPOS SRV OPENPGPKEY SSHFP SPF TLSA URI CAA CSYNC `

// parseAskDNS reads a rule that asks the DNS.
func parseAskDNS(rule *Rule, test string) error {
	parts := askSyntax.FindStringSubmatch(test)
	if parts == nil {
		return &problem{"not a question to the DNS", "write: askdns NAME _TAG_.zone A /pattern/"}
	}
	q := &dnsQuestion{}
	q.split(parts[1])
	if err := q.readTypes(parts[2]); err != nil {
		return err
	}
	var err error
	if q.wants, err = parseAnswerTest(parts[3]); err != nil {
		return err
	}
	rule.question = q
	return nil
}

// split takes a template apart.
func (q *dnsQuestion) split(template string) {
	all := askTag.FindAllStringSubmatchIndex(template, -1)
	q.key = template
	for _, at := range all {
		name := template[at[2]:at[3]]
		if !slices.ContainsFunc(q.tags, func(t tagUse) bool { return t.name == name }) {
			q.tags = append(q.tags, tagUse{name: name})
		}
	}
	if len(all) == 0 {
		return
	}
	end := all[len(all)-1][1]
	if dot := strings.IndexByte(template[end:], '.'); dot >= 0 {
		zone := strings.ToLower(strings.Trim(template[end+dot:], "."))
		if strings.Contains(zone, ".") {
			q.key, q.zone = template[:end+dot], zone
		}
	}
}

func (q *dnsQuestion) readTypes(text string) error {
	if text == "" {
		text = "A"
	}
	for word := range strings.SplitSeq(strings.ToUpper(text), ",") {
		kind, known := askTypes[word]
		switch {
		case known && !slices.Contains(q.kinds, kind):
			q.kinds = append(q.kinds, kind)
		case !known && !strings.Contains(otherTypes, " "+word+" "):
			return &problem{fmt.Sprintf("%q is no type of records", word), "write A, AAAA, TXT, MX, NS or PTR"}
		}
	}
	return nil
}

// proven tells whether a tag is what is proven about the sender.
func (q *dnsQuestion) proven() bool {
	return slices.ContainsFunc(q.tags, func(t tagUse) bool { return identityTag(t.name) })
}

// unasked says why the rule asks nothing, "" where it does.
func (q *dnsQuestion) unasked() string {
	if len(q.kinds) == 0 {
		return "records of that type are not asked for: only A, AAAA, TXT, MX, NS and PTR are"
	}
	for _, tag := range q.tags {
		if len(tag.from) == 0 && !commonTag(tag.name) && !identityTag(tag.name) {
			return "nothing sets _" + tag.name + "_"
		}
	}
	return ""
}

// plan makes the plan of the rule.
func (q *dnsQuestion) plan() *eval.Plan {
	p := &eval.Plan{What: strings.Trim(q.key+"."+q.zone, "."), Identity: q.proven()}
	if q.zone != "" {
		p.Zones = []string{q.zone}
	}
	return p
}

// maxQuestions is how many names one askdns rule asks for.
const maxQuestions = 100

// ask puts the questions of an askdns rule about a message.
func (r *run) askNames(rule *Rule, f *eval.Facts, a *eval.Asking) {
	q := rule.question
	names := []string{q.key}
	var proven []string // tags whose values are not known yet
	for t := range q.tags {
		tag := &q.tags[t]
		if identityTag(tag.name) {
			proven = append(proven, tag.name)
			continue
		}
		if names = filled(names, tag.name, r.tagValues(tag)); len(names) == 0 {
			return
		}
	}
	if len(proven) == 0 {
		q.put(a, names)
		return
	}
	identify, m := r.set.network.Identify, f.Message
	if identify == nil {
		return
	}
	a.Later(func(ctx context.Context) {
		id := identify(ctx, m)
		for _, tag := range proven {
			names = filled(names, tag, identityValues(id, tag))
		}
		q.put(a, names)
	})
}

// filled puts the values of a tag into names, each into each.
func filled(names []string, tag string, values []string) []string {
	var all []string
	for _, name := range names {
		for _, value := range values {
			if len(all) < maxQuestions && value != "" {
				all = append(all, strings.ReplaceAll(name, "_"+tag+"_", value))
			}
		}
	}
	return all
}

func (q *dnsQuestion) put(a *eval.Asking, names []string) {
	for _, name := range names {
		whole := name
		if q.zone != "" {
			whole += "." + q.zone
		}
		if !message.IsFQDN(strings.TrimRight(eval.ASCII(whole), ".")) {
			continue
		}
		for _, kind := range q.kinds {
			a.Ask(q.zone, name, kind, q.wants.fits)
		}
	}
}

// identityTags are tags whose values are what is proven about the sender.
var identityTags = map[string]func(*message.Signature) string{
	"DKIMDOMAIN":   func(s *message.Signature) string { return s.Domain },
	"DKIMIDENTITY": func(s *message.Signature) string { return s.Agent },
	"DKIMSELECTOR": func(s *message.Signature) string { return s.Selector },
}

func identityTag(name string) bool { return identityTags[name] != nil }

// identityValues is the values of a tag: of all signatures that are valid, none twice.
func identityValues(id *message.Identity, tag string) []string {
	if id == nil {
		return nil
	}
	var all []string
	for i := range id.DKIM {
		if s := &id.DKIM[i]; s.Result == message.AuthPass {
			if value := identityTags[tag](s); !slices.Contains(all, value) {
				all = append(all, value)
			}
		}
	}
	return all
}

// An answerTest is what an answer must be: anything, an exact text, a pattern, a number, or one of some outcomes.
type answerTest struct {
	kind     answerKind
	text     string
	pattern  *pattern.Pattern
	number   eval.RangeTest
	outcomes []outcome
}

type answerKind uint8

const (
	anyAnswer answerKind = iota
	textAnswer
	patternAnswer
	numberAnswer
	outcomeAnswer
)

// An outcome is how a question came out (RFC 1035, 4.1.1).
type outcome uint8

const (
	noError      outcome = 0
	servFail     outcome = 2
	nxDomain     outcome = 3
	refused      outcome = 5
	otherOutcome outcome = 255 // no answer, or one that is not told apart here
)

var outcomeNames = map[string]outcome{
	"NOERROR": noError, "0": noError, "SERVFAIL": servFail, "2": servFail, "NXDOMAIN": nxDomain, "3": nxDomain, "REFUSED": refused, "5": refused,
}

var outcomeSyntax = regexp.MustCompile(`^\[\s*((?:[A-Za-z]+|\d+)(?:\s*,\s*(?:[A-Za-z]+|\d+))*)\s*\]$`)

func parseAnswerTest(text string) (t answerTest, err error) {
	switch {
	case text == "":
		return t, nil
	case text[0] == '/' || strings.HasPrefix(text, "m") && len(text) > 1 && !isWord(text[1]):
		source, flags, err := undelimit(text)
		if err != nil {
			return t, err
		}
		t.kind = patternAnswer
		t.pattern, err = compilePattern(source, flags)
		return t, err
	case len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0]:
		t.kind, t.text = textAnswer, text[1:len(text)-1]
		return t, nil
	}
	if list := outcomeSyntax.FindStringSubmatch(text); list != nil {
		t.kind = outcomeAnswer
		for word := range strings.SplitSeq(strings.ToUpper(list[1]), ",") {
			if code, known := outcomeNames[strings.TrimSpace(word)]; known {
				t.outcomes = append(t.outcomes, code)
			}
		}
		return t, nil
	}
	number, ok := eval.ParseRangeTest(text)
	if !ok {
		return t, &problem{fmt.Sprintf("%q is nothing that an answer can be", near(text)), `write /pattern/, "text", an address, a range, bits, or [NXDOMAIN]`}
	}
	t.kind, t.number = numberAnswer, number
	return t, nil
}

// fits tells whether an answer is what the rule wants.
func (t *answerTest) fits(f *eval.Facts, found *eval.Lookup) (record string, hit bool) {
	if t.kind == outcomeAnswer {
		code := outcomeOf(found)
		return "", slices.Contains(t.outcomes, code)
	}
	if found.Err != nil {
		return "", false
	}
	for _, record := range found.Records() {
		switch {
		case t.kind == anyAnswer, t.kind == textAnswer && record == t.text:
			return record, true
		case t.kind == patternAnswer && f.Match(t.pattern, record):
			return record, true
		case t.kind == numberAnswer && t.number.Fits(found.Type, record):
			return record, true
		}
	}
	return "", false
}

func outcomeOf(found *eval.Lookup) outcome {
	switch {
	case errors.Is(found.Err, dns.ErrServFail):
		return servFail
	case errors.Is(found.Err, dns.ErrRefused):
		return refused
	case found.Err != nil:
		return otherOutcome
	case found.Answer.NXDomain:
		return nxDomain
	}
	return noError
}

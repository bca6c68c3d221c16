package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// The version of SpamAssassin whose language this is, and of Perl whose patterns.
const (
	versionText = "4.000001"
	perlVersion = 5.036
)

// A condition is an if that is open.
type condition struct {
	at   place
	key  string
	text string
	skip bool // whether lines were skipped before it
}

// condition opens an if or ifplugin.
func (r *reader) condition(l line) {
	if len(r.conditions) >= maxConditions {
		r.fault(l, "", fmt.Sprintf("%s: nested deeper than %d: the rest of the file is not read", l.key, maxConditions), "is an endif missing?")
		r.ended = true
		return
	}
	r.conditions = append(r.conditions, condition{l.at, l.key, l.value, r.skip})
	if r.skip {
		return // whatever it asks
	}
	text := l.value
	if l.key == "ifplugin" {
		text = "plugin(" + text + ")"
	}
	e, err := parseExpr(text, conditionNames{r.parser})
	if err != nil {
		r.fault(l, "", l.key+": "+err.Error(), "taken for false")
		r.skip = true
		return
	}
	value, _ := e.value(nil)
	r.skip = value == 0
}

// otherwise turns the innermost if round, unless one around it is false.
func (r *reader) otherwise(l line) {
	switch {
	case l.value != "":
		r.fault(l, "", "else stands alone on its line", "")
	case len(r.conditions) == 0:
		r.fault(l, "", "else without if", "")
	default:
		innermost := &r.conditions[len(r.conditions)-1]
		r.skip = innermost.skip || !r.skip
	}
}

func (r *reader) endif(l line) {
	switch last := len(r.conditions) - 1; {
	case l.value != "":
		r.fault(l, "", "endif stands alone on its line", "")
	case last < 0:
		r.fault(l, "", "endif without if", "")
	default:
		r.skip = r.conditions[last].skip
		r.conditions = r.conditions[:last]
	}
}

// ruleTypes are the directives that define rules.
var ruleTypes = map[string]Type{
	"header": Header, "body": Body, "rawbody": RawBody, "uri": URI, "full": Full, "meta": Meta,
	"mimeheader": MIMEHeader, "uri_detail": URIDetail, "askdns": AskDNS,
}

// leftOut keeps the name of a rule that a condition leaves out.
func (r *reader) leftOut(l line) {
	kind, isRule := ruleTypes[l.key]
	name, _ := cutWord(l.value)
	if !isRule || !validName(name) {
		return
	}
	why := "the file is for another version"
	for _, c := range r.conditions {
		if !c.skip {
			why = c.key + " " + c.text + " leaves it out"
		}
	}
	r.book.lose(&Rule{Name: name, Type: kind, File: l.at.file, Line: l.at.line, source: r.source, leftOut: true}, why)
}

// conditionNames is what the names in a condition mean.
type conditionNames struct{ *parser }

func (c conditionNames) name(name string) (*expr, error) {
	switch name {
	case "version":
		version, _ := strconv.ParseFloat(versionText, 64)
		return number(version), nil
	case "perl_version":
		return number(perlVersion), nil
	case "local_tests_only":
		return truth(!c.config.Network), nil
	}
	return nil, fmt.Errorf("%q has no value", name)
}

func (c conditionNames) call(function, argument string) (*expr, error) {
	switch function {
	case "plugin":
		return truth(c.hasPlugin(argument)), nil
	case "can", "has":
		return truth(features[argument] || c.compat[argument] || c.plugins.Has(argument)), nil
	}
	return nil, fmt.Errorf("%q is no function", function)
}

// features are the capabilities of SpamAssassin itself that files ask for with can() and has().
var features = wordSet("Mail::SpamAssassin::Conf::", `feature_originating_ip_headers feature_dns_local_ports_permit_avoid
	feature_bayes_auto_learn_on_error feature_uri_host_listed feature_yesno_takes_args feature_bug6558_free feature_edns
	feature_dns_query_restriction feature_registryboundaries feature_geodb feature_dns_block_rule feature_compile_regexp
	feature_meta_rules_matching feature_subjprefix feature_bayes_stopwords feature_get_host feature_blocklist_welcomelist
	feature_welcomelist_blocklist feature_header_address_parser feature_local_tests_only feature_header_first_last
	feature_header_match_many feature_capture_rules has_tflags_nosubject has_tflags_nolog perl_min_version_5010000`)

func wordSet(prefix, words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[prefix+word] = true
	}
	return set
}

// renamed are plugins that had another name in some versions.
var renamed = map[string]string{
	"Mail::SpamAssassin::Plugin::Dmarc":            "Mail::SpamAssassin::Plugin::DMARC",
	"Mail::SpamAssassin::Plugin::WhiteListSubject": "Mail::SpamAssassin::Plugin::WelcomeListSubject",
}

// hasPlugin tells whether a plugin is loaded.
func (p *parser) hasPlugin(name string) bool {
	if now, found := renamed[name]; found {
		name = now
	}
	return p.plugins.Loaded(name) || name == "Mail::SpamAssassin::Plugin::RaciallyCharged" // it only renamed directives
}

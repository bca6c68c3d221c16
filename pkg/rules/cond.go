package rules

import (
	"fmt"
	"strconv"
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
	skip bool // whether lines were skipped before it
}

// condition opens an if or ifplugin.
func (r *reader) condition(l line) {
	r.conditions = append(r.conditions, condition{l.at, l.key, r.skip})
	if r.skip {
		return // whatever it asks
	}
	text := l.value
	if l.key == "ifplugin" {
		text = "plugin(" + text + ")"
	}
	e, err := parseExpr(text, conditionNames{&r.config})
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
	if len(r.conditions) == 0 {
		r.fault(l, "", "else without if", "")
		return
	}
	if innermost := &r.conditions[len(r.conditions)-1]; !innermost.skip {
		r.skip = !r.skip
	}
	if l.value != "" {
		r.fault(l, "", "else stands alone on its line", "")
	}
}

func (r *reader) endif(l line) {
	if len(r.conditions) == 0 {
		r.fault(l, "", "endif without if", "")
		return
	}
	last := len(r.conditions) - 1
	r.skip = r.conditions[last].skip
	r.conditions = r.conditions[:last]
	if l.value != "" {
		r.fault(l, "", "endif stands alone on its line", "")
	}
}

// conditionNames is what the names in a condition mean.
type conditionNames struct{ config *Config }

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
		return truth(plugins[argument]), nil
	case "can", "has":
		return truth(features[argument]), nil
	}
	return nil, fmt.Errorf("%q is no function", function)
}

// plugins are those of SpamAssassin whose directives and functions this package has.
var plugins = map[string]bool{}

// features are the capabilities that files ask for with can() and has(), as far as they are here.
var features = map[string]bool{
	"Mail::SpamAssassin::Conf::perl_min_version_5010000":      true,
	"Mail::SpamAssassin::Conf::feature_bug6558_free":          true,
	"Mail::SpamAssassin::Conf::feature_compile_regexp":        true,
	"Mail::SpamAssassin::Conf::feature_meta_rules_matching":   true,
	"Mail::SpamAssassin::Conf::feature_get_host":              true,
	"Mail::SpamAssassin::Conf::feature_header_address_parser": true,
	"Mail::SpamAssassin::Conf::feature_header_first_last":     true,
	"Mail::SpamAssassin::Conf::feature_header_match_many":     true,
	"Mail::SpamAssassin::Conf::feature_local_tests_only":      true,
	"Mail::SpamAssassin::Conf::feature_welcomelist_blocklist": true, // its words are the ones that are known
	"Mail::SpamAssassin::Conf::feature_blocklist_welcomelist": true,
	"Mail::SpamAssassin::Conf::has_tflags_nosubject":          true,
	"Mail::SpamAssassin::Conf::has_tflags_nolog":              true,
}

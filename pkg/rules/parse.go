package rules

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A reader reads one file.
type reader struct {
	*parser
	fs     fs.FS // what may be included
	folder string
	path   string // within the folder
	name   string // of both, for faults
	source int
	above  []string // the files that include this one
	tunes  bool     // it is the operator's, and only says what rules are worth

	conditions []condition
	skip       bool // the lines are in a part whose condition is false
	ended      bool // the file is not read any further
}

// line does what one line says. What decides whether lines are read comes first, the rest is in the table.
func (r *reader) line(l line) {
	if r.ended {
		return
	}
	switch l.key {
	case "if", "ifplugin":
		r.condition(l)
	case "else":
		r.otherwise(l)
	case "endif":
		r.endif(l)
	default:
		switch do, setting := directives[l.key], r.plugins.Directive(l.key); {
		case r.skip:
			r.leftOut(l)
		case r.tunes && !tuning[l.key]:
			r.fault(l, "", l.key+": this file only tunes rules that are there", "write rules into a file of a folder; here stand score, describe, tflags, priority and lang")
		case l.key == "include":
			r.include(l)
		case l.key == "lang":
			r.lang(l)
		case do != nil:
			do(r, l)
		case setting != nil:
			fmt.Fprintln(r.said, l.key, l.value)
			if err := setting(r.settings, l.value); err != nil {
				r.fault(l, "", l.key+": "+err.Error(), "")
			}
		default:
			r.unknown(l)
		}
	}
}

func (r *reader) fault(l line, rule, what, remedy string) {
	r.faults.add(l.at, Broken, rule, what, remedy)
}

func (r *reader) warn(l line, rule, what, remedy string) {
	r.faults.add(l.at, Warning, rule, what, remedy)
}

// directives is what each word that may open a line does, but for those in reader.line, which read further lines.
var directives = map[string]func(*reader, line){
	"header":  func(r *reader, l line) { r.define(l, Header, parseHeader) },
	"body":    func(r *reader, l line) { r.define(l, Body, parsePattern) },
	"rawbody": func(r *reader, l line) { r.define(l, RawBody, parsePattern) },
	"uri":     func(r *reader, l line) { r.define(l, URI, parsePattern) },
	"full":    func(r *reader, l line) { r.define(l, Full, parsePattern) },
	"meta":    func(r *reader, l line) { r.define(l, Meta, parseMeta) },

	"mimeheader": func(r *reader, l line) { r.define(l, MIMEHeader, parseMIMEHeader) },
	"uri_detail": func(r *reader, l line) { r.define(l, URIDetail, parseURIDetail) },
	"askdns":     func(r *reader, l line) { r.define(l, AskDNS, parseAskDNS) },

	"replace_rules": (*reader).replaceRules,
	"replace_tag":   (*reader).replacement,
	"replace_pre":   (*reader).replacement,
	"replace_inter": (*reader).replacement,
	"replace_post":  (*reader).replacement,
	"replace_start": (*reader).replaceMark,
	"replace_end":   (*reader).replaceMark,

	"shortcircuit":            (*reader).shortCircuit,
	"shortcircuit_spam_score": (*reader).circuitScore,
	"shortcircuit_ham_score":  (*reader).circuitScore,

	"loadplugin": (*reader).loadPlugin,
	"tryplugin":  (*reader).loadPlugin,

	"score":    (*reader).score,
	"describe": (*reader).describe,
	"tflags":   (*reader).tflags,
	"priority": (*reader).priority,
	"test":     (*reader).test,

	"require_version": (*reader).requireVersion,
	"required_score":  (*reader).requiredScore,
	"required_hits":   (*reader).requiredScore,
	"enable_compat":   (*reader).enableCompat,
}

// lang reads the rest of the line if it is for our locale.
func (r *reader) lang(l line) {
	locale, rest := cutWord(l.value)
	if rest == "" {
		r.fault(l, "", "lang: no directive behind the locale", "write: lang de describe NAME text")
		return
	}
	if strings.HasPrefix(strings.ToLower(r.config.Locale), strings.ToLower(locale)) {
		key, value := cutWord(rest)
		r.line(line{at: l.at, key: strings.ReplaceAll(strings.ToLower(key), "-", "_"), value: value})
	}
}

// include reads another file, named relative to this one.
func (r *reader) include(l line) {
	target := path.Join(path.Dir(r.path), l.value)
	switch {
	case l.value == "" || strings.HasPrefix(l.value, "/") || strings.HasPrefix(l.value, "~") || !fs.ValidPath(target):
		r.fault(l, "", fmt.Sprintf("include %q: not a file within the folder", l.value), "name it relative to this file, or add its folder to the configuration")
	case target == r.path || slices.Contains(r.above, target):
		r.fault(l, "", fmt.Sprintf("include %q: the file includes itself", l.value), "take one of the includes out")
	case len(r.above) >= maxIncludeDepth:
		r.fault(l, "", fmt.Sprintf("include %q: nested deeper than %d", l.value, maxIncludeDepth), "does a link lead back here?")
	default:
		r.file(&reader{parser: r.parser, fs: r.fs, folder: r.folder, path: target, above: append(slices.Clone(r.above), r.path)}, r.fs, l.at)
	}
}

// requireVersion skips the rest of a file that is made for one version of SpamAssassin, and not for the one whose language
// this is.
func (r *reader) requireVersion(l line) {
	if l.value != "@@VERSION@@" && l.value != versionText {
		r.warn(l, "", fmt.Sprintf("the file is for version %s of SpamAssassin, and this is the language of %s: the rest of the file, or of the condition that the line is in, is not read", l.value, versionText), "")
		r.skip = true
	}
}

// compatPrefix is what the name of a declared capability begins with in can().
const compatPrefix = "Mail::SpamAssassin::Conf::compat_"

// stockCompat is what Debian's init.pre declares: the stock rules then go by the names that they have had for twenty years.
func stockCompat() map[string]bool {
	return map[string]bool{compatPrefix + "welcomelist_blocklist": true}
}

var compatSyntax = regexp.MustCompile(`^\w{1,128}$`)

// enableCompat declares a capability, which files then ask for with can().
func (r *reader) enableCompat(l line) {
	if !compatSyntax.MatchString(l.value) {
		r.fault(l, "", fmt.Sprintf("enable_compat: %q is no name", l.value), "letters, digits and _")
		return
	}
	r.compat[compatPrefix+l.value] = true
}

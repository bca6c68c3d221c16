package eval

import (
	"maps"
	"slices"
	"strings"
)

// A plugin is a group of functions and directives that SpamAssassin knows by one name. Rule files ask for it with
// ifplugin, and its functions exist only where it is loaded.
type plugin struct {
	name       string // without Mail::SpamAssassin::Plugin::
	stock      bool   // loaded where nothing is said: what Debian's *.pre files load
	functions  []Function
	directives map[string]Directive
	features   []string // what can() and has() find in it: "has_check_body_length"
}

// plugins are all that are here, those included whose rules are read in winnow/pkg/rules. The first has what SpamAssassin
// has without plugins.
var plugins = []plugin{
	{name: "", stock: true, directives: joined(coreDirectives, networkDirectives, dnsDirectives, uriHostDirectives, listDirectives)},
	{name: "ASN", functions: asnFunctions, features: words("has_asn_lookup_ipv6 has_asn_geodb has_check_asn has_check_asn_tag")},
	{name: "AWL", functions: awlFunctions},
	{name: "AntiVirus", functions: antiVirusFunctions},
	{name: "AskDNS", stock: true, features: words("has_tag_header")},
	{name: "AutoLearnThreshold", stock: true},
	{name: "Bayes", stock: true, functions: bayesFunctions},
	{name: "BodyEval", stock: true, functions: bodyFunctions, features: words("has_check_body_length has_plaintext_body_sig_ratio")},
	{name: "Check", stock: true},
	{name: "DCC", functions: dccFunctions},
	{name: "DKIM", stock: true, functions: dkimFunctions, directives: dkimDirectives, features: words("has_arc")},
	{name: "DMARC", stock: true, functions: dmarcFunctions},
	{name: "DNSEval", stock: true, functions: dnsFunctions, directives: dnsEvalDirectives, features: words("has_tflags_domains_only has_tflags_ips_only")},
	{name: "DecodeShortURLs", functions: shortURLFunctions, directives: shortURLDirectives, features: words(`has_short_url
		has_autoclean has_short_url_code has_user_agent has_get has_clear has_timeout has_max_redirections has_short_url_redir`)},
	{name: "FreeMail", stock: true, functions: freeMailFunctions, directives: freeMailDirectives},
	{name: "FromNameSpoof", functions: fromNameFunctions, directives: fromNameDirectives},
	{name: "HTMLEval", stock: true, functions: htmlFunctions},
	{name: "HTTPSMismatch", stock: true, functions: httpsFunctions},
	{name: "HashBL", stock: true, functions: hashFunctions, directives: hashDirectives, features: words(`has_hashbl_bodyre has_hashbl_bodyre_num
		has_hashbl_emails has_hashbl_uris has_hashbl_ignore has_hashbl_email_regex has_hashbl_email_welcomelist
		has_hashbl_email_whitelist has_hashbl_tag has_hashbl_sha256 has_hashbl_attachments has_hashbl_email_domain
		has_hashbl_email_domain_alias`)},
	{name: "HeaderEval", stock: true, functions: headerFunctions},
	{name: "ImageInfo", stock: true, functions: imageFunctions},
	{name: "MIMEEval", stock: true, functions: mimeFunctions, features: words(`has_check_for_ascii_text_illegal
		has_check_abundant_unicode_ratio has_check_qp_ratio`)},
	{name: "MIMEHeader", stock: true, features: words(`has_all_header has_tflags_range has_tflags_concat has_tflags_multiple
		has_capture_rules`)},
	{name: "OLEVBMacro", functions: oleMacroFunctions, directives: oleMacroDirectives, features: words(`has_olemacro_redirect_uri
		has_olemacro_mhtml_uri has_olertfobject`)},
	{name: "PDFInfo", functions: pdfFunctions},
	{name: "Pyzor", stock: true, functions: pyzorFunctions, features: words("has_fork has_perl")},
	{name: "Razor2", stock: true, functions: razorFunctions, features: words("has_fork")},
	{name: "RelayEval", stock: true, functions: relayFunctions},
	{name: "ReplaceTags", stock: true},
	{name: "Rule2XSBody", stock: true},
	{name: "SPF", stock: true, functions: spfFunctions, directives: spfListDirectives, features: words("has_check_for_spf_errors has_check_spf_skipped_noenvfrom")},
	{name: "Shortcircuit", functions: silent("check_shortcircuit", Function{Rules: AnyRules})},
	{name: "SpamCop", stock: true},
	{name: "TextCat", functions: textCatFunctions, directives: textCatDirectives},
	{name: "TxRep", functions: txrepFunctions},
	{name: "URIDNSBL", stock: true, functions: uriListFunctions, directives: uriListDirectives, features: words(`has_tflags_domains_only has_subtest_for_ranges
		has_uridnsbl_for_a has_uridnsbl_a_ns has_tflags_notrim has_uridnsbl_skip_mailto`)},
	{name: "URIDetail", stock: true, features: words("has_host_key")},
	{name: "URIEval", stock: true, functions: uriFunctions},
	{name: "VBounce", stock: true, functions: bounceFunctions, directives: bounceDirectives},
	{name: "WLBLEval", stock: true, functions: slices.Concat(listFunctions, uriHostFunctions)},
	{name: "WelcomeListSubject", stock: true, functions: subjectFunctions, directives: subjectDirectives},
}

func words(text string) []string { return strings.Fields(text) }

// joined puts directives of several files into one map.
func joined(all ...map[string]Directive) map[string]Directive {
	whole := map[string]Directive{}
	for _, one := range all {
		maps.Copy(whole, one)
	}
	return whole
}

// prefix is what the names of SpamAssassin's own plugins begin with.
const prefix = "Mail::SpamAssassin::Plugin::"

// Plugins is those that are loaded. Only what belongs to them can be used, as in SpamAssassin.
type Plugins struct {
	loaded     map[string]*plugin // by full name
	functions  map[string]*Function
	directives map[string]Directive
}

// StockPlugins returns those that are loaded where nothing is said.
func StockPlugins() *Plugins {
	p := &Plugins{loaded: map[string]*plugin{}, functions: map[string]*Function{}, directives: map[string]Directive{}}
	for i := range plugins {
		if plugins[i].stock {
			p.load(&plugins[i])
		}
	}
	return p
}

// Load loads one more. It returns false where there is no such plugin.
func (p *Plugins) Load(name string) bool {
	for i := range plugins {
		if prefix+plugins[i].name == name && plugins[i].name != "" {
			p.load(&plugins[i])
			return true
		}
	}
	return false
}

func (p *Plugins) load(one *plugin) {
	p.loaded[prefix+one.name] = one
	for i := range one.functions {
		p.functions[one.functions[i].Name] = &one.functions[i]
	}
	for key, directive := range one.directives {
		p.directives[key] = directive
	}
}

// Loaded tells whether a plugin is loaded. Its name is given in full.
func (p *Plugins) Loaded(name string) bool { return p.loaded[name] != nil }

// Function returns the function of that name, nil where no loaded plugin has one.
func (p *Plugins) Function(name string) *Function { return p.functions[name] }

// Owner returns the full name of the plugin that has a function, loaded or not, "" where none has.
func Owner(function string) string {
	for i := range plugins {
		for j := range plugins[i].functions {
			if plugins[i].functions[j].Name == function {
				return prefix + plugins[i].name
			}
		}
	}
	return ""
}

// DirectiveOwner returns the full name of the plugin that has a directive, loaded or not, "" where none has.
func DirectiveOwner(key string) string {
	for i := range plugins {
		if plugins[i].directives[key] != nil {
			return prefix + plugins[i].name
		}
	}
	return ""
}

// Directive returns what takes lines that begin with key, nil where no loaded plugin does.
func (p *Plugins) Directive(key string) Directive {
	if access := accessDirective(key); access != nil && p.Loaded(prefix+"HashBL") {
		return access
	}
	return p.directives[key]
}

// Has tells whether a loaded plugin has what can() and has() ask for: a feature or a function, by its full name.
func (p *Plugins) Has(name string) bool {
	at := strings.LastIndex(name, "::")
	if at < 0 {
		return false
	}
	one := p.loaded[name[:at]]
	if one == nil {
		return false
	}
	name = name[at+2:]
	for _, feature := range one.features {
		if feature == name {
			return true
		}
	}
	for i := range one.functions {
		if one.functions[i].Name == name {
			return true
		}
	}
	return false
}

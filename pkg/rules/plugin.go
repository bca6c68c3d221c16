package rules

import (
	"fmt"
	"strings"
)

// loadPlugin loads a plugin, if it is one that is here.
func (r *reader) loadPlugin(l line) {
	name, _ := cutWord(l.value)
	if name == "" {
		r.fault(l, "", l.key+": no name", "write: "+l.key+" Mail::SpamAssassin::Plugin::Name")
		return
	}
	if now, found := renamed[name]; found {
		name = now
	}
	fmt.Fprintln(r.said, l.key, name)
	if !r.plugins.Load(name) {
		r.faults.add(l.at, Ignored, "", fmt.Sprintf("%s: %s", l.key, whyNoPlugin(name)), "")
	}
}

// whyNoPlugin says why a plugin is not here.
func whyNoPlugin(name string) string {
	short, stock := strings.CutPrefix(name, "Mail::SpamAssassin::Plugin::")
	if why := noPlugins[short]; stock && why != "" {
		return short + " " + why
	}
	return name + " is not here: what stands between its ifplugin and endif is skipped"
}

// noPlugins are plugins of SpamAssassin's own that are not here.
var noPlugins = map[string]string{
	"AccessDB":              "is not here: senders are listed in the whitelist and blacklist files",
	"AuthRes":               "is not here: what others found out about a sender is not believed",
	"BodyRuleBaseExtractor": "is not needed: patterns are compiled",
	"ExtractText":           "is not here: no other programs are run on attachments",
	"OneLineBodyRuleType":   "is not needed: patterns are compiled",
	"P595Body":              "is not needed: patterns are compiled",
	"PhishTag":              "is not here: messages are not rewritten",
	"Phishing":              "is not here: URI lists are in lists.yaml",
	"RelayCountry":          "is not here: there is no table of countries",
	"ResourceLimits":        "is not needed: everything has its limit",
	"Reuse":                 "is not here: it is for measuring rules, not for running them",
	"URILocalBL":            "is not here: there is no table of countries",
}

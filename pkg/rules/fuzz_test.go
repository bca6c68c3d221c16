package rules

import (
	"strings"
	"testing"

	"winnow/pkg/message"
)

// FuzzFile reads any text as a rule file, and matches what comes out of it. Nothing may panic, and whatever is wrong
// must be a fault with its line.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"body FOO /foo/i\ndescribe FOO x\nscore FOO 1 2 3 4\ntflags FOO multiple maxhits=3\ntest FOO ok foo",
		"header FOO Subject:raw =~ /foo/ [if-unset: x]\nheader BAR exists:X\nmeta BAZ (FOO + BAR) > 1 || !rules_matching(F*)",
		"if version > 3\nifplugin X\nelse\nbody A /(?i)a|b{2,3}?/\nendif\nendif\nendif",
		"meta A B\nmeta B A\nmeta C !A",
		"lang en lang en body A m{x}x",
		"include a.cf\ninclude ../x\nrequire_version 2",
		"uri A /\\x{2018}$/\nfull B /^a$/m\nrawbody C /[[:alpha:]\\d-]+/",
		"body A /a\\#b/ # c\n\ufeff\n\x00\xff",
		"mimeheader A Content-Type:raw =~ /x/ [if-unset: y]\ntflags A range=1-2 concat multiple\nmimeheader B ALL !~ /x/",
		"uri_detail A raw =~ /x/ text !~ m|y|i host =~ /z/\naskdns B _X_.y TXT /z/",
		"replace_tag A [a4]\nreplace_inter I \\s?\nreplace_post P +\nreplace_pre Q \\b\nbody B /<inter I><post P><pre Q><A><A>/\nreplace_rules B",
		"replace_start ((\nreplace_end ))\nreplace_tag A <A><A>\nbody B /<A>((A))/\nreplace_rules B",
		"header A To =~ /(?<T>\\S+)/\nbody B /%{T}%{HEADER(From)}/i\nbody C /(?<T>%{T})/\ntflags A multiple\nmeta D B || !C",
		"header A eval:check_for_spf_pass('x', \"y\", 2)\nbody B eval:check_bayes(\nfull C eval:nothing()",
		"loadplugin Mail::SpamAssassin::Plugin::Shortcircuit\nbody A /Hans/\nshortcircuit A spam\npriority A -5\nmeta B A || !C\nshortcircuit B on",
		"if can(Mail::SpamAssassin::Conf::compat_x)\nelse\nenable_compat x\nbody A /(/\nendif\nifplugin Foo\nbody A /a/\nendif",
	} {
		f.Add(seed)
	}
	m, err := message.Parse(strings.NewReader(letter), int64(len(letter)))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, faults := loadFiles(map[string]string{"a.cf": text})
		for _, fault := range faults {
			if fault.File != "rules/a.cf" || fault.Line < 1 || fault.What == "" || strings.Contains(fault.String(), "\n") {
				t.Errorf("fault %+v", fault)
			}
		}
		set.Lint()
		set.Coverage()
		for _, rule := range set.Rules() {
			set.Show(rule.Name)
		}
		set.check(t.Context(), m)
		set.RunTests()
		hitting(set, m)
	})
}

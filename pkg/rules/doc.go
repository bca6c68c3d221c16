// Package rules is the content stage: rules in SpamAssassin's language, which postmasters know and of which there are
// thousands. A rule file (*.cf) names patterns for the parts of a message - header, body, rawbody, uri, full - combines
// what they found with meta rules, and gives points:
//
//	body     __QUOTA_FULL   /\bmailbox (?:quota )?is (?:almost )?full\b/i
//	uri      __QUOTA_LINK   m{^https?://[^/]*/.*(?:login|verify)}i
//	meta     QUOTA_PHISH    __QUOTA_FULL && __QUOTA_LINK
//	describe QUOTA_PHISH    Mailbox is said to be full, with a link to log in
//	score    QUOTA_PHISH    2.5
//	test     QUOTA_PHISH ok Your mailbox is almost full: http://example.org/login
//
// Load reads folders of such files into a Set, which is immutable and serves any number of messages at a time, and tells
// every Fault it met on the way, with file and line: one bad line costs its rule, never the file. A Set is compiled so
// that most rules are never run on a message: a subrule (its name begins with __) is looked at only when a rule with a
// score asks for it, and a pattern only when a literal that all its matches have is somewhere in the text. Patterns are
// Perl's, over octets: see winnow/pkg/rules/pattern.
//
// # The language
//
// One directive a line; # begins a comment unless \# is written, also within a pattern. The directives are
//
//	header NAME Field[:raw|:addr|:name|...] =~ /pattern/ [if-unset: text]     and !~, and exists:Field
//	body | rawbody | uri | full NAME /pattern/flags                           or m{...}, qr!...!
//	header | body | rawbody | full NAME eval:function(arguments)              see winnow/pkg/rules/eval
//	mimeheader NAME Field[:raw] =~ /pattern/ [if-unset: text]                 of each MIME part
//	uri_detail NAME key =~ /pattern/ key !~ /pattern/ ...                     raw, cleaned, type, text, domain, host
//	askdns NAME _TAG_.zone type answer                                         asks the DNS
//	meta NAME expression         rules, numbers, ! && || ?: ^ < <= > >= == != + - * / ( ), rules_matching(GLOB)
//	score NAME n [n n n]         without and with network, then with Bayes; (n) is added; 0 turns the rule off
//	describe NAME text
//	tflags NAME flag...          nice, net, learn, multiple, maxhits=N, nosubject, range=, concat; others have no effect
//	priority NAME n
//	shortcircuit NAME on|spam|ham|off
//	replace_tag | replace_pre | replace_inter | replace_post NAME text, replace_rules NAME...
//	test NAME ok|fail text       see RunTests
//	include FILE                 relative to this file, within the folder
//	if | ifplugin | else | endif | require_version | lang | loadplugin | tryplugin | enable_compat | required_score
//
// and those by which plugins are configured, which eval has. A pattern may have named groups, (?<NAME>...), and use what
// others captured, %{NAME}. What SpamAssassin has beside these is named as ignored, with the reason.
package rules

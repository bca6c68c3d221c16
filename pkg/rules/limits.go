package rules

import "winnow/pkg/rules/pattern"

// Limits on what is read from rule files, which may come from strangers, and on what a rule may ask for.
const (
	maxFileSize     = 16 << 20 // octets; the largest known channel has 2 MB
	maxFiles        = 1_000    // included ones counted
	maxLineLength   = pattern.MaxLength + 1<<10
	maxIncludeDepth = 10
	maxRules        = 50_000
	maxNameLength   = 100   // SpamAssassin's own
	maxTokens       = 5_000 // of one meta expression, names that rules_matching stands for included
	maxNesting      = 100   // parentheses in an expression
	maxMetaDepth    = 50    // a meta of a meta of ...; the stock rules have 7
	maxTests        = 200   // test lines of one rule
	maxTestText     = 16 << 10
	maxExpanded     = 512 << 10 // octets of a pattern with its tags replaced; the largest known has 224 KB
	maxHits         = 1_000     // matches that a rule with tflags multiple counts, where it says no less
	maxFaults       = 20_000
	maxDetail       = 80 // octets of evidence in a hit
)

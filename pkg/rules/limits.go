package rules

import "winnow/pkg/rules/pattern"

// Limits on what is read from rule files, which may come from strangers, and on what a rule may ask for.
const (
	maxFileSize     = 16 << 20 // octets; the largest known channel has 2 MB
	maxFiles        = 1_000    // included ones counted, each time
	maxAllFiles     = 32 << 20 // octets of all files together, included ones counted each time
	maxLineLength   = pattern.MaxLength + 1<<10
	maxIncludeDepth = 10
	maxConditions   = 100       // open ifs of one file
	maxRules        = 50_000    // definitions of all files
	maxNamed        = 100_000   // rules of which something is said, whether they are there or not
	maxDefinitions  = 8 << 20   // octets of all definitions, with the tags in them replaced; the stock rules have 1.3 MB
	maxPatterns     = 128 << 20 // octets that all patterns of rules take, for those of eval functions have a limit there; the stock rules' take 9 MB
	maxNameLength   = 100       // SpamAssassin's own
	maxTokens       = 5_000     // of one meta expression, names that rules_matching stands for included
	maxWords        = 1_000_000 // of all metas
	maxGlobs        = 500       // different ones that rules_matching has in all metas
	maxMatching     = 500_000   // names that all of them stand for
	maxNesting      = 100       // parentheses in an expression
	maxMetaDepth    = 50        // a meta of a meta of ...; the stock rules have 7
	maxScore        = 1_000_000
	maxTests        = 200 // test lines of one rule
	maxTestText     = 16 << 10
	maxExpanded     = 512 << 10   // octets of a pattern with its tags replaced; the largest known has 224 KB
	maxExpansions   = 32 << 20    // octets of all of them, also of those that become too long
	maxHits         = 1_000       // matches that a rule with tflags multiple counts, where it says no less
	maxWork         = 100_000_000 // of all patterns on one message: about a second
	fewSteps        = 20_000      // of a pattern, where they are used up
	maxFaults       = 20_000
	maxDetail       = 80 // octets of evidence in a hit
)

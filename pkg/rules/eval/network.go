package eval

import (
	"slices"
	"strings"
)

// network returns functions that ask the network. They answer nothing: a miss.
func network(rules Callers, names string) []Function {
	return silent(names, Function{Rules: rules, Net: true})
}

// learned returns functions that ask what was learned from earlier mail. They answer nothing: a miss.
func learned(rules Callers, names string) []Function {
	return silent(names, Function{Rules: rules, Learn: true})
}

func silent(names string, like Function) []Function {
	like.Bind = func([]string, *Settings) (Check, error) { return func(*Facts) int { return 0 }, nil }
	var all []Function
	for _, name := range strings.Fields(names) {
		like.Name = name
		all = append(all, like)
	}
	return all
}

var (
	asnFunctions   = network(HeaderRules, "check_asn")
	awlFunctions   = learned(HeaderRules, "check_from_in_auto_welcomelist check_from_in_auto_whitelist")
	bayesFunctions = learned(BodyRules, "check_bayes")
	dccFunctions   = network(FullRules, "check_dcc check_dcc_reputation_range")
	dkimFunctions  = slices.Concat(
		network(FullRules, `check_dkim_signed check_arc_signed check_dkim_valid check_arc_valid check_dkim_valid_author_sig
			check_dkim_valid_envelopefrom check_dkim_dependable`),
		network(HeaderRules, `check_dkim_testing check_dkim_adsp check_for_dkim_welcomelist_from check_for_dkim_whitelist_from
			check_for_def_dkim_welcomelist_from check_for_def_dkim_whitelist_from`),
		network(AnyRules, "check_dkim_verified check_dkim_signall check_dkim_signsome"),
	)
	dmarcFunctions = network(HeaderRules, "check_dmarc_pass check_dmarc_reject check_dmarc_quarantine check_dmarc_none check_dmarc_missing")
	hashFunctions  = slices.Concat(
		network(HeaderRules, "check_hashbl_emails check_hashbl_uris check_hashbl_tag"),
		network(BodyRules, "check_hashbl_bodyre check_hashbl_attachments"),
	)
	pyzorFunctions = network(FullRules, "check_pyzor")
	razorFunctions = network(FullRules, "check_razor2 check_razor2_range")
	spfFunctions   = network(HeaderRules, `check_for_spf_pass check_for_spf_neutral check_for_spf_none check_for_spf_fail
		check_for_spf_softfail check_for_spf_permerror check_for_spf_temperror check_for_spf_helo_pass check_for_spf_helo_neutral
		check_for_spf_helo_none check_for_spf_helo_fail check_for_spf_helo_softfail check_for_spf_helo_permerror
		check_for_spf_helo_temperror check_for_spf_welcomelist_from check_for_spf_whitelist_from
		check_for_def_spf_welcomelist_from check_for_def_spf_whitelist_from check_spf_skipped_noenvfrom`)
	txrepFunctions = learned(HeaderRules, "check_senders_reputation")
)

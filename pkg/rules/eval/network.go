package eval

import "strings"

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
	pyzorFunctions = network(FullRules, "check_pyzor")
	razorFunctions = network(FullRules, "check_razor2 check_razor2_range")
	txrepFunctions = learned(HeaderRules, "check_senders_reputation")
)

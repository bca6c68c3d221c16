package eval

import (
	"errors"
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// listSettings are lists of mail addresses that rule files make. Those that have directives of their own have their names.
type listSettings struct {
	named  map[string]*globSet
	rcvd   relayList                      // welcomelist_from_rcvd
	byDef  relayList                      // def_welcomelist_from_rcvd
	signed map[string]map[string][]string // *_from_dkim: by list and address, the domains that must have signed
}

// list returns a list, made where it is not there.
func (s *listSettings) list(name string) *globSet {
	if s.named == nil {
		s.named = map[string]*globSet{}
	}
	if s.named[name] == nil {
		s.named[name] = &globSet{}
	}
	return s.named[name]
}

var listFunctions = calledBy(HeaderRules, []Function{
	anySender("check_from_in_blocklist", "blocklist_from"),
	anySender("check_from_in_blacklist", "blocklist_from"),
	anyReceiver("check_to_in_blocklist", "blocklist_to"),
	anyReceiver("check_to_in_blacklist", "blocklist_to"),
	anyReceiver("check_to_in_welcomelist", "welcomelist_to"),
	anyReceiver("check_to_in_whitelist", "welcomelist_to"),
	anyReceiver("check_to_in_more_spam", "more_spam_to"),
	anyReceiver("check_to_in_all_spam", "all_spam_to"),
	{Name: "check_from_in_list", Bind: bindNamedList((*Facts).allSenders)},
	{Name: "check_to_in_list", Bind: bindNamedList((*Facts).allReceivers)},
	{Name: "check_replyto_in_list", Bind: bindNamedList((*Facts).replyTo)},
	simple("check_from_in_welcomelist", func(f *Facts) bool { return f.welcomed() > 0 }),
	simple("check_from_in_whitelist", func(f *Facts) bool { return f.welcomed() > 0 }),
	simple("check_forged_in_welcomelist", func(f *Facts) bool { return f.welcomed() < 0 && f.welcomedByDefault() == 0 }),
	simple("check_forged_in_whitelist", func(f *Facts) bool { return f.welcomed() < 0 && f.welcomedByDefault() == 0 }),
	simple("check_from_in_default_welcomelist", func(f *Facts) bool { return f.welcomedByDefault() > 0 }),
	simple("check_from_in_default_whitelist", func(f *Facts) bool { return f.welcomedByDefault() > 0 }),
	simple("check_forged_in_default_welcomelist", func(f *Facts) bool { return f.welcomedByDefault() < 0 && f.welcomed() == 0 }),
	simple("check_forged_in_default_whitelist", func(f *Facts) bool { return f.welcomedByDefault() < 0 && f.welcomed() == 0 }),
	simple("check_mailfrom_matches_rcvd", senderMatchesRelay),
})

// anySender is a function that looks for any sender in a list.
func anySender(name, list string) Function {
	return Function{Name: name, Bind: func([]string, *Settings) (Check, error) {
		return func(f *Facts) int { return hits(f.anyIn(list, f.allSenders)) }, nil
	}}
}

// anyReceiver is a function that looks for any recipient in a list.
func anyReceiver(name, list string) Function {
	return Function{Name: name, Bind: func([]string, *Settings) (Check, error) {
		return func(f *Facts) int { return hits(f.anyIn(list, f.allReceivers)) }, nil
	}}
}

// bindNamedList is for functions that are told which list to look in. It may not be there: files need not fill it.
func bindNamedList(addresses func(*Facts) []string) func([]string, *Settings) (Check, error) {
	return func(args []string, _ *Settings) (Check, error) {
		if len(args) != 1 || args[0] == "" {
			return nil, errors.New("wants the name of a list, as in enlist_addrlist")
		}
		list := args[0]
		return func(f *Facts) int {
			return hits(f.anyIn(list, func() []string { return addresses(f) }))
		}, nil
	}
}

// anyIn tells whether any of the addresses is in a list.
func (f *Facts) anyIn(list string, addresses func() []string) bool {
	set := f.Settings.lists.named[list]
	if set == nil || set.empty() {
		return false
	}
	for _, address := range addresses() {
		if set.has(strings.ToLower(address)) {
			return true
		}
	}
	return false
}

// replyTo returns the first address of the Reply-To field.
func (f *Facts) replyTo() []string {
	if address := f.field("Reply-To", message.HeaderAddr); address != "" {
		return []string{address}
	}
	return nil
}

// listDirectives fill lists. Each has its name from before SpamAssassin 4, too.
var listDirectives = joined(
	fills("welcomelist_from", "whitelist_from"),
	fills("blocklist_from", "blacklist_from"),
	fills("blocklist_to", "blacklist_to"),
	fills("welcomelist_to", "whitelist_to"),
	fills("more_spam_to"),
	fills("all_spam_to"),
	fills("welcomelist_auth", "whitelist_auth"),
	fills("def_welcomelist_auth", "def_whitelist_auth"),
	fills("welcomelist_allows_relays", "whitelist_allows_relays"),
	fills("bayes_ignore_from"),
	fills("bayes_ignore_to"),
	empties("unwelcomelist_from", "unwhitelist_from", "welcomelist_from"),
	empties("unblocklist_from", "unblacklist_from", "blocklist_from"),
	empties("unwelcomelist_auth", "unwhitelist_auth", "welcomelist_auth", "def_welcomelist_auth"),
	map[string]Directive{
		"enlist_addrlist":           enlistAddresses,
		"welcomelist_from_rcvd":     welcomeByRelay(func(s *listSettings) *relayList { return &s.rcvd }),
		"whitelist_from_rcvd":       welcomeByRelay(func(s *listSettings) *relayList { return &s.rcvd }),
		"def_welcomelist_from_rcvd": welcomeByRelay(func(s *listSettings) *relayList { return &s.byDef }),
		"def_whitelist_from_rcvd":   welcomeByRelay(func(s *listSettings) *relayList { return &s.byDef }),
		"unwelcomelist_from_rcvd":   forgetByRelay,
		"unwhitelist_from_rcvd":     forgetByRelay,
	},
)

// spfListDirectives and dkimListDirectives fill lists for the results of sender authentication.
var (
	spfListDirectives = joined(
		fills("welcomelist_from_spf", "whitelist_from_spf"),
		fills("def_welcomelist_from_spf", "def_whitelist_from_spf"),
		empties("unwelcomelist_from_spf", "unwhitelist_from_spf", "welcomelist_from_spf", "def_welcomelist_from_spf"),
	)
	dkimListDirectives = map[string]Directive{
		"welcomelist_from_dkim":     welcomeSigned("welcomelist_from_dkim"),
		"whitelist_from_dkim":       welcomeSigned("welcomelist_from_dkim"),
		"def_welcomelist_from_dkim": welcomeSigned("def_welcomelist_from_dkim"),
		"def_whitelist_from_dkim":   welcomeSigned("def_welcomelist_from_dkim"),
		"unwelcomelist_from_dkim":   forgetSigned,
		"unwhitelist_from_dkim":     forgetSigned,
	}
)

// fills are directives that add addresses to the list of the first name.
func fills(names ...string) map[string]Directive {
	all := make(map[string]Directive, len(names))
	for _, name := range names {
		all[name] = func(s *Settings, value string) error { return s.lists.add(names[0], value) }
	}
	return all
}

// empties are two directives that take addresses out of lists.
func empties(name, old string, lists ...string) map[string]Directive {
	remove := func(s *Settings, value string) error {
		addresses := strings.Fields(strings.ToLower(value))
		if len(addresses) == 0 {
			return errNoAddress
		}
		for _, list := range lists {
			for _, address := range addresses {
				s.lists.list(list).remove(address)
			}
		}
		return nil
	}
	return map[string]Directive{name: remove, old: remove}
}

var errNoAddress = errors.New("wants mail addresses, such as erika@example.org or *@example.org")

func (s *listSettings) add(list, value string) error {
	addresses := strings.Fields(value)
	if len(addresses) == 0 {
		return errNoAddress
	}
	for _, address := range addresses {
		s.list(list).add(strings.ToLower(address))
	}
	return nil
}

// enlistAddresses reads "(LIST) erika@example.org *@example.com".
func enlistAddresses(s *Settings, value string) error {
	list, addresses, found := cutListName(value)
	if !found {
		return fmt.Errorf("wants the name of a list in parentheses, and mail addresses behind it")
	}
	return s.lists.add(list, addresses)
}

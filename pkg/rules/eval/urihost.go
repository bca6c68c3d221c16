package eval

import (
	"errors"
	"net/netip"
	"strings"
)

// uriHostLists are named lists of host names and domains, in lower case. A name stands for what lies below it, too; false
// excepts it, and what lies below it.
type uriHostLists map[string]map[string]bool

var uriHostFunctions = calledBy(AnyRules, []Function{
	{Name: "check_uri_host_listed", Rules: HeaderRules, Bind: func(args []string, s *Settings) (Check, error) {
		if len(args) == 0 {
			return nil, errors.New("wants the name of a list, as in enlist_uri_host")
		}
		return uriHostCheck(s, args[0])
	}},
	{Name: "check_uri_host_in_blocklist", Bind: bindURIHosts(blockedHosts)},
	{Name: "check_uri_host_in_blacklist", Bind: bindURIHosts(blockedHosts)},
	{Name: "check_uri_host_in_welcomelist", Bind: bindURIHosts(welcomeHosts)},
	{Name: "check_uri_host_in_whitelist", Bind: bindURIHosts(welcomeHosts)},
})

// The lists that have functions and directives of their own.
const (
	blockedHosts = "BLOCK"
	welcomeHosts = "WELCOME"
)

var uriHostDirectives = map[string]Directive{
	"enlist_uri_host":      enlistHosts,
	"delist_uri_host":      delistHosts,
	"blocklist_uri_host":   enlistHostsIn(blockedHosts),
	"blacklist_uri_host":   enlistHostsIn(blockedHosts),
	"welcomelist_uri_host": enlistHostsIn(welcomeHosts),
	"whitelist_uri_host":   enlistHostsIn(welcomeHosts),
}

// enlistHosts reads "(LIST) example.com !www.example.com".
func enlistHosts(s *Settings, value string) error {
	list, hosts, found := cutListName(value)
	if !found || hosts == "" {
		return errors.New("wants the name of a list in parentheses, and hosts behind it")
	}
	s.uriHosts.add(list, hosts)
	return nil
}

func enlistHostsIn(list string) Directive {
	return func(s *Settings, value string) error {
		if strings.TrimSpace(value) == "" {
			return errors.New("wants hosts")
		}
		s.uriHosts.add(list, value)
		return nil
	}
}

// delistHosts takes hosts out of a list, or, where none is named, of all lists so far.
func delistHosts(s *Settings, value string) error {
	list, hosts, named := cutListName(value)
	if hosts == "" {
		return errors.New("wants hosts, and may have the name of a list in parentheses before them")
	}
	for name, entries := range s.uriHosts {
		if named && name != list {
			continue
		}
		for host := range strings.FieldsSeq(strings.ToLower(hosts)) {
			delete(entries, strings.TrimPrefix(host, "!"))
		}
	}
	return nil
}

// cutListName cuts "(LIST)" off the front.
func cutListName(value string) (list, rest string, found bool) {
	value = strings.TrimSpace(value)
	if !strings.HasPrefix(value, "(") {
		return "", value, false
	}
	for at := 2; at+1 < len(value); at++ {
		if value[at] == ')' && isBlankRune(rune(value[at+1])) {
			return value[1:at], strings.TrimSpace(value[at+1:]), true
		}
	}
	return "", value, false
}

func (lists *uriHostLists) add(list, hosts string) {
	if *lists == nil {
		*lists = uriHostLists{}
	}
	entries := (*lists)[list]
	if entries == nil {
		entries = map[string]bool{}
		(*lists)[list] = entries
	}
	for host := range strings.FieldsSeq(strings.ToLower(hosts)) {
		name, excepted := strings.CutPrefix(host, "!")
		entries[name] = !excepted
	}
}

func bindURIHosts(list string) func([]string, *Settings) (Check, error) {
	return func(_ []string, s *Settings) (Check, error) { return uriHostCheck(s, list) }
}

func uriHostCheck(s *Settings, list string) (Check, error) {
	entries := s.uriHosts[list]
	if len(entries) == 0 {
		return func(*Facts) int { return 0 }, nil
	}
	return func(f *Facts) int {
		for _, host := range f.linkedHosts() {
			if listed(entries, host) {
				return 1
			}
		}
		return 0
	}, nil
}

// maxHostLevels is how many of a host's names are looked up, itself and what it lies below; of more, the last ones.
const maxHostLevels = 11

// listed tells whether a host is on a list: by its own entry, or else by that of the nearest domain that has one.
func listed(entries map[string]bool, host string) bool {
	if inner, found := strings.CutPrefix(host, "["); found {
		return entries[strings.TrimSuffix(inner, "]")]
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is4() {
		return entries[host]
	}
	for levels := strings.Count(host, ".") + 1; host != ""; levels-- {
		if on, found := entries[host]; found && levels <= maxHostLevels {
			return on
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

// linkedHosts is the hosts of all URIs but mail addresses, each of them once.
func (f *Facts) linkedHosts() []string {
	if f.hosts == nil {
		f.hosts = []string{}
		seen := map[string]bool{}
		for _, u := range f.uris() {
			if len(u.Raw) >= len("mailto:") && strings.EqualFold(u.Raw[:len("mailto:")], "mailto:") {
				continue
			}
			for _, host := range u.Hosts {
				if host = strings.ToLower(host); !seen[host] {
					seen[host] = true
					f.hosts = append(f.hosts, host)
				}
			}
		}
	}
	return f.hosts
}

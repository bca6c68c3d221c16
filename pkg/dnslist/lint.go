package dnslist

import (
	"fmt"
	"slices"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// checkList notes what is wrong with a list as a whole.
func (r *reader) checkList(l *List, m *mapping) {
	if !validListName.MatchString(l.Name) && !m.bad["name"] {
		r.fault(m.at("name"), "%q is no name for a list: a-z, 0-9, - and _, at most 32, a letter first", l.Name)
	}
	if l.Title == "" && !m.bad["title"] {
		r.fault(m.at("title"), "no title: write the name by which strangers know the list")
	}
	if len(l.Ask) == 0 && !m.bad["ask"] {
		r.fault(m.at("ask"), "ask: write what it is asked about: any of [%s], or of [%s]", ofAddresses, ofNames)
	}
	if l.KeyFile != "" && l.KeyEnv != "" {
		r.fault(m.at("key_env"), "key_file and key_env are two places for one key: keep one")
	}
	if (l.KeyFile != "" || l.KeyEnv != "") && !l.needsKey() {
		r.fault(m.at("zone"), "there is a key, but the zone does not say where: write %s as one of its labels", keyLabel)
	}
	r.checkKind(l, m)
	r.checkTemplate(m.at("url"), l.URL, l, "ip", "domain")
	for i := range l.Codes {
		c := &l.Codes[i]
		r.checkTemplate(c.line, c.Text, l, "ip", "list", "code", "id", "domain", "url")
		r.checkTemplate(c.line, c.URL, l, "ip", "domain")
		if j := slices.IndexFunc(l.Codes[:i], func(o Code) bool { return o.Match.covers(c.Match) && (o.Ask == 0 || c.Ask != 0 && c.Ask&^o.Ask == 0) }); j >= 0 {
			r.fault(c.line, "%s is never reached: the code on line %d (%s) comes first", c.Match, l.Codes[j].line, l.Codes[j].Match)
		}
		if slices.ContainsFunc(l.Refused, func(m Match) bool { return m.covers(c.Match) }) {
			r.fault(c.line, "%s is declared as a listing and as refused: keep one", c.Match)
		}
	}
}

// checkKind notes settings that do not fit to what the list is asked about: a list holds addresses or names, never both.
func (r *reader) checkKind(l *List, m *mapping) {
	addresses := l.ofAddresses()
	switch asks := newAsks(l.Ask...); {
	case addresses && asks&ofNames != 0:
		r.fault(m.at("ask"), "a list holds addresses (%s) or names (%s): make it two lists", asks&ofAddresses, asks&ofNames)
	case l.Phase == filter.Connect && asks != newAsks(Client):
		r.fault(m.at("phase"), "phase: connect: no more than the client is known then; use content")
	case addresses && l.Form != Domain:
		r.fault(m.at("form"), "form is of names; this list is asked about addresses")
	case addresses && l.Hash != dns.NoHash:
		r.fault(m.at("hash"), "hash is of names; this list is asked about addresses")
	case addresses && l.Addresses:
		r.fault(m.at("addresses"), "a list that is asked about %s takes nothing but addresses: leave it out", asks)
	case !addresses && l.IPv6 && !l.Addresses:
		r.fault(m.at("ipv6"), "ipv6 has no effect on a list of names without addresses: yes")
	}
	r.checkForm(l, m)
	for i := range l.Codes {
		r.checkAsks(l, &l.Codes[i])
	}
}

// checkForm notes forms of which what the list is asked about has none.
func (r *reader) checkForm(l *List, m *mapping) {
	asks := newAsks(l.Ask...)
	switch {
	case l.Form == Mailbox && asks&^ofMailboxes != 0:
		r.fault(m.at("form"), "form: mailbox: %s is no mail address; only %s are", asks&^ofMailboxes, ofMailboxes)
	case l.Form == Link && asks != newAsks(URI):
		r.fault(m.at("form"), "form: link goes with ask: [uri] and nothing else")
	case l.ofWhole() && l.Hash == dns.NoHash:
		r.fault(m.at("form"), "form: %s fits into the DNS as a hash only: write hash: sha1 or what the list wants", formNames[l.Form])
	case l.Hash != dns.NoHash && l.Addresses:
		r.fault(m.at("addresses"), "a list of hashes takes no addresses: leave it out")
	}
}

// checkAsks notes what does not go together of a code and what the list is asked about.
func (r *reader) checkAsks(l *List, c *Code) {
	asks := newAsks(l.Ask...)
	if c.Ask&^asks != 0 {
		r.fault(c.line, "ask: the list is not asked about %s", c.Ask&^asks)
	}
	if c.Ask != 0 {
		asks = c.Ask
	}
	if !l.IPv6 && c.IPv6Action != c.Action {
		r.fault(c.line, "ipv6_action has no effect on a list without ipv6: yes")
	}
	switch speaks := c.Score < 0 || c.Action == filter.Accept || c.IPv6Action == filter.Accept; {
	case l.Phase != filter.Connect && (c.Action == filter.Accept || c.IPv6Action == filter.Accept):
		r.fault(c.line, "action accept has an effect with phase: connect only, where it saves the client from other lists: leave it to the score")
	case speaks && asks&^ofProven != 0:
		r.fault(c.line, "speaks for the message, but anybody can write another's name there: ask it of %s only, not of %s", ofProven, asks&^ofProven)
	case asks == newAsks(Relays) && c.Action != filter.None:
		r.fault(c.line, "action %s has no effect: who relayed a message is what others say, and gives points only", c.Action)
	}
}

// checkCode notes what is wrong with a code by itself.
func (r *reader) checkCode(c *Code, m *mapping) {
	if !validSymbol.MatchString(c.Symbol) && !m.bad["symbol"] {
		r.fault(m.at("symbol"), "%q is no symbol: A-Z, 0-9 and _, at most 60, a letter first, such as ZEN_XBL", c.Symbol)
	}
	if c.Action == filter.Accept && c.Score > 0 || c.Action > filter.Accept && c.Score < 0 {
		r.fault(m.at("action"), "action %s with a score of %g: it cannot speak for the message and against it", c.Action, c.Score)
	}
}

// checkTemplate notes placeholders that nothing fills.
func (r *reader) checkTemplate(line int, template string, l *List, known ...string) {
	if newAsks(l.Ask...)&(ofAddresses&^ofHosts) != 0 {
		known = slices.DeleteFunc(known, func(name string) bool { return name == "domain" })
	}
	_, err := fill(template, func(name string) (string, bool) { return "", slices.Contains(known, name) })
	if err != nil {
		r.fault(line, "%s; there are: {%s}", err, strings.Join(known, "} {"))
	}
}

// duplicates returns a fault for every name and symbol that two lists have. Lists of one data set share their symbols,
// because they are two ways to the same list.
func duplicates(lists []List) []error {
	var faults []error
	type owner struct {
		list *List
		line int
	}
	names, symbols := map[string]*List{}, map[string]owner{}
	for i := range lists {
		l := &lists[i]
		if first := names[l.Name]; first != nil {
			faults = append(faults, l.fault(l.line, "there is a list of that name already, at %s: rename one", first.at()))
		} else if l.Name != "" {
			names[l.Name] = l
		}
		for _, c := range l.Codes {
			first, taken := symbols[c.Symbol]
			switch {
			case c.Symbol == "":
			case !taken:
				symbols[c.Symbol] = owner{l, c.line}
			case first.list == l || l.Dataset == "" || first.list.Dataset != l.Dataset:
				faults = append(faults, l.fault(c.line, "symbol %s is taken, at %s:%d: rename one", c.Symbol, first.list.file, first.line))
			}
		}
	}
	return faults
}

// Lint returns every fault that lists have together and that enabled lists have alone; Load has found the others.
func Lint(lists []List) []error {
	faults := duplicates(lists)
	datasets, zones := map[string]*List{}, map[string]*List{}
	for i := range lists {
		l := &lists[i]
		if !l.Enabled {
			continue
		}
		if l.Zone == "" {
			faults = append(faults, l.fault(l.line, "is enabled, but has no zone: write the one that the vendor gave you, in the file or under subscriptions in the configuration"))
			continue
		}
		if l.needsKey() && l.KeyFile == "" && l.KeyEnv == "" {
			faults = append(faults, l.fault(l.line, "is enabled, but its key is missing: write key_file or key_env, in the file or under subscriptions in the configuration"))
		}
		if first := datasets[l.Dataset]; first != nil && l.Dataset != "" {
			faults = append(faults, l.fault(l.line, "is the same data set as %s (%s): asking twice counts twice; disable one", first.Name, first.at()))
		}
		datasets[l.Dataset] = l
		// The same zone may be two lists: one of addresses and one of names, and one that is asked about the client at
		// connect, the other about what else the message holds.
		zone := fmt.Sprint(l.Zone, l.ofAddresses(), l.ofAddresses() && !l.asks(Client))
		if first := zones[zone]; first != nil && (l.Dataset == "" || l.Dataset != first.Dataset) {
			faults = append(faults, l.fault(l.line, "has the same zone as %s (%s): asking twice counts twice; disable one", first.Name, first.at()))
		}
		zones[zone] = l
	}
	return faults
}

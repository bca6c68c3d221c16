package dnslist

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// Limits on a lists file.
const (
	maxFile     = 1 << 20          // octets
	maxLists    = 200              // lists
	maxRefused  = 32               // entries of one list's refused
	maxTitle    = 60               // octets of a title: it stands in an SMTP reply
	maxURL      = 120              // octets of a URL, which stands there too
	maxTemplate = 250              // octets of a text before it is filled
	maxTerms    = 1000             // octets
	maxTimeout  = 30 * time.Second // of one list: what Postfix waits for a milter
)

// Load reads lists from YAML; file is what faults call it. It returns every fault, and is of use only without any.
func Load(file string, data []byte) ([]List, []error) {
	r := &reader{file: file}
	if len(data) > maxFile {
		r.fault(0, "larger than %d octets: is it the right file?", maxFile)
		return nil, r.faults
	}
	root := r.document(data)
	if root == nil {
		return nil, r.faults
	}
	var lists []List
	r.sequence(root, maxLists, func(n *yaml.Node) {
		l := r.list(n)
		l.file, l.line = file, n.Line
		lists = append(lists, l)
	})
	faults := append(r.faults, duplicates(lists)...)
	slices.SortStableFunc(faults, func(a, b error) int { return a.(*Fault).Line - b.(*Fault).Line })
	return lists, faults
}

// list reads one list.
func (r *reader) list(n *yaml.Node) List {
	l := List{Enabled: true, Phase: filter.Content}
	defer func() { r.name = "" }()
	r.name = nameOf(n)
	var codes *yaml.Node
	probed := false
	m := r.mapping(n, []field{
		{"name", r.text(&l.Name, maxTitle)},
		{"title", r.text(&l.Title, maxTitle)},
		{"zone", r.value(l.setZone)},
		{"key_file", r.value(l.setKeyFile)},
		{"key_env", r.text(&l.KeyEnv, maxTitle)},
		{"enabled", r.yes(&l.Enabled)},
		{"observe", r.yes(&l.Observe)},
		{"ask", r.values(len(askNames), l.addAsk)},
		{"phase", r.value(l.setPhase)},
		{"form", r.value(named(formNames, &l.Form))},
		{"hash", r.value(named(dns.HashNames(), &l.Hash))},
		{"addresses", r.yes(&l.Addresses)},
		{"ipv6", r.yes(&l.IPv6)},
		{"refused", r.values(maxRefused, l.addRefused)},
		{"probe", func(n *yaml.Node) { probed = true; r.probe(n, &l.Probe) }},
		{"url", r.text(&l.URL, maxURL)},
		{"dataset", r.text(&l.Dataset, maxTitle)},
		{"terms", r.text(&l.Terms, maxTerms)},
		{"budget", r.count(&l.Budget)},
		{"timeout", r.duration(&l.Timeout, maxTimeout)},
		{"codes", func(n *yaml.Node) { codes = n }},
	})
	if m == nil {
		return l
	}
	if !probed {
		l.Probe = l.standardProbe()
	}
	r.codes(codes, &l, m.at("codes"))
	r.checkList(&l, m)
	return l
}

// nameOf looks ahead for a list's name, so that every fault can tell it.
func nameOf(n *yaml.Node) string {
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		if n.Content[i].Value == "name" && validListName.MatchString(n.Content[i+1].Value) {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func (l *List) setZone(text string) error {
	zone := strings.ToLower(strings.TrimSuffix(text, "."))
	labels := strings.Split(zone, ".")
	if i := slices.Index(labels, keyLabel); i >= 0 {
		labels[i] = "key"
	}
	switch {
	case zone == "":
	case len(zone) > maxZone:
		return fmt.Errorf("a zone of %d octets leaves no room before it; at most %d", len(zone), maxZone)
	case !validHost(strings.Join(labels, ".")):
		return fmt.Errorf("%q is no zone: write a domain such as zen.spamhaus.org, with %s as a label where a key belongs", text, keyLabel)
	}
	l.Zone = zone
	return nil
}

func (l *List) setKeyFile(path string) error {
	if path != "" && !filepath.IsAbs(path) {
		return fmt.Errorf("%q: write the whole path", path)
	}
	l.KeyFile = path
	return nil
}

func (l *List) setPhase(text string) error {
	switch text {
	case filter.Connect.String():
		l.Phase = filter.Connect
	case filter.Content.String():
		l.Phase = filter.Content
	default:
		return fmt.Errorf("%q: write connect or content", text)
	}
	return nil
}

func (l *List) addAsk(text string) error {
	var a Ask
	if err := named(askNames, &a)(text); err != nil {
		return err
	}
	if l.asks(a) {
		return fmt.Errorf("%s stands twice", text)
	}
	l.Ask = append(l.Ask, a)
	return nil
}

func (c *Code) addAsk(text string) error {
	var a Ask
	if err := named(askNames, &a)(text); err != nil {
		return err
	}
	c.Ask |= newAsks(a)
	return nil
}

func (l *List) addRefused(text string) error {
	m, err := parseRefused(text)
	if err == nil {
		l.Refused = append(l.Refused, m)
	}
	return err
}

// standardProbe is the test entries that every list of the kind must have. Lists of hashes have none in common; but none
// may have a name that nobody can have (RFC 6761, 6.4).
func (l *List) standardProbe() Probe {
	switch {
	case l.ofAddresses():
		return addressProbe
	case l.Hash != dns.NoHash:
		return Probe{Clean: l.Hash.Of("nobody@invalid")}
	}
	return nameProbe
}

// probe reads "none", or the names of the test entries.
func (r *reader) probe(n *yaml.Node, p *Probe) {
	if n.Kind == yaml.ScalarNode && n.Value == "none" {
		return
	}
	name := func(into *string) func(*yaml.Node) {
		return r.value(func(value string) error {
			if value = strings.ToLower(value); value == "" || !validLabels(value) {
				return fmt.Errorf("%q: write what stands before the zone, such as 2.0.0.127 or test; or probe: none", value)
			}
			*into = value
			return nil
		})
	}
	r.mapping(n, []field{{"listed", name(&p.Listed)}, {"clean", name(&p.Clean)}})
	if p.Listed == p.Clean && p.Listed != "" {
		r.fault(n.Line, "listed and clean are the same entry")
	}
}

// codes reads what the return codes mean.
func (r *reader) codes(n *yaml.Node, l *List, line int) {
	if n == nil || n.Kind == yaml.ScalarNode || n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.fault(line, "codes: declare what each return code means, or write `- {value: any, symbol: ...}` to take all of 127.0.0.0/8 for listings")
		return
	}
	r.sequence(n, maxCodes, func(n *yaml.Node) { l.Codes = append(l.Codes, r.code(n)) })
}

// code reads what one return code means.
func (r *reader) code(n *yaml.Node) Code {
	c := Code{line: n.Line}
	matched, ipv6 := false, false
	match := func(parse func(string) (Match, error)) func(*yaml.Node) {
		return func(n *yaml.Node) { matched = true; r.match(&c.Match, parse)(n) }
	}
	m := r.mapping(n, []field{
		{"value", match(parseValue)},
		{"range", match(parseRange)},
		{"mask", match(parseMask)},
		{"symbol", r.text(&c.Symbol, maxTitle)},
		{"ask", r.values(len(askNames), c.addAsk)},
		{"title", r.text(&c.Title, maxTitle)},
		{"score", r.score(&c.Score)},
		{"action", r.action(&c.Action)},
		{"ipv6_action", func(n *yaml.Node) { ipv6 = true; r.action(&c.IPv6Action)(n) }},
		{"observe", r.yes(&c.Observe)},
		{"text", r.text(&c.Text, maxTemplate)},
		{"url", r.text(&c.URL, maxURL)},
	})
	if !ipv6 {
		c.IPv6Action = c.Action
	}
	if m == nil {
		return c
	}
	if !matched {
		r.fault(n.Line, "no return code: write value, range or mask")
	}
	r.checkCode(&c, m)
	return c
}

var (
	validListName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	validSymbol   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,59}$`)
)

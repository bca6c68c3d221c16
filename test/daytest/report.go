package daytest

import (
	"slices"
	"strings"

	"winnow/pkg/filter"
	"winnow/pkg/stats"
)

// A ledger adds kinds up to a report.
type ledger struct {
	report  *stats.Report
	rows    map[string]*stats.Row
	actions map[filter.Action]int64
}

// Report adds plans up to the report that the day must end with when all of them were played, as Plain has it.
func Report(plans ...*Plan) *stats.Report {
	l := ledger{
		report: &stats.Report{Span: stats.Span{From: Today, To: Today, Days: 1, Zone: "UTC"}, Balanced: true, Connections: stats.Connections{Refused: []stats.Refusal{}}, Failed: []stats.Count{}, Entries: []stats.Row{}},
		rows:   map[string]*stats.Row{"rules": {Name: "rules", Title: "content rules", Kind: "rules"}}, actions: map[filter.Action]int64{},
	}
	for _, list := range Lists {
		l.rows[list.Name] = &stats.Row{Name: list.Name, Kind: "list"}
	}
	for _, p := range plans {
		for i := range p.Kinds {
			l.add(&p.Kinds[i])
		}
	}
	r := l.report
	for _, list := range Lists {
		row := l.rows[list.Name]
		row.Misses = row.Asked - row.Hits // each is asked one question about each connection or message
		r.Sources = append(r.Sources, *row)
	}
	r.Sources = append(r.Sources, *l.rows["rules"])
	for _, a := range filter.Actions {
		r.Actions = append(r.Actions, stats.Count{Name: a.String(), Count: l.actions[a]})
	}
	for _, name := range []string{"zen", "ivmsip"} {
		if row := l.rows[name]; row.Refusals > 0 {
			r.Connections.Refused = append(r.Connections.Refused, stats.Refusal{List: name, Count: row.Refusals, Alone: row.RefusalsAlone})
		}
	}
	return r
}

// Plain leaves out of a report what depends on the clock and the cache, and the words that are for people.
func Plain(r *stats.Report) *stats.Report {
	p := *r
	p.Entries, p.Budgets = []stats.Row{}, nil
	p.Sources = slices.Clone(r.Sources)
	for i := range p.Sources {
		row := &p.Sources[i]
		row.Cached, row.Latency = 0, stats.Latency{}
		row.DoubtfulShare, row.DoubtfulLow, row.DoubtfulHigh = 0, 0, 0 // which follow from the two figures before them
		if row.Kind == "list" {
			row.Title = ""
		}
	}
	p.Connections.Refused = slices.Clone(r.Connections.Refused)
	for i := range p.Connections.Refused {
		p.Connections.Refused[i].Title = ""
	}
	return &p
}

func (l *ledger) add(k *Kind) {
	connections, messages := int64(k.Connections), int64(k.Connections*k.Messages)
	l.report.Connections.Total += connections
	ipv6 := k.client.Addr().Is6()
	for _, list := range Lists {
		switch {
		case list.connect && (list.ipv6 || !ipv6):
			l.rows[list.Name].Asked += connections
		case !list.connect && k.class == "scanned" && (list.links || list.ipv6 || !ipv6):
			l.rows[list.Name].Asked += messages
		}
	}
	for _, list := range k.hits {
		row := l.rows[list]
		row.DoubtfulOf += messages
		if list == "zen" || list == "ivmsip" {
			row.Hits += connections
		} else {
			row.Hits += messages
		}
	}
	if k.refused == "" {
		l.report.Connections.Accepted += connections
		l.messages(k, messages)
		return
	}
	row := l.rows[k.refused]
	row.Refusals += connections
	if k.alone {
		row.RefusalsAlone += connections
	}
	if k.favoured {
		row.Doubtful += messages
	}
}

func (l *ledger) messages(k *Kind, n int64) {
	if n == 0 {
		return
	}
	m := &l.report.Messages
	m.Total += n
	*map[string]*int64{
		"whitelisted": &m.Whitelisted, "blacklisted": &m.Blacklisted, "too large": &m.TooLarge,
		"not enabled": &m.NotEnabled, "scanned": &m.Scanned,
	}[k.class] += n
	if k.class == "scanned" {
		l.rows["rules"].Asked += n
	}
	switch {
	case k.class == "blacklisted":
		l.actions[filter.Reject] += n
	case len(k.caughtBy) == 0:
		l.actions[filter.Accept] += n
		m.Delivered += n
	default:
		l.caught(k, n)
	}
}

func (l *ledger) caught(k *Kind, n int64) {
	l.report.Messages.Caught += n
	if k.rejected {
		l.actions[filter.Reject] += n
	} else {
		l.actions[filter.Tag] += n
	}
	if len(k.caughtBy) == 1 {
		l.rows[k.caughtBy[0]].Unique += n
	}
	if slices.Contains(k.caughtBy, "rules") {
		l.rows["rules"].Hits += n
		l.rows["rules"].DoubtfulOf += n
	}
	for _, source := range k.decisive {
		l.rows[source].Decisive += n
	}
}

// Sets adds plans up to the sets of sources that the day must end with: how many caught messages just these sources hit, and how
// many refused connections just these lists wanted refused. PlainSets has those of an account.
func Sets(plans ...*Plan) (caught, refused map[string]int64) {
	caught, refused = map[string]int64{}, map[string]int64{}
	for _, p := range plans {
		for i := range p.Kinds {
			k := &p.Kinds[i]
			switch {
			case k.refused != "":
				refused[setName(k.hits)] += int64(k.Connections)
			case len(k.caughtBy) > 0:
				caught[setName(k.caughtBy)] += int64(k.Connections * k.Messages)
			}
		}
	}
	return caught, refused
}

// PlainSets is how often each set of sources hit.
func PlainSets(s *stats.Sets) map[string]int64 {
	sets := map[string]int64{}
	for _, set := range s.Sets {
		sets[setName(set.Sources)] = set.Count
	}
	return sets
}

func setName(sources []string) string {
	return strings.Join(slices.Sorted(slices.Values(sources)), ",")
}

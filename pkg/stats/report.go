package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
)

// A Report is the account of one day, or of several together. A figure that was not counted is 0.
type Report struct {
	Span
	Connections Connections `json:"connections"`
	Messages    Messages    `json:"messages"`
	Balanced    bool        `json:"balanced"`          // the equations of both hold; must always be
	Actions     []Count     `json:"actions"`           // what became of the messages
	Errors      int64       `json:"errors"`            // connections and messages decided while an answer was missing
	Failed      []Count     `json:"failed_stages"`     // stages that failed as a whole, and how often
	Uncounted   int64       `json:"uncounted"`         // figures that found no room; should be 0
	Unrecorded  int64       `json:"unrecorded"`        // records that the trail could not write; should be 0
	Uncopied    int64       `json:"uncopied"`          // messages of which a copy was to be kept, and could not; should be 0
	Unfinished  int64       `json:"unfinished"`        // times that a winnow was killed, and what it counted since its last flush was lost
	Sources     []Row       `json:"sources"`           // the lists, then the content rules
	Entries     []Row       `json:"entries"`           // what gives recipients a standing
	Budgets     []Budget    `json:"budgets,omitempty"` // of a single day, of lists whose terms allow so many questions
}

// Connections is the first half of the funnel: Total = sum of Refused + RefusedByError + Accepted.
type Connections struct {
	Total          int64     `json:"total"`
	Refused        []Refusal `json:"refused"` // each counted for the first list that wanted it
	RefusedByError int64     `json:"refused_by_error"`
	Accepted       int64     `json:"accepted"`
	Own            int64     `json:"own"` // from own networks; not in Total
}

// A Refusal is how many connections a list refused.
type Refusal struct {
	List  string `json:"list"`
	Title string `json:"title"`
	Count int64  `json:"count"`
	Alone int64  `json:"alone"` // of those, which no other list would have refused
}

// Messages is the second half: Total = Whitelisted + Blacklisted + TooLarge + NotEnabled + Scanned, and
// Delivered = Total - Blacklisted - Caught.
type Messages struct {
	Total       int64 `json:"total"`
	Whitelisted int64 `json:"whitelisted"`
	Blacklisted int64 `json:"blacklisted"`
	TooLarge    int64 `json:"too_large"`
	NotEnabled  int64 `json:"not_enabled"`
	Scanned     int64 `json:"scanned"`
	Caught      int64 `json:"caught"`
	Delivered   int64 `json:"delivered"`
	Relayed     int64 `json:"relayed"`  // of Total, what a relay handed on
	Outbound    int64 `json:"outbound"` // not in Total
	NotSpam     int64 `json:"not_spam"` // that somebody reported as not spam, be it of Total or refused at RCPT
}

// A Count is how often something happened.
type Count struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// A Row is the figures of one source. What each means is said with the figures in counters.go.
type Row struct {
	Name           string  `json:"name"`
	Title          string  `json:"title"`
	Kind           string  `json:"kind"` // list, rules or entry
	Asked          int64   `json:"asked"`
	Cached         int64   `json:"cached"`
	Hits           int64   `json:"hits"`
	Misses         int64   `json:"misses"`
	Favours        int64   `json:"favours"`
	Unique         int64   `json:"unique"`
	Decisive       int64   `json:"decisive"`
	Doubtful       int64   `json:"doubtful"`
	DoubtfulOf     int64   `json:"doubtful_of"`    // hits of which Doubtful are a part
	DoubtfulShare  float64 `json:"doubtful_share"` // what part, in percent
	DoubtfulLow    float64 `json:"doubtful_low"`   // between which it lies 95 times in 100: see interval
	DoubtfulHigh   float64 `json:"doubtful_high"`
	Observed       int64   `json:"observed"`
	ObservedUnique int64   `json:"observed_unique"`
	Refusals       int64   `json:"refusals"`
	RefusalsAlone  int64   `json:"refusals_alone"`
	Errors         int64   `json:"errors"`
	Refused        int64   `json:"refused"`
	Bogus          int64   `json:"bogus"`
	Unknown        int64   `json:"unknown"`
	Latency        Latency `json:"latency"`
}

// Latency is how long a source took for answers that a cache did not have.
type Latency struct {
	Answers int64   `json:"answers"`
	MeanMS  float64 `json:"mean_ms"`
	P50MS   float64 `json:"p50_ms"` // half took no longer; a step as P95MS
	P95MS   float64 `json:"p95_ms"` // 95 of 100 took no longer; one of a few steps, of which the last means "or longer"
}

// A List is a list as the report shows it.
type List struct {
	Name   string // what it is counted under
	Title  string // what a reader knows it as; Name where empty
	Budget int64  // questions a day that its terms allow; 0 where they do not say

	Meanings []Meaning // of its return codes
}

// A Query says what to report on.
type Query struct {
	Days   []string  // see Days
	PerDay bool      // one report for each day, instead of one for all
	Lists  []List    // in this order; lists that were counted but are not among them follow by name
	Now    time.Time // in that time zone: what of today is over; a day is over where zero
	Zone   string    // the time zone that the days were counted in, to be shown
	Rules  []string  // those that can add points: a report on rules tells which of them never hit
}

func (q *Query) zone() string { return cmp.Or(q.Zone, "UTC") }

// span is all of its days.
func (q *Query) span() Span { return Span{q.Days[0], q.Days[len(q.Days)-1], len(q.Days), q.zone()} }

// A counted is what one report is made of: the counters of one day, or of several added up.
type counted struct {
	Span
	counters map[string]int64
}

// readSpans reads what reports are on.
func readSpans(ctx context.Context, s Store, q Query) ([]counted, error) {
	if len(q.Days) == 0 {
		return nil, fmt.Errorf("account: no day to report on")
	}
	byDay, err := s.Counters(ctx, q.Days)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	if !q.PerDay {
		sum := map[string]int64{}
		for _, day := range q.Days {
			for name, n := range byDay[day] {
				sum[name] += n
			}
		}
		return []counted{{q.span(), sum}}, nil
	}
	var spans []counted
	for _, day := range q.Days {
		spans = append(spans, counted{Span{day, day, 1, q.zone()}, byDay[day]})
	}
	return spans, nil
}

// Read reads the account back.
func Read(ctx context.Context, s Store, q Query) ([]*Report, error) {
	spans, err := readSpans(ctx, s, q)
	if err != nil {
		return nil, err
	}
	var reports []*Report
	for _, span := range spans {
		reports = append(reports, newReport(q, span))
	}
	return reports, nil
}

func newReport(q Query, of counted) *Report {
	counters := of.counters
	r := &Report{Span: of.Span, Actions: []Count{}, Failed: []Count{}}
	total := func(t total) int64 { return counters[totalNames[t]] }
	r.Messages = Messages{
		Total: total(messages), Whitelisted: total(whitelisted), Blacklisted: total(blacklisted), TooLarge: total(tooLarge),
		NotEnabled: total(notEnabled), Scanned: total(scanned), Caught: total(caught), Delivered: total(delivered), Relayed: total(relayed), Outbound: total(outbound),
		NotSpam: total(notSpam),
	}
	r.Errors, r.Uncounted, r.Unfinished = total(incomplete), total(uncounted), total(unfinished)
	r.Unrecorded, r.Uncopied = total(unrecorded), total(uncopied)
	for _, action := range filter.Actions {
		r.Actions = append(r.Actions, Count{action.String(), counters[actionPrefix+action.String()]})
	}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		if stage, ok := strings.CutPrefix(name, failedPrefix); ok {
			r.Failed = append(r.Failed, Count{stage, counters[name]})
		}
	}
	r.Sources, r.Entries = rows(q.Lists, counters)
	if of.Days == 1 {
		r.Budgets = budgets(q.Lists, counters, of.From, q.Now)
	}
	r.Connections = Connections{
		Total: total(connections), Refused: refusalsOf(slices.Concat(r.Sources, r.Entries)), RefusedByError: total(refusedByNone),
		Accepted: total(accepted), Own: total(own),
	}
	r.Balanced = len(r.imbalances()) == 0
	return r
}

// An Equation is one of those of the funnel, which always hold.
type Equation struct {
	Words        string // connections = refused + accepted
	Whole, Parts int64
}

// Holds tells whether it does.
func (e Equation) Holds() bool { return e.Whole == e.Parts }

func (e Equation) String() string {
	return e.Words + ": " + number(float64(e.Whole)) + " against " + number(float64(e.Parts))
}

// Equations are those of the funnel, with the report's figures in them. Where all hold it is Balanced.
func (r *Report) Equations() []Equation {
	c, m := &r.Connections, &r.Messages
	refused := c.RefusedByError
	for _, refusal := range c.Refused {
		refused += refusal.Count
	}
	return []Equation{
		{"connections = refused + accepted", c.Total, refused + c.Accepted},
		{"messages = whitelisted + blacklisted + too large + not enabled + scanned", m.Total, m.Whitelisted + m.Blacklisted + m.TooLarge + m.NotEnabled + m.Scanned},
		{"messages = blacklisted + caught + delivered", m.Total, m.Blacklisted + m.Caught + m.Delivered},
	}
}

// imbalances are the equations that do not hold.
func (r *Report) imbalances() []Equation {
	return slices.DeleteFunc(r.Equations(), Equation.Holds)
}

// rows returns the lists and the content rules, and the entries.
func rows(lists []List, counters map[string]int64) (sources, entries []Row) {
	figures := map[source]*row{}
	for name, n := range counters {
		if s, f, ok := parseCounter(name); ok {
			if figures[s] == nil {
				figures[s] = new(row)
			}
			figures[s][f] = n
		}
	}
	take := func(s source, title string) Row {
		r := figures[s]
		delete(figures, s)
		if r == nil {
			r = new(row)
		}
		return newRow(s, title, r)
	}
	for _, l := range lists {
		sources = append(sources, take(source{filter.List, l.Name}, l.title()))
	}
	rules := take(source{filter.Rules, RulesName}, "content rules")
	entries = []Row{}
	rest := slices.SortedFunc(maps.Keys(figures), func(a, b source) int { return strings.Compare(a.name, b.name) })
	for _, s := range rest {
		if s.kind == filter.Entry {
			entries = append(entries, take(s, s.name))
		} else {
			sources = append(sources, take(s, s.name))
		}
	}
	return append(sources, rules), entries
}

func newRow(s source, title string, r *row) Row {
	low, high := interval(r[doubtful], r[weighed])
	return Row{
		Name: s.name, Title: title, Kind: kindNames[s.kind],
		Asked: r[asked], Cached: r[cached], Hits: r[hits], Misses: r[misses], Favours: r[favours],
		Unique: r[unique], Decisive: r[decisive], Doubtful: r[doubtful],
		DoubtfulOf: r[weighed], DoubtfulShare: share(r[doubtful], r[weighed]), DoubtfulLow: low, DoubtfulHigh: high,
		Observed: r[observed], ObservedUnique: r[observedUnique],
		Refusals: r[refusals], RefusalsAlone: r[refusalsAlone],
		Errors: r[errored], Refused: r[refused], Bogus: r[bogus], Unknown: r[unknown],
		Latency: latency(r),
	}
}

// latency reads mean and percentiles out of the buckets.
func latency(r *row) Latency {
	l := Latency{Answers: r[timed]}
	if l.Answers <= 0 {
		return l
	}
	l.MeanMS = float64(r[tookMicros]/l.Answers) / 1000
	l.P50MS, l.P95MS = r.within(50), r.within(95)
	return l
}

// within returns the step, in milliseconds, within which so many of a hundred answers were there.
func (r *row) within(percent int64) (ms float64) {
	var sum int64
	for i, bound := range bounds {
		ms = float64(bound / time.Millisecond)
		if sum += r[firstBucket+figure(i)]; 100*sum >= percent*r[timed] {
			break
		}
	}
	return ms
}

func refusalsOf(rows []Row) []Refusal {
	all := []Refusal{}
	for _, r := range rows {
		if r.Refusals > 0 {
			all = append(all, Refusal{r.Name, r.Title, r.Refusals, r.RefusalsAlone})
		}
	}
	return all
}

package page

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/stats"
)

const (
	rulesOnPage  = 100
	maxFilter    = 60  // characters of a name that is looked for
	maxDangerous = 50  // rules that are named as dangerous
	maxDead      = 500 // rules that are named as dead; the API names all
)

// A ruleOrder is a column by which rules can be sorted.
type ruleOrder struct {
	Name, Title string
	compare     func(a, b *stats.RuleRow) int
}

// ruleOrders are the columns that rules can be sorted by, all but the names from the most to the least.
var ruleOrders = []ruleOrder{
	{"hits", "Hits", func(a, b *stats.RuleRow) int { return cmp.Compare(b.Hits, a.Hits) }},
	{"caught", "On caught", func(a, b *stats.RuleRow) int { return cmp.Compare(b.Caught, a.Caught) }},
	{"delivered", "On delivered", func(a, b *stats.RuleRow) int { return cmp.Compare(b.Delivered, a.Delivered) }},
	{"share", "Delivered share", func(a, b *stats.RuleRow) int { return cmp.Compare(deliveredShare(b), deliveredShare(a)) }},
	{"mean_share", "Mean share", func(a, b *stats.RuleRow) int { return cmp.Compare(b.MeanShare, a.MeanShare) }},
	{"observed", "Observed", func(a, b *stats.RuleRow) int { return cmp.Compare(b.Observed, a.Observed) }},
	{"last", "Last hit", func(a, b *stats.RuleRow) int { return strings.Compare(b.LastHit, a.LastHit) }},
	{byName, "Rule", func(a, b *stats.RuleRow) int { return strings.Compare(a.Name, b.Name) }},
}

// byName is the one order that begins with the least.
const byName = "name"

func deliveredShare(r *stats.RuleRow) float64 {
	if r.Hits == 0 {
		return -1
	}
	return float64(r.Delivered) / float64(r.Hits)
}

type rulesBody struct {
	Rows         []ruleRow
	Found, Total int
	Filter, Sort string
	Name         choice   // the head of the names
	Heads        []choice // of the figures, in the order of ruleOrders
	Page, Pages  int
	Before, Next string // links
	Query        [][2]string
	Most         int64
	Standing     *ruleStanding
}

type ruleRow struct {
	stats.RuleRow
	Link string
}

func ruleLink(name string) string { return "/rules/" + url.PathEscape(name) }

// A ruleStanding is which rules are worth a look.
type ruleStanding struct {
	Dangerous     []ruleRow
	MoreDangerous int // that are not named
	Dead          []choice
	MoreDead      int
	Linked        bool // names lead to the pages of rules
}

// newRuleStanding picks them; nil where there are none.
func newRuleStanding(r *stats.RuleReport, linked bool) *ruleStanding {
	s := &ruleStanding{Linked: linked}
	for _, row := range r.Rules {
		switch {
		case !row.Dangerous:
		case len(s.Dangerous) == maxDangerous:
			s.MoreDangerous++
		default:
			s.Dangerous = append(s.Dangerous, ruleRow{row, ruleLink(row.Name)})
		}
	}
	s.MoreDead = max(0, len(r.Silent)-maxDead)
	for _, name := range r.Silent[:len(r.Silent)-s.MoreDead] {
		s.Dead = append(s.Dead, choice{Name: name, URL: ruleLink(name)})
	}
	if len(s.Dangerous) == 0 && len(s.Dead) == 0 {
		return nil
	}
	return s
}

// DeadCount is how many rules are dead, named or not.
func (s *ruleStanding) DeadCount() int { return len(s.Dead) + s.MoreDead }

func (p *Pages) rules(r *http.Request) (shown, error) {
	s := shown{template: "rules", frame: frame{Title: "Content rules", Here: "rules"}}
	q, days, err := p.dated(r, &s, 1, "sort", "q", "page")
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	s.frame.API = "/api/v1/rules/report?" + c.Query()
	s.frame.Lead = c.Words() + ". Each rule that ever hit: on how many messages, and how many of those were caught."
	reports, err := p.source.RuleReport(r.Context(), days)
	if err != nil {
		return s, err
	}
	b := newRules(reports[0].Rules, q, c.Query())
	b.Standing = newRuleStanding(reports[0], true)
	b.Query = [][2]string{{"from", c.From}, {"to", c.To}, {"sort", b.Sort}}
	s.body = b
	return s, nil
}

// newRules sorts rules, and shows of those that are looked for one page.
func newRules(all []stats.RuleRow, q url.Values, days string) *rulesBody {
	b := &rulesBody{Total: len(all), Filter: harmless(q.Get("q"), maxFilter), Sort: q.Get("sort")}
	order := max(0, slices.IndexFunc(ruleOrders, func(o ruleOrder) bool { return o.Name == b.Sort })) // by hits where nothing is said
	b.Sort = ruleOrders[order].Name
	var found []stats.RuleRow
	for _, row := range all {
		b.Most = max(b.Most, row.Hits)
		if strings.Contains(strings.ToUpper(row.Name), strings.ToUpper(strings.TrimSpace(b.Filter))) {
			found = append(found, row)
		}
	}
	slices.SortStableFunc(found, func(x, y stats.RuleRow) int { return ruleOrders[order].compare(&x, &y) })
	b.Found, b.Pages = len(found), max(1, (len(found)+rulesOnPage-1)/rulesOnPage)
	b.Page = 1
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		b.Page = min(max(n, 1), b.Pages)
	}
	first := (b.Page - 1) * rulesOnPage
	for _, row := range found[first:min(first+rulesOnPage, len(found))] {
		b.Rows = append(b.Rows, ruleRow{row, ruleLink(row.Name)})
	}
	link := func(sort string, page int) string {
		return fmt.Sprintf("/rules?%s&%s", days, url.Values{"sort": {sort}, "q": {b.Filter}, "page": {strconv.Itoa(page)}}.Encode())
	}
	for _, o := range ruleOrders {
		head := choice{o.Title, link(o.Name, 1), o.Name == b.Sort}
		if o.Name == byName {
			b.Name = head
		} else {
			b.Heads = append(b.Heads, head)
		}
	}
	if b.Page > 1 {
		b.Before = link(b.Sort, b.Page-1)
	}
	if b.Page < b.Pages {
		b.Next = link(b.Sort, b.Page+1)
	}
	return b
}

type ruleBody struct {
	Name  string
	Rule  *Rule
	Sum   stats.RuleRow
	Dead  bool
	Days  []ruleDay
	Chart *chart
}

type ruleDay struct {
	Day string
	stats.RuleRow
}

func (p *Pages) rule(r *http.Request) (shown, error) {
	name := r.PathValue("name")
	s := shown{template: "rule", frame: frame{Title: harmless(name, maxCell), Here: "rules"}}
	_, days, err := p.dated(r, &s, listDays)
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	s.frame.Lead, s.frame.API = c.Words(), "/api/v1/rules/report?per_day=true&"+c.Query()
	b := &ruleBody{Name: name, Rule: p.source.Rule(name)}
	together, err := p.source.RuleReport(r.Context(), days)
	if err != nil {
		return s, err
	}
	daily, err := p.source.RuleDays(r.Context(), days)
	if err != nil {
		return s, err
	}
	known := b.fill(together[0], daily)
	if !known && b.Rule == nil {
		return s, &problem{http.StatusNotFound, "There is no such rule", "No rule in force has this name, and none was counted under it. The page Rules has all that ever hit."}
	}
	s.body = b
	return s, nil
}

// fill puts the rule's figures in, and tells whether there are any.
func (b *ruleBody) fill(together *stats.RuleReport, daily []*stats.RuleReport) (known bool) {
	find := func(r *stats.RuleReport) (stats.RuleRow, bool) {
		for i := range r.Rules {
			if r.Rules[i].Name == b.Name {
				return r.Rules[i], true
			}
		}
		return stats.RuleRow{Name: b.Name}, false
	}
	b.Sum, known = find(together)
	b.Dead = slices.Contains(together.Silent, b.Name)
	var points []point
	for _, day := range daily {
		row, _ := find(day)
		b.Days = append(b.Days, ruleDay{day.From, row})
		points = append(points, point{day.From, []int64{row.Caught, row.Delivered, row.Observed}})
	}
	b.Chart = newChart("hits", "Messages it hit", "messages", []legend{{"caught", "c3"}, {"delivered", "c1"}, {"observed only", "c2"}}, points)
	return known
}

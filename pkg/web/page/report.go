package page

import (
	"context"
	"io"

	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// maxReportRules is how many content rules a report names: those that hit most.
const maxReportRules = 50

type reportBody struct {
	Day     *dayBody
	Lists   *listsBody
	Overlap *overlapBody
	Rules   []stats.RuleRow
	More    int // rules that are not named

	Standing *ruleStanding
}

// WriteReport writes the account of days, added up, as one file of HTML that needs nothing else: no script, no picture, no
// style from elsewhere. Its policy allows none, so that a reader of mail may show it.
func WriteReport(ctx context.Context, w io.Writer, source Source, days web.Days) error {
	days.PerDay = false
	reports, err := source.Report(ctx, days)
	if err != nil {
		return err
	}
	sets, err := source.Sets(ctx, days)
	if err != nil {
		return err
	}
	rules, err := source.RuleReport(ctx, days)
	if err != nil {
		return err
	}
	r := reports[0]
	body := &reportBody{Day: newDay(r, nil, ""), Lists: newLists(r, nil, false), Overlap: newOverlap(sets[0]), Standing: newRuleStanding(rules[0], false)}
	for i := range body.Day.Steps {
		body.Day.Steps[i].Link = ""
	}
	for _, rule := range rules[0].Rules {
		if rule.Hits == 0 || len(body.Rules) == maxReportRules {
			body.More++
			continue
		}
		body.Rules = append(body.Rules, rule)
	}
	text, err := parseTemplates().page(shown{template: "report", body: body, frame: frame{
		Title: dayWords(r.From, r.To), Lead: "What became of connections and messages, and what lists and rules had to do with it. Days in " + r.Zone + ".",
		Version: source.Version(),
	}})
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

package page

import (
	"net/http"

	"winnow/pkg/stats"
)

// A dayBody is the account of a day, or of several together.
type dayBody struct {
	Report   *stats.Report
	Flow     *flow
	Steps    []step
	Warnings []warning
	Actions  []stats.Count
	Beside   []aside
	Ranking  []listRow // the first lists by unique hits
	Most     int64     // unique hits of the first
	Query    string    // the days, for links
	Today    bool      // is among them
}

// Empty tells that nothing was counted.
func (b *dayBody) Empty() bool {
	return b.Report.Connections.Total == 0 && b.Report.Messages.Total == 0
}

// A step is one line of the funnel.
type step struct {
	Name, Link string
	N, Of      int64
	Class      string // of its bar
	Depth      int
}

// A warning is what somebody should look at, and what to do about all of it.
type warning struct {
	What   []string
	Remedy string
}

// An aside is a figure beside the funnel.
type aside struct {
	Name string
	N    int64
}

func (p *Pages) day(r *http.Request) (shown, error) {
	s := shown{template: "day", frame: frame{Title: "The day", Here: "day"}}
	_, days, err := p.dated(r, &s, 1)
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	s.frame.Title, s.frame.API = c.Words(), "/api/v1/report?"+c.Query()
	reports, err := p.source.Report(r.Context(), days)
	if err != nil {
		return s, err
	}
	s.frame.Lead = "Days in " + reports[0].Zone
	b := newDay(reports[0], p.source.Health(), c.Query())
	b.Today = c.To == c.Today
	s.body = b
	return s, nil
}

func newDay(r *stats.Report, health []Health, query string) *dayBody {
	b := &dayBody{Report: r, Flow: newFlow(r), Query: query}
	b.Steps = funnelSteps(r, query)
	b.Warnings = warnings(r, health)
	for _, a := range r.Actions {
		if a.Count > 0 {
			b.Actions = append(b.Actions, a)
		}
	}
	for _, a := range []aside{
		{"messages that relays handed on", r.Messages.Relayed}, {"outbound messages (not in the funnel)", r.Messages.Outbound},
		{"messages that were reported as not spam", r.Messages.NotSpam},
		{"connections from own networks (not in the funnel)", r.Connections.Own},
		{"connections and messages decided while an answer was missing", r.Errors},
	} {
		if a.N > 0 {
			b.Beside = append(b.Beside, a)
		}
	}
	b.Ranking = rank(r, health)
	b.Ranking = b.Ranking[:min(len(b.Ranking), 8)]
	if len(b.Ranking) > 0 {
		b.Most = b.Ranking[0].Unique
	}
	return b
}

// funnelSteps is the funnel line by line, as the command line prints it.
func funnelSteps(r *stats.Report, query string) []step {
	c, m := &r.Connections, &r.Messages
	steps := []step{{Name: "connections", N: c.Total, Of: c.Total, Class: "whole"}}
	for _, refusal := range c.Refused {
		steps = append(steps, step{Name: "refused by " + refusal.Title, Link: listLink(refusal.List, query), N: refusal.Count, Of: c.Total, Class: "stop", Depth: 1})
	}
	if c.RefusedByError > 0 {
		steps = append(steps, step{Name: "refused by an error", N: c.RefusedByError, Of: c.Total, Class: "stop", Depth: 1})
	}
	return append(steps,
		step{Name: "accepted", N: c.Accepted, Of: c.Total, Class: "pass", Depth: 1},
		step{Name: "messages", N: m.Total, Of: m.Total, Class: "whole"},
		step{Name: "whitelisted", N: m.Whitelisted, Of: m.Total, Class: "pass", Depth: 1},
		step{Name: "blacklisted", N: m.Blacklisted, Of: m.Total, Class: "stop", Depth: 1},
		step{Name: "too large", N: m.TooLarge, Of: m.Total, Class: "pass", Depth: 1},
		step{Name: "not enabled", N: m.NotEnabled, Of: m.Total, Class: "pass", Depth: 1},
		step{Name: "scanned", N: m.Scanned, Of: m.Total, Class: "look", Depth: 1},
		step{Name: "caught", N: m.Caught, Of: m.Total, Class: "stop"},
		step{Name: "delivered", N: m.Delivered, Of: m.Total, Class: "pass"},
	)
}

// warnings is what somebody should look at, worst first.
func warnings(r *stats.Report, health []Health) (all []warning) {
	warn := func(what, remedy string) {
		if last := len(all) - 1; last >= 0 && all[last].Remedy == remedy {
			all[last].What = append(all[last].What, what)
			return
		}
		all = append(all, warning{[]string{what}, remedy})
	}
	for _, e := range r.Equations() {
		if !e.Holds() {
			warn("The funnel does not balance: "+e.String(), "This is a fault of winnow: please report it.")
		}
	}
	for _, h := range health {
		switch h.State {
		case "refused", "broken", "down":
			warn(h.Title+" is "+h.State, h.Why)
		}
	}
	for _, b := range r.Budgets {
		if b.Warn {
			warn("The budget of "+b.Title+": "+b.String(), "A list that is asked more than its terms allow begins to refuse: subscribe, or disable it.")
		}
	}
	for _, f := range r.Failed {
		warn("Stage "+f.Name+" failed as a whole, "+plural(f.Count, "time", "times"), "The log has the reason.")
	}
	if r.Uncounted > 0 {
		warn(plural(r.Uncounted, "figure", "figures")+" found no room, the account is short of them", "Something names lists or senders by the thousand.")
	}
	if r.Unrecorded > 0 {
		warn("The trail could not record "+plural(r.Unrecorded, "decision", "decisions"), "Look at the disk with state_dir. Mail is not concerned.")
	}
	if r.Uncopied > 0 {
		warn(plural(r.Uncopied, "copy of a message", "copies of messages")+" could not be kept", "Look at the disk with state_dir, or keep fewer: trail.keep_samples. Mail is not concerned.")
	}
	if r.Unfinished > 0 {
		warn("winnow was killed "+plural(r.Unfinished, "time", "times")+", and lost what it had counted since its last flush", "The log, or the kernel's, tells what killed it; stats.flush_every is how much is lost.")
	}
	return all
}

package page

import (
	"cmp"
	"fmt"
	"slices"

	"winnow/pkg/stats"
)

// A flow is the funnel as a picture: connections, what refused them, and, magnified, what became of the messages that came
// over those that were accepted. The halves have each a scale of its own: a connection may bring several messages or none.
type flow struct {
	Nodes   []flowNode
	Ribbons []flowRibbon
	Labels  []flowLabel
	Heads   []flowLabel
	Words   string // the same as a sentence, for who does not see it
}

type flowNode struct{ X, Y, H, Class string }

type flowRibbon struct{ Path, Class, Tip string }

type flowLabel struct{ X, Y, Y2, Name, Figure, Class string }

// Where things stand, in units of the picture (see flow.html).
const (
	flowTop     = 34.0
	flowHeight  = 330.0
	flowNodeW   = 10.0
	flowGap     = 12.0
	flowLeast   = 2.5  // how high what is more than nothing is at least
	flowLine    = 40.0 // what two lines of a label take
	xClients    = 0.0
	xRefused    = 170.0
	xMagnify    = 372.0
	xMessages   = 440.0
	xClasses    = 610.0
	xOutcome    = 800.0
	maxRefusers = 5 // lists with a band of their own; others share one
)

// A flowPart is one band of a column.
type flowPart struct {
	name  string
	n     int64
	class string
	y, h  float64
}

func newFlow(r *stats.Report) *flow {
	f := &flow{}
	refused := f.connections(r)
	f.messages(r)
	f.Words = flowWords(r, refused)
	return f
}

// refusers are the bands of refused connections, largest first.
func refusers(r *stats.Report) []flowPart {
	all := slices.Clone(r.Connections.Refused)
	slices.SortStableFunc(all, func(a, b stats.Refusal) int { return cmp.Compare(b.Count, a.Count) })
	var parts []flowPart
	rest, lists := int64(0), 0
	for i, refusal := range all {
		if i < maxRefusers || len(all) == maxRefusers+1 {
			parts = append(parts, flowPart{name: "refused by " + harmless(refusal.Title, 24), n: refusal.Count, class: "stop"})
		} else {
			rest, lists = rest+refusal.Count, lists+1
		}
	}
	if lists > 0 {
		parts = append(parts, flowPart{name: fmt.Sprintf("by %d more lists", lists), n: rest, class: "stop"})
	}
	if n := r.Connections.RefusedByError; n > 0 {
		parts = append(parts, flowPart{name: "refused by an error", n: n, class: "stop"})
	}
	return parts
}

func (f *flow) connections(r *stats.Report) (refused []flowPart) {
	c := &r.Connections
	f.head(xClients, stats.Number(c.Total), "connections")
	refused = refusers(r)
	parts := append([]flowPart{{name: "accepted", n: c.Accepted, class: "pass"}}, refused...)
	if c.Total == 0 {
		return refused
	}
	parts = place(parts, c.Total)
	f.source(xClients, xRefused, parts, c.Total)
	f.label(xRefused, parts, c.Total)
	if accepted := parts[0]; accepted.name == "accepted" && r.Messages.Total > 0 { // magnified
		f.ribbon(xRefused+flowNodeW, accepted.y, accepted.h, xMagnify, accepted.y, accepted.h, "pass lens", "")
		f.ribbon(xMagnify, accepted.y, accepted.h, xMessages, flowTop, flowHeight, "pass lens", "")
	}
	return refused
}

func (f *flow) messages(r *stats.Report) {
	m := &r.Messages
	f.head(xMessages, stats.Number(m.Total), "messages")
	if m.Total == 0 {
		return
	}
	classes := place([]flowPart{
		{name: "whitelisted", n: m.Whitelisted, class: "pass"}, {name: "not enabled", n: m.NotEnabled, class: "pass"},
		{name: "too large", n: m.TooLarge, class: "pass"}, {name: "scanned", n: m.Scanned, class: "look"},
		{name: "blacklisted", n: m.Blacklisted, class: "stop"},
	}, m.Total)
	outcome := place([]flowPart{
		{name: "delivered", n: m.Delivered, class: "pass"}, {name: "caught", n: m.Caught, class: "stop"},
		{name: "blacklisted", n: m.Blacklisted, class: "stop"},
	}, m.Total)
	f.source(xMessages, xClasses, classes, m.Total)
	f.label(xClasses, classes, m.Total)
	f.outcome(classes, outcome, m)
	for _, part := range outcome {
		f.node(xOutcome, part)
	}
	f.label(xOutcome, outcome, m.Total)
}

// outcome leads each class to what became of it.
func (f *flow) outcome(classes, outcome []flowPart, m *stats.Messages) {
	into := map[string]*flowPart{}
	for i := range outcome {
		into[outcome[i].name] = &outcome[i]
	}
	at := map[string]float64{} // how much of each outcome is taken, from its top
	lead := func(from flowPart, y, h float64, n int64, to string) {
		goal := into[to]
		if goal == nil || n == 0 {
			return
		}
		height := goal.h * float64(n) / float64(max(goal.n, 1))
		f.ribbon(xClasses+flowNodeW, y, h, xOutcome, goal.y+at[to], height, goal.class, fmt.Sprintf("%s, %s: %s", from.name, to, plural(n, "message", "messages")))
		at[to] += height
	}
	for _, class := range classes {
		switch class.name {
		case "scanned":
			passed := class.h * float64(m.Scanned-m.Caught) / float64(max(m.Scanned, 1))
			lead(class, class.y, passed, m.Scanned-m.Caught, "delivered")
			lead(class, class.y+passed, class.h-passed, m.Caught, "caught")
		case "blacklisted":
			lead(class, class.y, class.h, class.n, "blacklisted")
		default:
			lead(class, class.y, class.h, class.n, "delivered")
		}
	}
}

// place gives the parts that are more than nothing their heights, by their share, and stacks them with gaps.
func place(parts []flowPart, total int64) []flowPart {
	parts = slices.DeleteFunc(slices.Clone(parts), func(p flowPart) bool { return p.n <= 0 })
	room := flowHeight - flowGap*float64(max(0, len(parts)-1))
	sum, largest := 0.0, 0
	for i := range parts {
		parts[i].h = max(flowLeast, room*float64(parts[i].n)/float64(max(total, 1)))
		if sum += parts[i].h; parts[i].h > parts[largest].h {
			largest = i
		}
	}
	y := flowTop
	for i := range parts {
		if i == largest { // which bears what the others were made higher
			parts[i].h = max(flowLeast, parts[i].h-(sum-room))
		}
		parts[i].y = y
		y += parts[i].h + flowGap
	}
	return parts
}

// source draws a column that is whole, and leads it to its parts.
func (f *flow) source(x, to float64, parts []flowPart, total int64) {
	height := 0.0
	for _, part := range parts {
		height += part.h
	}
	scale := flowHeight / max(height, 1)
	f.node(x, flowPart{y: flowTop, h: flowHeight, class: "whole"})
	y := flowTop
	for _, part := range parts {
		f.ribbon(x+flowNodeW, y, part.h*scale, to, part.y, part.h, part.class, fmt.Sprintf("%s: %s (%s)", part.name, stats.Number(part.n), stats.PercentOf(part.n, total)))
		f.node(to, part)
		y += part.h * scale
	}
}

func (f *flow) node(x float64, p flowPart) {
	f.Nodes = append(f.Nodes, flowNode{X: units(x), Y: units(p.y), H: units(p.h), Class: p.class})
}

func (f *flow) ribbon(x1, y1, h1, x2, y2, h2 float64, class, tip string) {
	mid := (x1 + x2) / 2
	f.Ribbons = append(f.Ribbons, flowRibbon{
		Path: fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f %.1f %.1f %.1f %.1f %.1fZ",
			x1, y1, mid, y1, mid, y2, x2, y2, y2+h2, mid, y2+h2, mid, y1+h1, x1, y1+h1),
		Class: class, Tip: tip,
	})
}

func (f *flow) head(x float64, figure, name string) {
	f.Heads = append(f.Heads, flowLabel{X: units(x), Y: units(flowTop - 14), Name: name, Figure: figure})
}

// label writes beside each part what it is. Where parts are low, labels move apart.
func (f *flow) label(x float64, parts []flowPart, total int64) {
	ys := make([]float64, len(parts))
	for i, part := range parts {
		ys[i] = part.y + part.h/2
		if i > 0 {
			ys[i] = max(ys[i], ys[i-1]+flowLine)
		}
	}
	bottom := flowTop + flowHeight - flowLine/2 + 6
	for i := len(ys) - 1; i >= 0; i-- {
		ys[i] = min(ys[i], bottom)
		bottom = ys[i] - flowLine
	}
	for i, part := range parts {
		f.Labels = append(f.Labels, flowLabel{
			X: units(x + flowNodeW + 8), Y: units(ys[i] - 3), Y2: units(ys[i] + 14), Name: part.name,
			Figure: stats.Number(part.n) + " · " + stats.PercentOf(part.n, total), Class: part.class,
		})
	}
}

func units(f float64) string { return fmt.Sprintf("%.1f", f) }

// flowWords tells the funnel in sentences.
func flowWords(r *stats.Report, refused []flowPart) string {
	c, m := &r.Connections, &r.Messages
	text := "Of " + plural(c.Total, "connection", "connections")
	for _, part := range refused {
		text += fmt.Sprintf(", %s %s", stats.Number(part.n), part.name)
	}
	return text + fmt.Sprintf(", %s accepted. Of %s, %s whitelisted, %s not enabled, %s too large, %s blacklisted and %s scanned; %s were caught and %s delivered.",
		stats.Number(c.Accepted), plural(m.Total, "message", "messages"), stats.Number(m.Whitelisted), stats.Number(m.NotEnabled),
		stats.Number(m.TooLarge), stats.Number(m.Blacklisted), stats.Number(m.Scanned), stats.Number(m.Caught), stats.Number(m.Delivered))
}

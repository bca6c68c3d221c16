package page

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// A chooser is where people say which days they mean.
type chooser struct {
	Path           string
	From, To       string // as dates
	Today          string
	Before, Behind string // where the days before and after are, "" where there are none
	Presets        []choice
	Keep           [][2]string // what else the page was asked
}

// A choice is a link that may be the one that is shown.
type choice struct {
	Name, URL string
	Here      bool
}

// dated reads the parameters of a page of days, those of its own among them, and gives the page its chooser. Where nothing
// is said, it is the last so many days up to today.
func (p *Pages) dated(r *http.Request, s *shown, usual int, own ...string) (q url.Values, days web.Days, err error) {
	if q, err = values(r, own...); err != nil {
		return q, days, err
	}
	days, s.frame.Chooser, err = p.choose(r.URL.EscapedPath(), q, usual, own...)
	return q, days, err
}

// choose reads which days are meant. The chooser is there also where they are at fault.
func (p *Pages) choose(path string, q url.Values, usual int, keep ...string) (web.Days, *chooser, error) {
	now := p.source.Now()
	today := now.Format(time.DateOnly)
	c := &chooser{Path: path, From: today, To: today, Today: today}
	for _, name := range keep {
		name = strings.TrimSuffix(name, "...")
		for _, value := range q[name] {
			c.Keep = append(c.Keep, [2]string{name, harmless(value, maxFilter)})
		}
	}
	if !q.Has("day") && !q.Has("from") && !q.Has("to") {
		q = url.Values{"from": {daysBefore(now, usual-1)}, "to": {"today"}}
	}
	asked, err := web.ReadDays(q)
	if err != nil {
		c.offer(now)
		return asked, c, fmt.Errorf("%w: %w", web.ErrQuestion, err)
	}
	days, err := stats.Days(asked.From, asked.To, now)
	if err != nil {
		c.offer(now)
		return asked, c, fmt.Errorf("%w: %w", web.ErrQuestion, err)
	}
	c.From, c.To = days[0], days[len(days)-1]
	c.offer(now)
	c.neighbours(len(days))
	return web.Days{From: c.From, To: c.To}, c, nil
}

func daysBefore(now time.Time, n int) string {
	y, m, d := now.Date()
	return time.Date(y, m, d-n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// offer fills in the days that are asked for most.
func (c *chooser) offer(now time.Time) {
	for _, preset := range []struct {
		name     string
		from, to int // days ago
	}{{"Today", 0, 0}, {"Yesterday", 1, 1}, {"7 days", 6, 0}, {"30 days", 29, 0}} {
		from, to := daysBefore(now, preset.from), daysBefore(now, preset.to)
		c.Presets = append(c.Presets, choice{preset.name, c.link(from, to), from == c.From && to == c.To})
	}
}

// neighbours finds as many days before and after.
func (c *chooser) neighbours(n int) {
	from, err := time.Parse(time.DateOnly, c.From)
	if err != nil {
		return
	}
	shift := func(by int) (string, string) {
		first := from.AddDate(0, 0, by)
		return first.Format(time.DateOnly), first.AddDate(0, 0, n-1).Format(time.DateOnly)
	}
	c.Before = c.link(shift(-n))
	if first, last := shift(n); first <= c.Today {
		c.Behind = c.link(first, min(last, c.Today))
	}
}

func (c *chooser) link(from, to string) string {
	q := url.Values{"from": {from}, "to": {to}}
	if from == to {
		q = url.Values{"day": {from}}
	}
	for _, kept := range c.Keep {
		q.Add(kept[0], kept[1])
	}
	return c.Path + "?" + q.Encode()
}

// Query is the days as the parameters of a page.
func (c *chooser) Query() string {
	q := url.Values{"from": {c.From}, "to": {c.To}}
	if c.From == c.To {
		q = url.Values{"day": {c.From}}
	}
	return q.Encode()
}

// Words are the days as a person says them.
func (c *chooser) Words() string { return dayWords(c.From, c.To) }

func dayWords(from, to string) string {
	a, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return from
	}
	b, err := time.Parse(time.DateOnly, to)
	switch {
	case err != nil || from == to:
		return a.Format("Monday, 2 January 2006")
	case a.Year() == b.Year() && a.Month() == b.Month():
		return fmt.Sprintf("%d – %s", a.Day(), b.Format("2 January 2006"))
	case a.Year() == b.Year():
		return a.Format("2 January") + " – " + b.Format("2 January 2006")
	}
	return a.Format("2 January 2006") + " – " + b.Format("2 January 2006")
}

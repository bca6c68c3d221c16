package stats

import (
	"fmt"
	"time"
)

// A calendar says which day it is, and remembers, since it is asked for every message.
type calendar struct {
	zone     *time.Location
	from, to time.Time // the day that was found last
	name     string
}

// day returns the name of the day of a time, and whether it is another one than last time.
func (c *calendar) day(t time.Time) (name string, turned bool) {
	if c.name != "" && !t.Before(c.from) && t.Before(c.to) {
		return c.name, false
	}
	y, m, d := t.In(c.zone).Date()
	c.from, c.to = time.Date(y, m, d, 0, 0, 0, 0, c.zone), time.Date(y, m, d+1, 0, 0, 0, 0, c.zone)
	c.name = t.In(c.zone).Format(time.DateOnly)
	return c.name, true
}

// maxSpan bounds a report.
const maxSpan = maxRetentionDays

// Days returns the days from one to another, both included. They are written as 2016-12-14, today or yesterday; the
// latter in the time zone of now.
func Days(from, to string, now time.Time) ([]string, error) {
	first, err := parseDay(from, now)
	if err != nil {
		return nil, err
	}
	last, err := parseDay(to, now)
	if err != nil {
		return nil, err
	}
	if last.Before(first) {
		return nil, fmt.Errorf("%s is before %s", to, from)
	}
	var days []string
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if days = append(days, d.Format(time.DateOnly)); len(days) > maxSpan {
			return nil, fmt.Errorf("from %s to %s are more than %d days", from, to, maxSpan)
		}
	}
	return days, nil
}

// parseDay returns a day as midnight UTC, where all days have 24 hours.
func parseDay(s string, now time.Time) (time.Time, error) {
	y, m, d := now.Date()
	switch s {
	case "today":
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), nil
	case "yesterday":
		return time.Date(y, m, d-1, 0, 0, 0, 0, time.UTC), nil
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.20q is not a day: write 2016-12-14, today or yesterday", s)
	}
	return day, nil
}

// Before returns the n days before one, oldest first.
func Before(day string, n int) []string {
	first, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return nil
	}
	days := make([]string, 0, n)
	for i := n; i > 0; i-- {
		days = append(days, first.AddDate(0, 0, -i).Format(time.DateOnly))
	}
	return days
}

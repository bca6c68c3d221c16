package stats

import (
	"fmt"
	"time"
)

// A calendar says which day and hour it is, and remembers, since it is asked for every message.
type calendar struct {
	zone     *time.Location
	from, to time.Time // the hour that was found last
	day      string    // 2016-12-14
	hour     string    // 2016-12-14T09+01:00
}

// hourFormat has what the clock is ahead of UTC, so that the two hours of the same number that a day has when clocks go
// back have names of their own.
const hourFormat = "2006-01-02T15Z07:00"

// find finds the hour of a time, and tells whether it is another one than last time. An hour is what the clock shows as one
// number; where the clock is set, it may be shorter than sixty minutes.
func (c *calendar) find(t time.Time) (turned bool) {
	if c.hour != "" && !t.Before(c.from) && t.Before(c.to) {
		return false
	}
	local := t.In(c.zone)
	_, minute, second := local.Clock()
	c.from = local.Add(-time.Duration(minute)*time.Minute - time.Duration(second)*time.Second - time.Duration(local.Nanosecond()))
	c.to = c.from.Add(time.Hour)
	set, next := local.ZoneBounds()
	if !set.IsZero() && set.After(c.from) {
		c.from = set
	}
	if !next.IsZero() && next.Before(c.to) {
		c.to = next
	}
	c.day, c.hour = local.Format(time.DateOnly), local.Format(hourFormat)
	return true
}

// hoursOf returns the hours of a day in a time zone, in their order: 24, or 23 or 25 when clocks are set.
func hoursOf(day string, zone *time.Location) (hours []string) {
	noon, err := time.ParseInLocation(time.DateOnly+" 15", day+" 12", zone)
	if err != nil {
		return nil
	}
	c := calendar{zone: zone}
	for t := noon.Add(-14 * time.Hour); ; t = c.to { // midnight may be there twice, or not at all
		if c.find(t); c.day > day {
			return hours
		}
		if c.day == day {
			hours = append(hours, c.hour)
		}
	}
}

// isHour tells whether what counters are of is an hour; otherwise it is a day.
func isHour(span string) bool { return len(span) > len(time.DateOnly) }

// validSpan tells whether counters may be of it: a day or an hour.
func validSpan(span string) bool {
	format := time.DateOnly
	if isHour(span) {
		format = hourFormat
	}
	_, err := time.Parse(format, span)
	return err == nil
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
		return nil, fmt.Errorf("%s is before %s: write the first of the days first", to, from)
	}
	var days []string
	for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
		if days = append(days, d.Format(time.DateOnly)); len(days) > maxSpan {
			return nil, fmt.Errorf("from %s to %s are more than %d days: ask for fewer", from, to, maxSpan)
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

package store

import (
	"fmt"
	"time"
)

// Limits on what is stored under: wide of what mail has, so that they only stop what is broken or hostile.
const (
	MaxName    = 1024 // octets of an address, a set or its member; an address has 254 at most (RFC 5321, 4.5.3.1.3)
	MaxCounter = 512  // octets of a counter's name
	maxNode    = 128  // octets of a node's name
)

// Days are written as 2016-12-14, and hours as 2016-12-14T09+01:00, with what the clock is ahead of UTC: when clocks go
// back, a day has two hours of the same number.
const (
	DayFormat  = "2006-01-02"
	HourFormat = "2006-01-02T15Z07:00"
)

// HourRetention is how long the counters of an hour are kept after they were last added to, and no longer than days are.
// They are for the question when in the day something broke. Kept for as long as days they would be most of the account.
const HourRetention = 14 * 24 * time.Hour

// isHour tells whether what counters are of is an hour; otherwise it is a day.
func isHour(span string) bool { return len(span) > len(DayFormat) }

// retentionOf is how long the counters of a day or an hour are kept, where days are kept for retention.
func retentionOf(span string, retention time.Duration) time.Duration {
	if isHour(span) {
		return min(retention, HourRetention)
	}
	return retention
}

// isName tells whether something may be stored under s. No control characters: the embedded store parts names by NUL.
func isName(s string) bool { return clean(s, MaxName) }

func clean(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// checkRemember finds what no caller should ask for, alike in all stores.
func checkRemember(local string, ttl time.Duration, most int) error {
	switch {
	case !isName(local):
		return fmt.Errorf("remember: %.64q is not an address", local)
	case ttl <= 0:
		return fmt.Errorf("remember: ttl must be above 0, not %v", ttl)
	case most <= 0:
		return fmt.Errorf("remember: most must be above 0, not %d", most)
	}
	return nil
}

// toRemember returns what there is to note of remotes that were written to: nothing where that does not count any more.
func toRemember(remotes []string, at time.Time, ttl time.Duration, now time.Time) (contact, []string) {
	c := contact{at: toMilli(at), expires: toMilli(at).Add(ttl)}
	var names []string
	for _, r := range remotes {
		if isName(r) && c.expires.After(now) {
			names = append(names, r)
		}
	}
	return c, names
}

// toSent returns what there is to note of a message that was sent.
func toSent(local, id, note string, at time.Time, ttl time.Duration, most int) (contact, error) {
	switch {
	case !isName(id):
		return contact{}, fmt.Errorf("remember sent: %.64q is no digest", id)
	case note != "" && !isName(note):
		return contact{}, fmt.Errorf("remember sent: %.64q is no note", note)
	}
	return contact{toMilli(at), toMilli(at).Add(ttl), note}, checkRemember(local, ttl, most)
}

// checkApply finds what no caller should add, before anything of it is added.
func checkApply(node string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error {
	switch {
	case !clean(node, maxNode):
		return fmt.Errorf("apply: %.64q is not a node's name", node)
	case seq == 0:
		return fmt.Errorf("apply: seq starts at 1")
	case retention < time.Second:
		return fmt.Errorf("apply: retention must be a second or more, not %v", retention)
	}
	for span, counters := range deltas {
		format := DayFormat
		if isHour(span) {
			format = HourFormat
		}
		if _, err := time.Parse(format, span); err != nil {
			return fmt.Errorf("apply: %.64q is neither a day such as 2016-12-14 nor an hour such as 2016-12-14T09+01:00", span)
		}
		for counter := range counters {
			if !clean(counter, MaxCounter) {
				return fmt.Errorf("apply: %.64q is not a counter's name", counter)
			}
		}
	}
	return nil
}

// checkSet finds what cannot be an operator's set.
func checkSet(set string, members ...string) error {
	if !isName(set) {
		return fmt.Errorf("%.64q is not a set's name", set)
	}
	for _, m := range members {
		if !isName(m) {
			return fmt.Errorf("set %s: %.64q cannot be a member", set, m)
		}
	}
	return nil
}

package main

import (
	"strings"
	"testing"
	"time"
)

// A span is as long as people mean it: of a day it takes all, also where that has 25 hours.
func TestParseSpan(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, berlin)
	for _, test := range []struct{ from, to, since, until, fault string }{
		{"2h", "", "2026-11-26 10:00:00.000", "", ""},
		{"2026-10-25", "2026-10-25", "2026-10-25 00:00:00.000", "2026-10-25 23:59:59.999", ""},
		{"all", "2026-11-20 14:30", "", "2026-11-20 14:30:00.000", ""},
		{"7d", "all", "2026-11-19 12:00:00.000", "", ""},
		{"7d", "2026-11-01", "", "", "--until 2026-11-01 is before --since 7d"},
		{"yesterday", "", "", "", "--since: \"yesterday\" is no time"},
		{"all", "-5m", "", "", "--until: \"-5m\" is no time"},
	} {
		span, err := parseSpan([2]string{"--since", "--until"}, test.from, test.to, now)
		if test.fault != "" {
			if err == nil || !strings.Contains(err.Error(), test.fault) {
				t.Errorf("%s to %s: got %v, want %q", test.from, test.to, err, test.fault)
			}
			continue
		}
		if got := [2]string{moment(span.Since), moment(span.Until)}; err != nil || got != [2]string{test.since, test.until} {
			t.Errorf("%s to %s: got %q, %v, want %q and %q", test.from, test.to, got, err, test.since, test.until)
		}
	}
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format("2006-01-02 15:04:05.000")
}

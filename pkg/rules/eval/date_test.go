package eval

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"winnow/pkg/message"
)

func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int64 // -1: no date
	}{
		{"Mon, 3 Feb 2025 10:11:12 +0100", 1738573872},
		{"3 Feb 2025 10:11:12 +0100", 1738573872},
		{"Mon,3 feb 2025 10:11", 1738577460},
		{"Mon, 03 Feb 25 10:11:12 PST", 1738606272},
		{"03 Feb 99 10:11:12 CEST", 918029472},
		{"03 Feb 103 10:11:12 GMT", 1044267072},
		{"Mon, 03 Feb 2025 10:11:12 -0800 (PST)", 1738606272},
		{"Mon, 03 Feb 2025 10:11:12 (MET-DST)", 1738577472},
		{"Mon, 03 Feb 2025 10:11:12 XYZ PST", 1738577472},
		{"Mon Feb 3 10:11:12 2025", 1738540800},
		{"Mon Feb  3 10:11:12 2025 -0500", 1738558800},
		{"31 Apr 2025 25:61:62 +0000", 1746143999},
		{"29 Feb 2024 00:00:00 +0000", 1709164800},
		{"29 Feb 2025 00:00:00 +0000", 1740787200},
		{"40 Dec 2025 00:00:00 +0000", 1767225600},
		{"0 Feb 2025 00:00:00 +0000", -1},
		{"1 Jan 1960 00:00:00 +0000", 0},
		{"1 Jan 1970 00:00:00 +0100", 0},
		{"1 Jan 2100 00:00:00 +0000", 2114380800},
		{"3 February 2025 10:11:12 +0100", -1},
		{"2025-02-03T10:11:12Z", -1},
		{"", -1},
	} {
		got, ok := parseDate(tt.text)
		if !ok {
			got = -1
		}
		if got != tt.want {
			t.Errorf("%q: got %d, want %d", tt.text, got, tt.want)
		}
	}
}

func TestShiftedDate(t *testing.T) {
	hop := func(date string) string {
		return "Received: from a (a.example.org [192.0.2.1]) by b (Postfix) with SMTP id 1; " + date + "\n"
	}
	const noon = "Mon, 3 Feb 2025 12:00:00 +0000"
	runCalls(t, []callTest{
		{
			name:   "in time",
			text:   hop(noon) + "Date: " + noon + "\n\n",
			hits:   []string{"check_for_shifted_date 0 1", "check_for_shifted_date undef 1", "check_for_shifted_date 0 undef"},
			misses: []string{"check_for_shifted_date 1 undef", "check_for_shifted_date undef 0"},
		},
		{
			name:   "two days ahead",
			text:   hop(noon) + "Date: Wed, 5 Feb 2025 12:00:00 +0000\n\n",
			hits:   []string{"check_for_shifted_date 48 96"},
			misses: []string{"check_for_shifted_date 24 48"},
		},
		{
			name:   "five hours behind, by the nearest of the fields",
			text:   hop("Tue, 4 Feb 2025 12:00:00 +0000") + hop(noon) + "Date: Mon, 3 Feb 2025 07:00:00 +0000\n\n",
			hits:   []string{"check_for_shifted_date -6 -3"},
			misses: []string{"check_for_shifted_date undef -96"},
		},
		{
			name: "the first MTA has the same clock",
			text: hop(noon) + hop("Wed, 5 Feb 2025 12:00:00 +0000") + "Date: Wed, 5 Feb 2025 12:00:00 +0000\n\n",
			hits: []string{"check_for_shifted_date 48 96"},
		},
		{
			name: "sent on",
			text: hop(noon) + "Date: Mon, 3 Feb 2020 12:00:00 +0000\nResent-Date: " + noon + "\n\n",
			hits: []string{"check_for_shifted_date 0 1"},
		},
		{name: "no date", text: hop(noon) + "\n", hits: []string{"check_for_shifted_date 0 1"}},
		{name: "no Received field", text: "Date: " + noon + "\n\n", hits: []string{"check_for_shifted_date 0 1"}},
		{
			name: "fetched from a mailbox a week later",
			text: "Received: from localhost (localhost [127.0.0.1]) by x (Postfix) with SMTP id 1; Mon, 10 Feb 2025 12:00:01 +0000\n" +
				"Received: from pop.example.org [192.0.2.5] by localhost with IMAP (fetchmail-6.4.37) for a@localhost; Mon, 10 Feb 2025 12:00:00 +0000\n" +
				hop(noon) + "Date: " + noon + "\n\n",
			hits: []string{"check_for_shifted_date 0 1"},
		},
		{
			name:   "long ago",
			text:   hop(noon) + "Date: " + noon + "\n\n",
			hits:   []string{"received_within_months 6 undef"},
			misses: []string{"received_within_months undef 6"},
		},
	})
}

// The session's clock counts, and the field that Postfix will write.
func TestDateInSession(t *testing.T) {
	at := time.Date(2025, 2, 3, 12, 0, 0, 0, time.UTC)
	for ahead, want := range map[time.Duration]string{0: "0 1", 50 * time.Hour: "48 96", -4 * time.Hour: "-6 -3"} {
		m := &message.Message{Time: at, Client: message.Client{Addr: netip.MustParseAddr("192.0.2.1"), Helo: "a"}}
		m.Header = message.Header{{Name: "Date", Value: " " + at.Add(ahead).Format(time.RFC1123Z)}}
		if got := call(t, NewFacts(m, NewSettings(), nil), fmt.Sprintf("check_for_shifted_date %s", want)); got != 1 {
			t.Errorf("%v: got %d", ahead, got)
		}
		if got := call(t, NewFacts(m, NewSettings(), nil), "received_within_months undef 1"); got != 1 {
			t.Errorf("%v: not received now", ahead)
		}
	}
}

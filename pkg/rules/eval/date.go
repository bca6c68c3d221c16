package eval

import (
	"strconv"
	"strings"
	"time"
)

// parseDate reads a date as SpamAssassin does: it picks day, month, year, clock and zone from wherever they stand, and bends
// what is out of range. It returns seconds since 1970, and false where there is no day.
func parseDate(text string) (seconds int64, ok bool) {
	words := dateWords(text)
	day, month, year, rest, ok := cutDay(words)
	if !ok {
		return 0, false
	}
	hour, minute, second, rest := cutClock(rest)
	zone := zoneOf(rest)
	if day > daysIn(month, year) {
		day, month = 1, month+1
		if month > 12 {
			month, year = 1, year+1
		}
	}
	year = min(max(year, 1970), 2037)
	if day < 1 {
		return 0, false
	}
	seconds = time.Date(year, time.Month(month), day, min(hour, 23), min(minute, 59), min(second, 59), 0, time.UTC).Unix()
	return max(seconds-int64(zone), 0), true
}

// maxDateWords bounds the work on what should be a date: a function hands in all Received fields at once.
const maxDateWords = 2_000

// dateWords splits at white space and commas.
func dateWords(text string) []string {
	words := make([]string, 0, 12)
	for len(words) < maxDateWords {
		text = strings.TrimLeft(text, " \t\n\v\f\r")
		if text == "" {
			break
		}
		n := strings.IndexAny(text, " \t\n\v\f\r,")
		if n < 0 {
			n = len(text)
		}
		if n > 0 {
			words = append(words, text[:n])
		}
		text = strings.TrimPrefix(text[n:], ",")
	}
	return words
}

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

func monthOf(word string) int {
	if len(word) != 3 {
		return 0
	}
	return months[strings.ToLower(word)]
}

// cutDay takes the day out of the words: "7 Aug 2006", else "Aug 7 17:48:07 2006" as asctime() writes it, else "7 Aug 06".
// The clock that stands in the second is lost, as in SpamAssassin.
func cutDay(words []string) (day, month, year int, rest []string, ok bool) {
	for i := 0; i+2 < len(words); i++ {
		if m := monthOf(words[i+1]); m > 0 && allDigits(words[i]) && len(words[i+2]) == 4 && allDigits(words[i+2]) {
			return numberOf(words[i]), m, numberOf(words[i+2]), without(words, i, 3), true
		}
	}
	for i := 0; i+3 < len(words); i++ {
		if m := monthOf(words[i]); m > 0 && allDigits(words[i+1]) && isLongClock(words[i+2]) && len(words[i+3]) == 4 && allDigits(words[i+3]) {
			return numberOf(words[i+1]), m, numberOf(words[i+3]), without(words, i, 4), true
		}
	}
	for i := 0; i+2 < len(words); i++ {
		if m := monthOf(words[i+1]); m > 0 && allDigits(words[i]) && (len(words[i+2]) == 2 || len(words[i+2]) == 3) && allDigits(words[i+2]) {
			return numberOf(words[i]), m, fullYear(words[i+2]), without(words, i, 3), true
		}
	}
	return 0, 0, 0, nil, false
}

// fullYear completes years of two and three digits (RFC 5322, 4.3).
func fullYear(word string) int {
	year := numberOf(word)
	if len(word) == 2 && year < 50 {
		return year + 2000
	}
	return year + 1900
}

func without(words []string, at, n int) []string {
	return append(append(make([]string, 0, len(words)), words[:at]...), words[at+n:]...)
}

// cutClock takes the first "7:48" or "17:48:07" out of the words.
func cutClock(words []string) (hour, minute, second int, rest []string) {
	for i, word := range words {
		h, after, found := strings.Cut(word, ":")
		if !found || len(h) < 1 || len(h) > 2 || !allDigits(h) {
			continue
		}
		m, s, long := strings.Cut(after, ":")
		if len(m) != 2 || !allDigits(m) || long && (len(s) != 2 || !allDigits(s)) {
			continue
		}
		if long {
			second = numberOf(s)
		}
		return numberOf(h), numberOf(m), second, without(words, i, 1)
	}
	return 0, 0, 0, words
}

// isLongClock tells of digits:digits:digits.
func isLongClock(word string) bool {
	parts := strings.Split(word, ":")
	return len(parts) == 3 && allDigits(parts[0]) && allDigits(parts[1]) && allDigits(parts[2])
}

// zoneOf returns how many seconds the words' time zone is ahead of UTC: the first number with a sign, else the first word of
// two to four capitals, if it is a zone's name.
func zoneOf(words []string) int {
	for _, word := range words {
		if len(word) == 5 && (word[0] == '+' || word[0] == '-') && allDigits(word[1:]) {
			return zoneSeconds(word)
		}
	}
	for _, word := range words {
		if name, found := zoneName(word); found {
			return zoneSeconds(zones[name])
		}
	}
	return 0
}

// zoneSeconds reads +hhmm or -hhmm.
func zoneSeconds(zone string) int {
	if zone == "" {
		return 0
	}
	seconds := (numberOf(zone[1:3])*60 + numberOf(zone[3:5])) * 60
	if zone[0] == '-' {
		return -seconds
	}
	return seconds
}

// zoneName finds the first run of two to four capitals that is a whole word, such as CET in "(CET)".
func zoneName(word string) (string, bool) {
	for start := 0; start < len(word); {
		if !isWordByte(word[start]) {
			start++
			continue
		}
		end := start
		for end < len(word) && isWordByte(word[end]) {
			end++
		}
		name := word[start:end]
		if len(name) >= 2 && len(name) <= 4 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			const saving = "-DST"
			if rest := word[end:]; strings.HasPrefix(rest, saving) && (len(rest) == len(saving) || !isWordByte(rest[len(saving)])) {
				name += saving
			}
			return name, true
		}
		start = end
	}
	return "", false
}

// zones are the names that people write: those of RFC 5322, 4.3, and of Europe, the Americas, Asia and Oceania.
var zones = map[string]string{
	"UT": "+0000", "UTC": "+0000", "NDT": "-0230", "AST": "-0400", "ADT": "-0300", "NST": "-0330", "EST": "-0500",
	"EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
	"HST": "-1000", "AKST": "-0900", "AKDT": "-0800", "HADT": "-0900", "HAST": "-1000", "GMT": "+0000", "BST": "+0100",
	"IST": "+0100", "WET": "+0000", "WEST": "+0100", "CET": "+0100", "CEST": "+0200", "EET": "+0200", "EEST": "+0300",
	"MSK": "+0300", "MSD": "+0400", "MET": "+0100", "MEZ": "+0100", "MEST": "+0200", "MESZ": "+0200", "BRST": "-0200",
	"BRT": "-0300", "AEST": "+1000", "AEDT": "+1100", "ACST": "+0930", "ACDT": "+1030", "AWST": "+0800",
	"NZST": "+1200", "NZDT": "+1300", "JST": "+0900", "KST": "+0900", "HKT": "+0800", "SGT": "+0800", "PHT": "+0800",
	"IDT": "+0300",
}

func daysIn(month, year int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// numberOf is the value of digits; what is too long for a number is just large.
func numberOf(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1 << 30
	}
	return n
}

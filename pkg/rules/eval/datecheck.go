package eval

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// dates is what a message says of when it was written and received. All are seconds since 1970.
type dates struct {
	written    int64 // by the Date field, or that of who sent it on
	hasWritten bool
	received   []int64 // by the Received fields, newest first
	fetched    int64   // by the fields of a program that fetched it from a mailbox
	hasFetched bool
	ahead      int64 // by how much the message was written later than received: the least difference
}

// datesOf reads the dates of the message.
func (f *Facts) datesOf() *dates {
	if f.dates == nil {
		f.dates = f.readDates()
	}
	return f.dates
}

func (f *Facts) readDates() *dates {
	d := &dates{}
	d.written, d.hasWritten = f.writtenAt()
	f.readReceived(d)
	if d.hasWritten && len(d.received) > 0 {
		d.ahead = leastDifference(d.written, d.received)
	}
	return d
}

// writtenAt reads the Date field. Who sent the message on wrote a date of his own.
func (f *Facts) writtenAt() (int64, bool) {
	for _, name := range [...]string{"Resent-Date", "Date"} {
		for _, value := range strings.Split(f.field(name, 0), "\n") {
			if at, ok := parseDate(value); ok {
				return at, true
			}
		}
	}
	return 0, false
}

// now is when the message came in; of a message from a file it is the present.
func (f *Facts) now() time.Time {
	if f.Message.Time.IsZero() {
		return time.Now()
	}
	return f.Message.Time
}

// readReceived reads the dates of the Received fields. Those of a mail fetcher tell when it was fetched.
func (f *Facts) readReceived(d *dates) {
	var lines []string
	for _, line := range strings.Split(f.field("Received", 0), "\n") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	fetcher, lines := cutFetcher(lines)
	for _, line := range fetcher {
		if at, ok := dateIn(line); ok && at <= f.now().Unix() {
			d.fetched, d.hasFetched = max(d.fetched, at), true
		}
	}
	for _, line := range lines {
		if at, ok := dateIn(line); ok {
			d.received = append(d.received, at)
		}
	}
}

var (
	localQmail    = regexp.MustCompile(`qmail \d+ invoked by uid \d+`)
	fetchmailMark = regexp.MustCompile(`\bby localhost with \w+ \(fetchmail-[\d.]+`)
)

// cutFetcher parts the fields of a mail fetcher, and of the local handover that follows it, from the others.
func cutFetcher(lines []string) (fetcher, rest []string) {
	if len(lines) == 0 {
		return nil, nil
	}
	n := 0
	if isLocalHandover(lines[0]) || strings.Contains(lines[0], "invoked by uid") && localQmail.MatchString(lines[0]) {
		n = 1
	}
	if n < len(lines) && strings.Contains(lines[n], "(fetchmail-") && fetchmailMark.MatchString(lines[n]) {
		return lines[:n+1], lines[n+1:]
	}
	return nil, lines
}

// isLocalHandover tells whether a field is of a client on the host itself: "from localhost", or its address in the second or
// third word behind "from".
func isLocalHandover(line string) bool {
	const mark, address = "from ", "127.0.0.1"
	for pos := 0; ; {
		i := strings.Index(line[pos:], mark)
		if i < 0 {
			return false
		}
		pos += i
		rest := line[pos+len(mark):]
		if isEdge(line, pos) {
			if after, found := strings.CutPrefix(rest, "localhost"); found && after != "" && isSpaceByte(after[0]) {
				return true
			}
			words := strings.SplitN(rest, " ", 4)
			for _, word := range words[1:min(3, len(words))] {
				if holdsWholeWord(word, address) {
					return true
				}
			}
		}
		pos += len(mark)
	}
}

// dateIn finds the date in a Received field: "7 Aug 2006 17:48:07 +0200".
func dateIn(line string) (int64, bool) {
	for pos := 0; ; {
		i := strings.IndexByte(line[pos:], ':')
		if i < 0 {
			return 0, false
		}
		pos += i
		if start, end, ok := dateAround(line, pos); ok {
			return parseDate(line[start:end])
		}
		pos++
	}
}

// dateAround finds where the date begins and ends whose clock has its first colon at that place.
func dateAround(line string, colon int) (start, end int, ok bool) {
	clock := colon
	for clock > 0 && isDigit(line[clock-1]) {
		clock--
	}
	end = clock
	for part := range 3 {
		from := end
		for end < len(line) && isDigit(line[end]) {
			end++
		}
		want := byte(':')
		if part == 2 {
			want = ' '
		}
		if end == from || end >= len(line) || line[end] != want {
			return 0, 0, false
		}
		end++
	}
	zone := end
	for end < len(line) && !isSpaceByte(line[end]) {
		end++
	}
	if end == zone {
		return 0, 0, false
	}
	start, ok = dayBefore(line, clock)
	return start, end, ok
}

// dayBefore finds "7 Aug 2006 " before the clock. The day may have one more character before it.
func dayBefore(line string, clock int) (start int, ok bool) {
	year := backDigits(line, clock-1)
	if clock < 1 || line[clock-1] != ' ' || year == clock-1 || year < 5 || line[year-1] != ' ' {
		return 0, false
	}
	month := year - 4
	if line[month-1] != ' ' || strings.ContainsAny(line[month:month+3], " \t\n\v\f\r") {
		return 0, false
	}
	day := backDigits(line, month-1)
	switch {
	case day == month-1 || day == 0:
		return 0, false
	case isSpaceByte(line[day-1]):
		return day, true
	case day >= 2 && isSpaceByte(line[day-2]):
		return day - 1, true
	}
	return 0, false
}

// backDigits returns where the digits begin that end before s[end].
func backDigits(s string, end int) int {
	for end > 0 && isDigit(s[end-1]) {
		end--
	}
	return max(end, 0)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// leastDifference compares the date of writing with each date of receiving. The first MTA may be the program that wrote the
// message; where its clock says the same, it says nothing.
func leastDifference(written int64, received []int64) int64 {
	n := len(received)
	if n > 1 && received[n-1] == written {
		n--
	}
	least := written - received[0]
	for _, at := range received[1:n] {
		if diff := written - at; absolute(diff) < absolute(least) {
			least = diff
		}
	}
	return least
}

func absolute(n int64) int64 { return max(n, -n) }

// receivedAt is the median of what is known of when the message came in, 0 where nothing is.
func (d *dates) receivedAt() int64 {
	var all []int64
	if d.hasWritten {
		all = append(all, d.written)
	}
	if len(d.received) > 0 {
		all = append(all, d.received[0])
	}
	if d.hasFetched {
		all = append(all, d.fetched)
	}
	if d.hasWritten && len(d.received) > 0 {
		all = append(all, d.written-d.ahead)
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all[(len(all)-1)/2]
}

// A window is a range of numbers from min on and below max; either may be 'undef'.
type window struct {
	min, max       float64
	hasMin, hasMax bool
}

func windowOf(args []string) (window, error) {
	if len(args) != 2 {
		return window{}, errors.New("wants a minimum and a maximum; 'undef' stands for none")
	}
	w := window{hasMin: args[0] != "undef", hasMax: args[1] != "undef"}
	w.min, w.max = number(args[0]), number(args[1])
	return w, nil
}

func (w window) holds(n float64) bool {
	return (!w.hasMin || n >= w.min) && (!w.hasMax || n < w.max)
}

// bindShiftedDate asks by how many hours the message claims to be written later than it was received.
func bindShiftedDate(args []string, _ *Settings) (Check, error) {
	w, err := windowOf(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int { return hits(w.holds(float64(f.datesOf().ahead) / 3600)) }, nil
}

// bindReceivedWithin asks how many months ago the message was received.
func bindReceivedWithin(args []string, _ *Settings) (Check, error) {
	w, err := windowOf(args)
	if err != nil {
		return nil, err
	}
	const month = 31556952.0 / 12 // a year of 365.2425 days
	return func(f *Facts) int { return hits(w.holds(float64(f.now().Unix()-f.datesOf().receivedAt()) / month)) }, nil
}

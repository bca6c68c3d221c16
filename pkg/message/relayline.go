package message

import "strings"

// A relayLine is one Received field while it is read.
type relayLine struct {
	match   relayMatch
	line    string // behind "from "
	lookup  bool   // the MTA asks the DNS for names
	skip    bool   // it tells of no handover that counts
	fetched bool   // a mail program collected the message from a mailbox here
	scanned bool   // qmail-scanner wrote it, and envFrom belongs to the field below

	ip, rdns, helo, by, id, ident, envFrom, auth string

	hasFrom bool // it tells the envelope sender, be it the null sender
}

// A relayOutcome is what became of a field.
type relayOutcome uint8

const (
	relayRead        relayOutcome = iota
	relaySkipped                  // it tells of nothing that counts
	relayUnparseable              // nobody knows what it tells
)

// readReceived reads the value of a Received field.
func readReceived(value string) (relayLine, relayOutcome) {
	line := foldBlanks(value)
	for strings.HasSuffix(line, ";") {
		line = strings.TrimSuffix(strings.TrimSuffix(line, ";"), " ")
	}
	if isForeignToTCP(line) {
		return relayLine{}, relaySkipped
	}
	line = strings.Replace(cutRelayDate(line), ")by ", ") by ", 1)
	r := relayLine{match: relayMatch{steps: maxRelaySteps}}
	r.findValues(line)
	r.auth = relayAuth(line)
	found := r.tryAll(line)
	switch {
	case r.skip:
		return r, relaySkipped
	case !found && !r.fallBack(line):
		return r, relayUnparseable
	}
	r.clean()
	return r, relayRead
}

// foldBlanks makes one blank of each run of white space, and takes it off the ends.
func foldBlanks(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for {
		start := 0
		for start < len(s) && isSpace(s[start]) {
			start++
		}
		end := start
		for end < len(s) && !isSpace(s[end]) {
			end++
		}
		if start == end {
			return out.String()
		}
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(s[start:end])
		s = s[end:]
	}
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// isForeignToTCP tells of fields that are plainly not about a host that connected.
func isForeignToTCP(line string) bool {
	rest := strings.TrimPrefix(line, "(")
	if len(rest) < 5 || !strings.EqualFold(rest[:5], "from ") {
		return true
	}
	if i := strings.Index(line, "with local for"); i >= 0 && !isWordAt(line, i-1) && !isWordAt(line, i+len("with local for")) {
		return true
	}
	return len(rest) == len(line) && isBareHop(line[5:])
}

// isBareHop tells of "host by host;" without any address.
func isBareHop(s string) bool {
	host, rest, _ := strings.Cut(s, " ")
	if len(rest) < 3 || !strings.EqualFold(rest[:3], "by ") || isBracketedQuad(host) {
		return false
	}
	rest = rest[3:]
	n := strings.IndexAny(rest, " ;")
	return n > 0 && (rest[n] == ';' || strings.HasPrefix(rest[n:], " ;"))
}

func isBracketedQuad(s string) bool {
	return len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' && strings.Trim(s[1:len(s)-1], "0123456789.") == ""
}

// cutRelayDate cuts off the date at the end, if it is one of RFC 5322 without a comment.
func cutRelayDate(line string) string {
	rest, zone := cutLastWord(line)
	rest, clock := cutLastWord(rest)
	rest, year := cutLastWord(rest)
	rest, month := cutLastWord(rest)
	if zone == "" || !isClock(clock) || !isDigits(year) || !isMonth(month) {
		return line
	}
	before := strings.TrimRight(rest, "0123456789")
	if len(before) == len(rest) || before == "" || !isBlankOrSemicolon(before[len(before)-1]) {
		return line
	}
	if n := len(before) - len("Mon, "); n > 0 && isWeekday(before[n:]) && isBlankOrSemicolon(before[n-1]) {
		before = before[:n]
	}
	return strings.TrimRight(before, " ;")
}

func cutLastWord(s string) (rest, word string) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return "", ""
	}
	return s[:i], s[i+1:]
}

func isBlankOrSemicolon(c byte) bool { return c == ' ' || c == ';' }

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isClock tells of 10:20 and 10:20:30, with any numbers.
func isClock(s string) bool {
	hour, rest, found := strings.Cut(s, ":")
	minute, second, more := strings.Cut(rest, ":")
	return found && isDigits(hour) && isDigits(minute) && (!more || isDigits(second))
}

func isMonth(s string) bool {
	switch s {
	case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec":
		return true
	}
	return false
}

func isWeekday(s string) bool {
	switch s {
	case "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, ":
		return true
	}
	return false
}

// findValues looks for values that look the same in the fields of many MTAs. A form may know better.
func (r *relayLine) findValues(line string) {
	r.match.line = line
	if r.match.find(anyID, 0) {
		r.id = r.match.text(valueID)
	}
	r.helo = heloIn(line)
	if i := strings.Index(line, " by "); i >= 0 {
		r.by = firstWord(line[i+4:])
	}
}

var anyID = relayPatternOf(" id {?<}{id3<1000000 <>;}")

// heloIn finds helo=name, else HELO name.
func heloIn(line string) string {
	for _, mark := range [...]string{"helo=", "HELO ", "EHLO "} {
		best := ""
		for pos := 0; ; {
			i := strings.Index(line[pos:], mark)
			if i < 0 {
				break
			}
			i += pos
			pos = i + len(mark)
			if n := heloLength(line[pos:]); n > 0 && !isWordAt(line, i-1) {
				best = line[pos : pos+n]
				break
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

func heloLength(s string) int {
	n := 0
	for n < len(s) && (isWordAt(s, n) || strings.IndexByte("-.^+&:=?!@%*$\\/", s[n]) >= 0) {
		n++
	}
	return n
}

// firstWord is what stands before the first blank.
func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// tryAll tries the forms. It returns false where none has all that is needed.
func (r *relayLine) tryAll(line string) bool {
	switch {
	case strings.HasPrefix(line, "from "):
		r.line = line[5:]
		r.match.line = r.line
		r.envFrom, r.hasFrom = envelopeIn(r.line)
		if r.tryMarked() {
			return true
		}
		if r.tryForms(relayForms) {
			return true
		}
		if isNothing(r.helo) {
			r.helo = firstWord(r.line)
		}
	case strings.HasPrefix(line, "FROM "):
		r.line = line[5:]
		r.match.line = r.line
		return r.tryForms(simtaForms)
	case strings.HasPrefix(line, "(from "):
		r.line = line[6:]
		r.match.line = r.line
		return r.tryForms(parenthesisForms)
	}
	return false
}

// tryMarked tries the forms of the MTA whose mark the field has.
func (r *relayLine) tryMarked() bool {
	if r.tryForms(webmailForms) {
		return true
	}
	for i := range relayFamilies {
		if r.match.find(relayFamilies[i].mark, 0) {
			return r.tryForms(relayFamilies[i].forms)
		}
	}
	return false
}

func (r *relayLine) tryForms(forms []relayForm) bool {
	for i := range forms {
		if r.try(&forms[i]) {
			return true
		}
	}
	return false
}

// try tells whether the field has that form, and takes what it tells.
func (r *relayLine) try(f *relayForm) bool {
	if f.mark != nil && !r.match.find(f.mark, 0) {
		return false
	}
	if f.pattern != nil {
		if !r.match.at(f.pattern, 0) {
			return false
		}
		r.take()
	}
	if f.says&heloIsName != 0 {
		r.helo = r.rdns
	}
	if f.says&noID != 0 {
		r.id = ""
	}
	if f.also != nil && !f.also(r) {
		return false
	}
	r.lookup = r.lookup || f.says&looksUp != 0
	r.skip = r.skip || f.says&skipped != 0
	return true
}

// take keeps the values of the pattern that fitted.
func (r *relayLine) take() {
	for value, to := range [...]*string{
		valueIP: &r.ip, valueRDNS: &r.rdns, valueHelo: &r.helo, valueBy: &r.by, valueIdent: &r.ident, valueID: &r.id,
	} {
		if span := r.match.values[value]; to != nil && span.start >= 0 {
			*to = r.match.line[span.start:span.end]
		}
	}
}

// fallBack takes any address in brackets for the client's, where a form is unknown but says who received.
func (r *relayLine) fallBack(line string) bool {
	if r.ip == "" {
		r.match.line = line
		if r.match.find(anyAddr, 0) {
			r.ip = r.match.text(valueIP)
		}
	}
	return r.ip != "" && !isNothing(r.by)
}

// isNothing tells of what SpamAssassin takes for no value.
func isNothing(s string) bool { return s == "" || s == "0" }

var anyAddr = relayPatternOf("[{ip}]")

// envelopeIn finds the envelope sender, which some MTAs write in a comment.
func envelopeIn(line string) (sender string, found bool) {
	for pos := 0; pos < len(line); pos++ {
		length := envelopeMark(line[pos:])
		if length == 0 {
			continue
		}
		start := pos + length
		end := start + len(firstWord(line[start:]))
		for ; end > start; end-- {
			if isWordAt(line, end-1) != isWordAt(line, end) {
				return line[start:end], true
			}
		}
	}
	return "", false
}

// envelopeMark is how long the word is that stands before an envelope sender, 0 for none.
func envelopeMark(s string) int {
	if len(s) < len("envelope-from") || s[6] != '-' && s[8] != '-' {
		return 0
	}
	for _, mark := range [...]string{"return-path: ", "return-path ", "envelope-sender", "envelope-from"} {
		if (s[0]|0x20) != mark[0] || len(s) <= len(mark) || !strings.EqualFold(s[:len(mark)], mark) {
			continue
		}
		if mark[0] == 'r' {
			return len(mark)
		}
		if c := s[len(mark)]; c == ' ' || c == '=' {
			return len(mark) + 1
		}
	}
	return 0
}

// clean brings the values into the form that rules know.
func (r *relayLine) clean() {
	r.rdns = strings.TrimRight(r.rdns, ".")
	if strings.EqualFold(r.rdns, "unknown") || strings.HasPrefix(r.rdns, "[") {
		r.rdns = ""
	}
	r.ip = flagStrange(cleanAddr(r.ip))
	r.by = flagStrange(strings.TrimSuffix(r.by, ";"))
	r.rdns, r.helo, r.ident = flagStrange(r.rdns), flagStrange(r.helo), flagStrange(r.ident)
	r.envFrom = cleanEnvelope(r.envFrom)
}

func cleanEnvelope(s string) string {
	return flagStrange(strings.TrimRight(strings.TrimLeft(s, "<"), ">"))
}

// flagStrange puts "!" in the place of characters that would spoil the text of the relays.
func flagStrange(s string) string {
	if !strings.ContainsAny(s, " \t\r\n\f\v\x00#[]()<>|") {
		return s
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" \t\r\n\f\v\x00#[]()<>|", c) {
			return '!'
		}
		return c
	}, s)
}

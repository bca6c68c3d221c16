package eval

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

var outlookID = regexp.MustCompile(`^<[0-9a-f]{4}([0-9a-f]{8})\$[0-9a-f]{8}\$[0-9a-f]{8}@`)

// isForgedOutlookID tells of a message id that looks like Outlook's, but whose clock fits neither the Date nor the Received
// fields. Outlook counts 429.5 seconds since 1601.
func isForgedOutlookID(f *Facts) bool {
	id := f.field("MESSAGEID", 0)
	if len(id) < 5 || id[0] != '<' || strings.IndexByte(id, '$') < 0 {
		return false
	}
	parts := outlookID.FindStringSubmatch(id)
	if parts == nil {
		return false
	}
	token, _ := strconv.ParseInt(parts[1], 16, 64)
	for _, name := range [...]string{"Date", "Received"} {
		if at, _ := parseDate(f.field(name, 0)); isNear(token, at) {
			return false
		}
	}
	return true
}

// isNear tells whether Outlook's clock says about the same as a date.
func isNear(token, seconds int64) bool {
	const perSecond, since1601, fudge = 0.0023283064365387, 27111902.8329849, 250
	expected := math.Trunc(float64(seconds)*perSecond + since1601)
	return math.Abs(float64(token)-expected) < fudge
}

var leaveByMail = regexp.MustCompile(`(?i)<mailto:(?:leave-\S+|\S+-unsubscribe)@\S+>$`)

// hasUnusableID tells of mail whose message id was not written by its author's program: lists and servers that rewrite it.
func hasUnusableID(f *Facts) bool {
	if list := strings.TrimSuffix(f.field("List-Unsubscribe", 0), "\n"); strings.HasSuffix(list, ">") && leaveByMail.MatchString(list) {
		return true
	}
	if lostReceived(f) {
		return true
	}
	received := f.field("Received", 0)
	return strings.Contains(received, "/CWT/DCE)") || strings.Contains(received, "iPlanet Messaging Server")
}

var longID = regexp.MustCompile(`<[A-Z]{28}\.([^>]+?)>`)

// hasNameInID tells of a bulk mailer that builds message ids of 28 capitals and the author's address.
func hasNameInID(f *Facts) bool {
	id := f.field("MESSAGEID", 0)
	if strings.IndexByte(id, '<') < 0 {
		return false
	}
	parts := longID.FindStringSubmatch(id)
	return parts != nil && isNamed(f.field("From", 0), parts[1])
}

// isNamed tells whether a field has that address in brackets, behind a name in quotes.
func isNamed(from, address string) bool {
	bracketed := "<" + address + ">"
	for pos := 0; ; pos++ {
		i := strings.Index(from[pos:], bracketed)
		if i < 0 {
			return false
		}
		pos += i
		before := strings.TrimRight(from[:pos], " \t\n\v\f\r")
		if name, quoted := strings.CutSuffix(before, `"`); quoted {
			if open := strings.LastIndexByte(name, '"'); open >= 0 && open < len(name)-1 {
				return true
			}
		}
	}
}

// hasRecipientInSender tells of an envelope sender that is made of the recipient: domain.user@.
func hasRecipientInSender(f *Facts) bool {
	to, sender := f.field("To", message.HeaderAddr), f.envelopeSender()
	user, host, found := strings.Cut(to, "@")
	if !found || user == "" || host == "" || sender == "" || isSRS(sender) {
		return false
	}
	domain := f.registered(host)
	if !f.hasKnownSuffix(domain) {
		return false
	}
	for i := range sender {
		rest := sender[i:]
		if len(rest) < len(domain)+len(user)+2 {
			return false
		}
		if strings.EqualFold(rest[:len(domain)], domain) && isEdge(sender, i) && rest[len(domain)] != '\n' &&
			strings.EqualFold(rest[len(domain)+1:len(domain)+1+len(user)], user) && rest[len(domain)+1+len(user)] == '@' {
			return true
		}
	}
	return false
}

// isSRS tells of senders rewritten by a forwarder, which hold the original one.
func isSRS(sender string) bool {
	return len(sender) > 5 && strings.EqualFold(sender[:3], "SRS") && isDigit(sender[3]) && strings.IndexByte("=+-", sender[4]) >= 0
}

// hasTemplate looks for %PLACEHOLDERS that a bulk mailer forgot to fill in. Identifiers and names may look so.
func hasTemplate(f *Facts) bool {
	all := f.field("ALL", 0)
	for pos := 0; ; pos++ {
		i := strings.IndexByte(all[pos:], '%')
		if i < 0 {
			return false
		}
		pos += i
		if pos+2 < len(all) && isCapital(all[pos+1]) && (isCapital(all[pos+2]) || all[pos+2] == '_' || all[pos+2] == '-') &&
			!mayHoldPercent(all[strings.LastIndexByte(all[:pos], '\n')+1:]) {
			return true
		}
	}
}

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

func mayHoldPercent(line string) bool {
	name, _, found := strings.Cut(line, ":")
	if !found {
		return false
	}
	switch strings.ToLower(name) {
	case "x-vms-to", "x-uidl", "x-face", "to", "cc", "from", "subject", "references", "in-reply-to",
		"message-id", "x-message-id", "resent-message-id", "x-original-message-id":
		return true
	}
	return false
}

package eval

import (
	"bytes"
	"errors"
	"strings"
)

var errNoHost = errors.New("wants hosts, such as relay.example.org or relay*.example.org")

// bounceSettings are the hosts by which our mail leaves: a bounce that tells of one is of mail that we did send.
type bounceSettings struct {
	relays globSet
}

var bounceFunctions = calledBy(AnyRules, []Function{
	simple("have_any_bounce_relays", func(f *Facts) bool { return !f.Settings.bounce.relays.empty() }),
	simple("check_welcomelist_bounce_relays", returnsOurMail),
	simple("check_whitelist_bounce_relays", returnsOurMail),
})

var bounceDirectives = map[string]Directive{
	"welcomelist_bounce_relays": addBounceRelays,
	"whitelist_bounce_relays":   addBounceRelays,
}

func addBounceRelays(s *Settings, value string) error {
	hosts := strings.Fields(strings.ToLower(value))
	if len(hosts) == 0 {
		return errNoHost
	}
	for _, host := range hosts {
		s.bounce.relays.add(host)
	}
	return nil
}

// returnsOurMail looks for one of our hosts in the Received fields of the mail that a bounce brings back: in its text, and
// in what is attached.
func returnsOurMail(f *Facts) bool {
	relays := &f.Settings.bounce.relays
	if relays.empty() {
		return false
	}
	for _, line := range f.Message.BodyLines() {
		if isQuotedReceived(line) && namesRelay(relays, line, " ") {
			return true
		}
	}
	return f.attachesOurMail(relays)
}

// attachesOurMail looks through the body as it came. A line that begins with white space belongs to the field before it.
func (f *Facts) attachesOurMail(relays *globSet) bool {
	body := f.Message.Body
	if !containsFoldBytes(body, "received:") {
		return false
	}
	found, field := false, ""
	for len(body) > 0 {
		var line []byte
		line, body, _ = bytes.Cut(body, []byte("\n"))
		text := string(bytes.TrimSuffix(line, []byte("\r")))
		if !found && !isQuotedReceived(text) {
			continue
		}
		found = true
		if text != "" && isSpaceByte(text[0]) && len(field) < maxBounceField {
			field += text
		} else {
			field = text
		}
		if isQuotedReceived(field) && namesRelay(relays, field, " \t\n\v\f\r") {
			return true
		}
	}
	return false
}

// maxBounceField bounds the work on a field that is folded without end.
const maxBounceField = 8_192

// isQuotedReceived tells of a Received field, quoted or not.
func isQuotedReceived(line string) bool {
	const name = "received:"
	line = strings.TrimLeft(line, "> ")
	return len(line) >= len(name) && strings.EqualFold(line[:len(name)], name)
}

// namesRelay tells whether one of the words between blanks is one of our hosts. Each blank belongs to one word only, as
// SpamAssassin has it: of two hosts with one blank between them, the second is not seen.
func namesRelay(relays *globSet, text, blanks string) bool {
	for {
		start := strings.IndexAny(text, blanks)
		if start < 0 {
			return false
		}
		text = text[start+1:]
		end := strings.IndexAny(text, " \t\n\v\f\r")
		if end < 0 {
			return false
		}
		word := text[:end]
		if strings.IndexByte(blanks, text[end]) < 0 || !hasInnerDot(word) {
			continue
		}
		if relays.has(strings.ToLower(word)) {
			return true
		}
		text = text[end+1:]
	}
}

func hasInnerDot(word string) bool {
	return len(word) > 2 && strings.IndexByte(word[1:len(word)-1], '.') >= 0
}

// containsFoldBytes tells whether text has word in it, which is in lower case.
func containsFoldBytes(text []byte, word string) bool {
	for {
		i := bytes.IndexByte(text, ':')
		if i < 0 {
			return false
		}
		if from := i + 1 - len(word); from >= 0 && strings.EqualFold(string(text[from:i+1]), word) {
			return true
		}
		text = text[i+1:]
	}
}

package eval

import (
	"errors"
	"regexp"
	"strings"

	"winnow/pkg/message"
)

var (
	replyMarks  = regexp.MustCompile(`(?i)^(?:(?:Re|Fwd|Fw|Aw|Antwort|WG|SV|VB|VS|VL):\s*)+`)
	capitalWord = regexp.MustCompile(`(?i)=\?[-_a-z0-9]*(?:koi|jp|jis|euc|gb|big5|isoir|cp1251|windows-1251|georgianps|pt154|tis)[-_a-z0-9]*\?`)
)

// minCapitalSubject is how many octets a Subject must have to be called shouted.
const minCapitalSubject = 10

// isAllCapitals tells whether all letters of the Subject are capitals. One word is not enough, and charsets whose octets look
// like capitals are left out.
func isAllCapitals(f *Facts) bool {
	subject := withoutReplyMarks(strings.Trim(f.field("Subject", 0), " \t\n\v\f\r"))
	if hasLowerLetter(subject) || !hasCapital(subject) || len(subject) < minCapitalSubject || !strings.ContainsAny(subject, " \t\n\v\f\r") {
		return false
	}
	raw := f.field("Subject", message.HeaderRaw)
	return !strings.Contains(raw, "=?") || !capitalWord.MatchString(raw)
}

func withoutReplyMarks(subject string) string {
	if strings.IndexByte(subject, ':') < 0 {
		return subject
	}
	return subject[len(replyMarks.FindString(subject)):]
}

func hasLowerLetter(s string) bool {
	return strings.ContainsAny(s, "abcdefghijklmnopqrstuvwxyz")
}

func hasCapital(s string) bool {
	return strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// bindToInSubject asks whether the Subject names the recipient: by address, or by the part before the @.
func bindToInSubject(args []string, _ *Settings) (Check, error) {
	if len(args) != 1 {
		return nil, errors.New("wants 'address' or 'user'")
	}
	switch args[0] {
	case "address":
		return func(f *Facts) int {
			to := f.field("To", message.HeaderAddr)
			return hits(to != "" && holdsWholeWord(f.field("Subject", 0), to))
		}, nil
	case "user":
		return func(f *Facts) int {
			to := f.field("To", message.HeaderAddr)
			user, _, _ := strings.Cut(to, "@")
			return hits(to != "" && addresses(strings.TrimSuffix(f.field("Subject", 0), "\n"), user))
		}, nil
	}
	return func(*Facts) int { return 0 }, nil
}

// holdsWholeWord tells whether text has word in it, in either case, with edges of words around it.
func holdsWholeWord(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) && isEdge(text, i) && isEdge(text, i+len(word)) {
			return true
		}
	}
	return false
}

const addressMarks = ",:;!?-"

// addresses tells whether a Subject speaks to the user: "Re: user", "Re: dear user", "user, ...", "user" or ", user!".
func addresses(subject, user string) bool {
	if rest, found := strings.CutPrefix(subject, user); found {
		rest = strings.TrimLeft(rest, " \t\n\v\f\r")
		if rest != "" && strings.IndexByte(addressMarks, rest[0]) >= 0 && (len(rest) == 1 || isSpaceByte(rest[1])) {
			return true
		}
	}
	if strings.EqualFold(subject, user) {
		return true
	}
	if rest, found := strings.CutPrefix(subject, ","); found && rest != "" {
		rest = strings.TrimLeft(rest, " \t\n\v\f\r")
		if n := len(rest) - 1; n >= 0 && strings.EqualFold(rest[:n], user) && strings.IndexByte(addressMarks, rest[n]) >= 0 {
			return true
		}
	}
	if len(subject) < 3 || !strings.EqualFold(subject[:3], "re:") && !strings.EqualFold(subject[:3], "fw:") {
		return false
	}
	rest := strings.TrimLeft(subject[3:], " \t\n\v\f\r")
	if strings.EqualFold(rest, user) {
		return true
	}
	word := 0
	for word < len(rest) && isWordByte(rest[word]) {
		word++
	}
	after := strings.TrimLeft(rest[word:], " \t\n\v\f\r")
	return word > 0 && len(after) < len(rest)-word && strings.EqualFold(after, user)
}

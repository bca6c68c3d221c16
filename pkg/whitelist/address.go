package whitelist

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"winnow/pkg/message"
)

// An address is a mail address in the one form that is compared and stored: lower case, domain in ASCII, no needless
// quotes. The zero address is that of the null sender.
type address struct {
	full   string // "user+tag@example.org"
	base   string // without its tag, "user@example.org"; same as full where tags are not ours to take off
	domain string // "example.org"; "" where the address has none, as in RCPT TO:<postmaster>, or none that can be
}

// maxAddress is the octets of the longest address: 64 for the local part, 255 for the domain (RFC 5321, 4.5.3.1).
const maxAddress = 64 + 1 + 255

// senderAddress returns the canonical form of a sender or of a remote recipient. Its tag stays: only the remote host
// knows whether what stands behind a + is one. A BATV signature goes, see unsigned.
func senderAddress(s string) address {
	local, domain := split(s)
	a := join(s, unsigned(local), domain)
	return address{full: a, base: a, domain: domain}
}

// recipientAddress returns the canonical form of an address of ours, also without its tag. The delimiters are those of
// Postfix's recipient_delimiter: the first of any of them begins the tag.
func recipientAddress(s, delimiters string) address {
	local, domain := split(s)
	local = unsigned(local)
	a := address{full: join(s, local, domain), domain: domain}
	a.base = a.full
	if i := tagAt(local, delimiters); i > 0 {
		a.base = join("", local[:i], domain)
	}
	return a
}

// tagAt returns where the tag of a local part begins, 0 or less where it has none. Like Postfix (split_addr.c) it leaves
// owner-list and list-request whole where a hyphen is a delimiter.
func tagAt(local, delimiters string) int {
	if strings.HasPrefix(local, `"`) {
		return -1
	}
	i := strings.IndexAny(local, delimiters)
	if i > 0 && local[i] == '-' && (strings.HasPrefix(local, "owner-") || strings.HasSuffix(local, "-request")) {
		return -1
	}
	return i
}

// split cuts an address at its last @ and returns both sides in canonical form.
func split(s string) (local, domain string) {
	if len(s) > maxAddress {
		return s[:maxAddress], "" // matches nothing
	}
	local, domain = message.SplitAddress(s)
	return canonicalLocal(local), domain
}

// join puts an address together again. Most addresses come in canonical form; then the answer is s itself.
func join(s, local, domain string) string {
	if domain == "" {
		return local
	}
	if n := len(local); len(s) == n+1+len(domain) && s[:n] == local && s[n+1:] == domain {
		return s
	}
	return local + "@" + domain
}

// canonicalLocal folds a local part: "A.Friend" with quotes or without them is the same mailbox (RFC 5321, 4.1.2).
func canonicalLocal(local string) string {
	local = fold(local)
	if len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' && isDotAtom(local[1:len(local)-1]) {
		return local[1 : len(local)-1]
	}
	return local
}

// fold takes case and, beyond ASCII, differences of composition (RFC 6532, 3.1) out of a string.
func fold(s string) string {
	if !isASCII(s) {
		s = norm.NFC.String(s)
	}
	return strings.ToLower(s)
}

// isDotAtom tells whether a local part needs no quotes (RFC 5321, 4.1.2; RFC 6531, 3.3 for what is not ASCII).
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	switch {
	case r >= utf8.RuneSelf: // but nothing that cannot be seen
		return r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.IsSpace(r)
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

package auth

import (
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// authorDomain returns the domain of the author, as the DNS knows it. DMARC is about one (RFC 7489, 6.6.1): where there is
// none or there are several, the result and the reason say so.
func authorDomain(m *message.Message) (domain string, result message.AuthResult, reason string) {
	value, fields := "", 0
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, "From") {
			value, fields = m.Header[i].Value, fields+1
		}
	}
	switch {
	case fields == 0:
		return "", message.AuthNone, "no From field"
	case fields > 1:
		return "", message.AuthPermError, fmt.Sprintf("%d From fields", fields)
	case len(value) > message.MaxFieldValue: // what is behind that is not read, and may be what a mail program shows
		return "", message.AuthPermError, "a From field that is too long"
	}
	addresses, _ := m.HeaderText("From", message.HeaderAddr)
	for address := range strings.SplitSeq(addresses, "\n") {
		_, found := message.SplitAddress(address)
		switch {
		case found == "" || found[0] == '[':
			return "", message.AuthPermError, "a From field with an address that has no domain"
		case domain != "" && domain != found:
			return "", message.AuthPermError, "a From field with addresses of several domains"
		}
		domain = found
	}
	for _, address := range bracketed(value) { // of several some mail programs show the first, some the last
		if _, found := message.SplitAddress(address); found != domain && strings.Contains(address, "@") {
			return "", message.AuthPermError, "a From field with addresses of several domains"
		}
	}
	return domain, message.AuthNone, ""
}

// bracketed returns what stands in angle brackets outside of quotes and comments.
func bracketed(value string) []string {
	var found []string
	ends := true // quotes and comments do
	for i := 0; i < len(value); i++ {
		size := 1
		switch value[i] {
		case '(':
			if ends {
				size = commentSize(value[i:])
			}
		case '"':
			if ends {
				size = quoteSize(value[i:])
			}
		case '<':
			if end := strings.IndexByte(value[i:], '>'); end > 0 {
				found = append(found, value[i+1:i+end])
				size = end + 1
			}
		}
		if size == 0 { // it is a character like others, and those behind it are, too
			ends, size = false, 1
		}
		i += size - 1
	}
	return found
}

// commentSize returns the size of the comment that text begins with, with those within it; 0 where it does not end.
func commentSize(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// quoteSize returns the size of the quoted string that text begins with; 0 where it does not end.
func quoteSize(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

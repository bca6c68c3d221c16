package message

import (
	"net/netip"
	"strings"
)

// address returns the address that the part up to "by" names, and whether it names several. One in a comment is the
// receiver's word. The first word is what the client called itself, which may look like an address, unless that stands
// elsewhere; behind it some MTAs write the address in brackets.
func (f *receivedParts) address() (addr netip.Addr, several bool) {
	for _, comment := range f.comments {
		if isOfTLS(comment) {
			continue
		}
		if addr, several = addressIn(cutSaid(comment), addr); several {
			return addr, true
		}
	}
	if addr.IsValid() {
		return addr, false
	}
	words := f.words
	if len(words) > 0 && !f.saidElsewhere() {
		words = words[1:]
	}
	for _, word := range words {
		if addr, several = addressIn(word, addr); several {
			return addr, true
		}
	}
	return addr, false
}

// saidElsewhere tells whether what the client called itself stands in a comment, or would if it were not its address.
func (f *receivedParts) saidElsewhere() bool {
	for _, comment := range f.comments {
		if cutSaid(comment) != comment {
			return true
		}
	}
	return strings.Contains(f.tail, "(Exim ")
}

// tellsName tells whether a name is that of the client's address: the first word is, where HELO stands elsewhere. Exchange
// writes HELO alone, in a form that others write the name in.
func (f *receivedParts) tellsName(name string) bool {
	if f.saidElsewhere() {
		return true
	}
	for _, comment := range f.comments {
		if strings.Contains(comment, name) {
			return true
		}
	}
	return false
}

// addressIn looks for addresses in s, and tells whether there is one but addr. What is a part of a name is none.
func addressIn(s string, addr netip.Addr) (netip.Addr, bool) {
	for pos := 0; pos < len(s); pos++ {
		if pos > 0 && strings.IndexByte(" [(@<,", s[pos-1]) < 0 {
			continue
		}
		end, ok := matchAddr(s, pos)
		if !ok || !endsAddr(s[end:]) {
			continue
		}
		found, err := ParseAddr(cleanAddr(s[pos:end]))
		if err != nil {
			continue
		}
		if addr.IsValid() && addr != found {
			return addr, true
		}
		addr, pos = found, end
	}
	return addr, false
}

// endsAddr tells whether what follows an address shows that it is one whole: a port may.
func endsAddr(rest string) bool {
	if rest == "" {
		return true
	}
	if rest[0] == '.' || rest[0] == ':' {
		after := strings.TrimLeft(rest[1:], "0123456789")
		return len(after) < len(rest)-1 && (after == "" || strings.IndexByte(" ])", after[0]) >= 0)
	}
	return strings.IndexByte(" ])>,;%", rest[0]) >= 0
}

// cutSaid takes out of a comment what the client called itself there.
func cutSaid(comment string) string {
	for _, said := range [...]string{"HELO ", "EHLO ", "LHLO "} {
		if strings.HasPrefix(comment, said) {
			return ""
		}
		comment = cutWordBehind(comment, " "+said)
	}
	return cutWordBehind(cutWordBehind(comment, "helo="), "ident=")
}

func cutWordBehind(s, mark string) string {
	before, after, found := strings.Cut(s, mark)
	if !found {
		return s
	}
	_, rest, _ := strings.Cut(after, " ")
	return before + " " + rest
}

// isOfTLS tells of comments about the encryption, which may hold the name in the client's certificate.
func isOfTLS(comment string) bool {
	if isNameAndAddr(comment) { // of a client whose name in the DNS begins so
		return false
	}
	for _, begin := range [...]string{"using TLS", "using SSL", "version=", "TLS", "Client ", "No client ", "client-signature ", "key-exchange ", "cipher="} {
		if strings.HasPrefix(comment, begin) {
			return true
		}
	}
	return false
}

// helo is what the client called itself, where no form tells it.
func (f *receivedParts) helo() string {
	if len(f.words) == 0 {
		return ""
	}
	return f.words[0]
}

// receiver is the host that wrote the field.
func (f *receivedParts) receiver() string {
	_, rest, _ := strings.Cut(f.tail, " ")
	return strings.TrimSuffix(firstWord(rest), ";")
}

// protocol is what stands behind "with", "" for nothing.
func (f *receivedParts) protocol() string {
	_, rest, _ := strings.Cut(f.tail, " with ")
	return strings.TrimRight(firstWord(rest), ";")
}

// fetched tells whether a program collected the message from a mailbox: then the field below was written by the host that
// holds that.
func (f *receivedParts) fetched() bool {
	protocol := strings.ToUpper(f.protocol())
	return f.from && len(f.words) <= 2 && (strings.HasPrefix(protocol, "POP") || strings.HasPrefix(protocol, "IMAP") || protocol == "APOP")
}

// without says what it means that a field names no address: within a host or a system that is as it should be.
func (f *receivedParts) without() handover {
	protocol := strings.ToLower(f.protocol())
	switch {
	case !f.from, strings.Join(f.words, " ") == "mail pickup service":
		return handedLocally
	case strings.HasPrefix(protocol, "local"), strings.HasPrefix(protocol, "lmtp"), strings.HasPrefix(protocol, "qmail-scanner"):
		return handedLocally
	}
	for _, comment := range f.comments {
		if strings.HasSuffix(comment, "[local]") || strings.HasSuffix(comment, "[unix socket]") || strings.Contains(comment, "[UNIX: ") {
			return handedLocally
		}
	}
	return handedUnknown
}

// auth tells how the client authenticated, "" where it did not: by the protocol (RFC 3848), or by a comment behind its
// address.
func (f *receivedParts) auth() string {
	if protocol := authProtocol("x " + f.tail); protocol != "" {
		return protocol
	}
	for _, comment := range f.comments[min(1, len(f.comments)):] {
		for _, begin := range [...]string{"Authenticated sender: ", "authenticated ", "AUTH: "} {
			if strings.HasPrefix(comment, begin) {
				return strings.TrimRight(begin, ": ")
			}
		}
	}
	return ""
}

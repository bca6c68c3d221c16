package auth

import (
	"fmt"
	"slices"
	"strings"

	"winnow/pkg/message"
)

// exempt returns why the failure of a message is to be expected, "" for no reason: somebody handed it on who is trusted to
// say that it was all right when he got it, or a mailing list did that proves that it is the list, and that left a signature
// of the author's domain in place which it broke. The latter is a hint and no proof, for anybody can write such a signature;
// but without it all bulk mail would be excused that comes with a List-Id and is proven to be its sender's.
func exempt(m *message.Message, r dmarcRecord, id *message.Identity) string {
	if id.ARC.Trusted {
		if claim := r.passedBefore(id.ARC.Claims); claim != "" {
			return fmt.Sprintf("%s, which is trusted, saw %s", id.ARC.Sealer, claim)
		}
	}
	if !r.isBroken(id.DKIM) {
		return ""
	}
	for _, field := range []string{"List-Id", "List-Post"} {
		list := listDomain(m, field)
		if proof := id.Proof(list); proof != "" {
			return fmt.Sprintf("a mailing list of %s, by %s", list, proof)
		}
	}
	return ""
}

// isBroken tells whether a signature of the author's domain does not fit the message any more.
func (r *dmarcRecord) isBroken(signatures []message.Signature) bool {
	return slices.ContainsFunc(signatures, func(s message.Signature) bool { return s.Result == message.AuthFail && r.alignedDKIM(s.Domain) })
}

// passedBefore returns the claim by which the message passed DMARC, or would have, when a sealer got it; "" where there is
// none.
func (r *dmarcRecord) passedBefore(claims string) string {
	for _, c := range parseClaims(claims) {
		if c.result != "pass" {
			continue
		}
		switch c.method {
		case "dmarc":
			if from := c.domain("header.from"); from == "" || from == r.author {
				return "dmarc=pass"
			}
		case "dkim":
			for _, property := range []string{"header.d", "header.i"} {
				if d := c.domain(property); d != "" && r.alignedDKIM(d) {
					return "dkim=pass of " + d
				}
			}
		case "spf":
			if d := c.domain("smtp.mailfrom"); d != "" && r.alignedSPF(d) {
				return "spf=pass of " + d
			}
		}
	}
	return ""
}

// listDomain returns the domain of a mailing list: that of its name in List-Id (RFC 2919), or of its address in List-Post
// (RFC 2369). It is "" where there is none.
func listDomain(m *message.Message, field string) string {
	value := m.Header.Get(field)
	if len(value) > message.MaxFieldValue {
		return ""
	}
	open, end := strings.LastIndexByte(value, '<'), strings.LastIndexByte(value, '>')
	if open < 0 || end < open {
		return ""
	}
	name := value[open+1 : end]
	if field == "List-Post" {
		address, found := cutPrefixFold(trimBlanks(name), "mailto:")
		if !found {
			return ""
		}
		address, _, _ = strings.Cut(address, "?")
		_, domain := message.SplitAddress(address)
		return domain
	}
	domain, _ := message.HostASCII(name)
	return domain
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// maxClaims is how many results of one Authentication-Results are read.
const maxClaims = 64

// A claim is one result of Authentication-Results (RFC 8601, 2.2), method and result in lower case.
type claim struct {
	method, result string
	properties     []string // name=value
}

// parseClaims reads results, without the authserv-id before them. Comments and quoted strings are what they are, not
// claims: others than who wrote the field put their words there.
func parseClaims(text string) []claim {
	var claims []claim
	for _, words := range claimWords(text) {
		if len(words) == 0 {
			continue
		}
		method, result, _ := strings.Cut(words[0], "=")
		method, _, _ = strings.Cut(method, "/") // with a version
		claims = append(claims, claim{strings.ToLower(method), strings.ToLower(result), words[1:]})
	}
	return claims
}

// claimWords cuts the text at its semicolons and each part into words. Blanks around = are dropped, comments, too; a quoted
// string is part of a word, without its quotes. Behind one that does not end nothing is read.
func claimWords(text string) [][]string {
	parts := make([][]string, 1)
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			parts[len(parts)-1] = append(parts[len(parts)-1], word.String())
			word.Reset()
		}
	}
	text = text[:min(len(text), message.MaxFieldValue)]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '(':
			size := commentSize(text[i:])
			if size == 0 {
				flush()
				return parts
			}
			i += size - 1
		case c == '"':
			size := quoteSize(text[i:])
			if size == 0 {
				return parts
			}
			word.WriteString(unescaped(text[i+1 : i+size-1]))
			i += size - 1
		case c == ';':
			flush()
			if len(parts) == maxClaims {
				return parts
			}
			parts = append(parts, nil)
		case strings.IndexByte(blanks, c) < 0:
			word.WriteByte(c)
		default:
			behind := strings.TrimLeft(text[i:], blanks)
			i = len(text) - len(behind) - 1
			if !strings.HasSuffix(word.String(), "=") && !strings.HasPrefix(behind, "=") {
				flush()
			}
		}
	}
	flush()
	return parts
}

// unescaped takes the backslashes out of a quoted string.
func unescaped(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// domain returns the domain in a property: of an address, or all of it.
func (c *claim) domain(property string) string {
	for _, p := range c.properties {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(name, property) {
			continue
		}
		value = value[strings.LastIndexByte(value, '@')+1:]
		domain, _ := message.HostASCII(value)
		return domain
	}
	return ""
}

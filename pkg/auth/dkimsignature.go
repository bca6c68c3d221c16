package auth

import (
	"encoding/base64"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// Limits of one signature. What is beyond them was not made by anybody who signs mail.
const (
	maxSignature   = 16 << 10 // octets of a field; z=, which nobody needs, can fill some
	maxSignedNames = 256      // names in h=
	maxInteger     = 12       // digits of t= and x= (RFC 6376, 3.5)
)

// A signature is a field that signs something, taken apart: DKIM-Signature (RFC 6376), ARC-Message-Signature or ARC-Seal
// (RFC 8617), which have most of their tags in common.
type signature struct {
	place int // of the field in the header
	field *message.Field
	tags  tagList

	domain    string // d=, as it is asked of the DNS
	selector  string // s=
	algorithm string // a=
	value     []byte // b=

	header, body form
	names        []string // h=, in lower case
	length       int64    // l=, or wholeBody
	bodyHash     []byte   // bh=
	created      int64    // t=, seconds since 1970, 0 where it does not say
	expires      int64    // x=, likewise
}

// parse reads the tags and what all three kinds of signatures have. What could be read before a failure is there.
func (s *signature) parse(h message.Header, place int) (f *failure) {
	s.place, s.field = place, &h[place]
	if len(s.field.Value) > maxSignature {
		return neutral("longer than %d octets", maxSignature)
	}
	if s.tags, f = parseTags(s.field.Value, false); f != nil {
		return f
	}
	for _, name := range []string{"a", "b", "d", "s"} {
		if s.tags.value(name) == "" {
			return neutral("%s= is missing", name)
		}
	}
	domain, ok := message.HostASCII(s.tags.value("d"))
	if !ok || !strings.Contains(domain, ".") {
		return neutral("d= is no domain")
	}
	s.domain = domain
	name, ok := message.HostASCII(s.tags.value("s") + keyZone + s.domain)
	if !ok {
		return neutral("s= is no selector")
	}
	s.selector = strings.TrimSuffix(name, keyZone+s.domain)
	if s.created, f = s.seconds("t"); f != nil {
		return f
	}
	switch s.algorithm = s.tags.value("a"); s.algorithm {
	case "rsa-sha256", "ed25519-sha256":
	case "rsa-sha1":
		return permanent("rsa-sha1 is no longer valid") // RFC 8301, 3.1
	default:
		s.algorithm = ""
		return neutral("an algorithm that we do not know")
	}
	if s.value, ok = decode(s.tags.value("b")); !ok {
		return neutral("b= is not base64")
	}
	return nil
}

// keyName is where the key is published (RFC 6376, 3.6.2.1).
func (s *signature) keyName() string { return s.selector + keyZone + s.domain }

const keyZone = "._domainkey."

// fits tells what speaks against a key for the signature.
func (s *signature) fits(k *key) *failure {
	if k.failed != nil {
		return k.failed
	}
	if kind, _, _ := strings.Cut(s.algorithm, "-"); kind != k.kind {
		return permanent("the key is of another kind than a= says")
	}
	return nil
}

// parseContent reads what a signature of header and body has beside.
func (s *signature) parseContent() (f *failure) {
	var ok bool
	if c, found := s.tags.find("c"); found {
		if s.header, s.body, ok = parseForms(c.value); !ok {
			return neutral("c= is no form that we know")
		}
	}
	if !s.tags.has("h") {
		return neutral("h= is missing")
	}
	if strings.Count(s.tags.value("h"), ":") >= maxSignedNames {
		return neutral("h= has more than %d names", maxSignedNames)
	}
	s.names = s.tags.words("h")
	for i, name := range s.names {
		s.names[i] = strings.ToLower(name)
	}
	bodyHash := s.tags.value("bh")
	if s.bodyHash, ok = decode(bodyHash); !ok || bodyHash == "" {
		return neutral("bh= is not base64")
	}
	if s.length, f = s.bodyLength(); f != nil {
		return f
	}
	if methods := s.tags.words("q"); methods != nil && !contains(methods, "dns/txt") {
		return neutral("q= names no way to ask for the key that we know")
	}
	if s.expires, f = s.seconds("x"); f != nil {
		return f
	}
	if s.expires > 0 && s.expires <= s.created {
		return neutral("it expires before it was made")
	}
	return nil
}

// bodyLength reads l=.
func (s *signature) bodyLength() (int64, *failure) {
	t, found := s.tags.find("l")
	if !found {
		return wholeBody, nil
	}
	if !isDigits(t.value) {
		return 0, neutral("l= is no number")
	}
	length, err := strconv.ParseInt(t.value, 10, 64)
	if err != nil {
		return 0, permanent("l= is more than the length of any body")
	}
	return length, nil
}

// seconds reads a point in time, 0 where the tag is missing.
func (s *signature) seconds(name string) (int64, *failure) {
	t, found := s.tags.find(name)
	if !found {
		return 0, nil
	}
	if !isDigits(t.value) || len(t.value) > maxInteger {
		return 0, neutral("%s= is no point in time", name)
	}
	seconds, _ := strconv.ParseInt(t.value, 10, 64) // 12 digits fit
	return seconds, nil
}

// expired tells whether the signature says that it is no longer valid. A x= of 0 is long past.
func (s *signature) expired(now int64) bool { return s.tags.has("x") && s.expires <= now }

// appendUnsigned appends the signature's own field, with an empty b=, as it is signed itself (RFC 6376, 3.7).
func (s *signature) appendUnsigned(dst []byte, f form) []byte {
	b, _ := s.tags.find("b")
	value := s.field.Value
	return f.appendField(dst, s.field.Name, value[:b.at]+value[b.end:])
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func decode(base64Text string) ([]byte, bool) {
	octets, err := base64.StdEncoding.DecodeString(dropBlanks(base64Text))
	return octets, err == nil
}

// contains tells whether a word of a list is there, without distinction of case.
func contains(words []string, word string) bool {
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}

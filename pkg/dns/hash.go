package dns

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
)

// A Hash is how a DNS list hides what it is asked about, or makes a label of what could be none: a mail address, a link.
type Hash uint8

const (
	NoHash Hash = iota
	MD5         // in hexadecimal
	SHA1        // in hexadecimal
	SHA256      // in base 32 (RFC 4648, 6) without padding: in hexadecimal it is longer than a label may be
)

var hashNames = []string{"none", "md5", "sha1", "sha256"}

func (h Hash) String() string { return hashNames[h] }

// HashNames returns the names of all, in their order.
func HashNames() []string { return slices.Clone(hashNames) }

var label32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// Of returns what stands before a list's zone to ask about text.
func (h Hash) Of(text string) string {
	switch h {
	case MD5:
		sum := md5.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	case SHA1:
		sum := sha1.Sum([]byte(text))
		return hex.EncodeToString(sum[:])
	case SHA256:
		sum := sha256.Sum256([]byte(text))
		return strings.ToLower(label32.EncodeToString(sum[:]))
	}
	return text
}

package auth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"strings"
	"sync"

	"winnow/pkg/dns"
)

// Limits of keys. Longer ones are not safer for mail, and cost the verifier: one of 16,384 bits takes a millisecond.
const (
	minKeyBits   = 1024 // RFC 8301, 3.2
	maxKeyBits   = 4096 // RFC 8301, 3.2: what verifiers must be able to read
	maxKeyRecord = 4096 // octets
)

// A key is what a domain publishes to verify signatures with (RFC 6376, 3.6).
type key struct {
	public  crypto.PublicKey // *rsa.PublicKey or ed25519.PublicKey
	kind    string           // "rsa" or "ed25519"
	bits    int              // 0 where it could not be had
	testing bool             // t=y: the domain is only testing
	strict  bool             // t=s: i= must have the domain of d= itself
	failed  *failure         // why it cannot be used, nil if it can
}

// verify tells whether value signs the hash.
func (k *key) verify(hashed, value []byte) bool {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, hashed, value) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(public, hashed, value) // RFC 8463, 3: the hash is what is signed
	}
	return false
}

// A keyring holds the keys of a message's signatures. Each is asked for once, and all at the same time.
type keyring struct {
	names  []string
	keys   []key
	asking sync.WaitGroup
}

// want notes the name of a key and returns its place.
func (r *keyring) want(name string) int {
	for i := range r.names {
		if strings.EqualFold(r.names[i], name) {
			return i
		}
	}
	r.names = append(r.names, name)
	return len(r.names) - 1
}

// ask starts to ask for all keys that are wanted; wait returns when they are there.
func (r *keyring) ask(ctx context.Context, resolver dns.Resolver) {
	r.keys = make([]key, len(r.names))
	for i, name := range r.names {
		r.asking.Go(func() {
			k := &r.keys[i]
			k.failed = attempt(func() *failure { return k.fetch(ctx, resolver, name) })
		})
	}
}

func (r *keyring) wait() { r.asking.Wait() }

// fetch asks for a key. Of several texts the one that is a key counts: a wildcard's SPF record does no harm. What two keys
// mean is not defined (RFC 6376, 3.6.2.2), so that they are none.
func (k *key) fetch(ctx context.Context, resolver dns.Resolver, name string) *failure {
	answer, err := resolver.Resolve(ctx, dns.Question{Name: strings.ToLower(name), Type: dns.TXT})
	switch {
	case errors.Is(err, dns.ErrName):
		return permanent("no key: %v", err)
	case err != nil:
		return temporary("no key: %v", err)
	case len(answer.Texts) == 0:
		return permanent("no key")
	}
	record, several := answer.Texts[0], false
	for i, text := range answer.Texts {
		switch {
		case i == 0, text == record, !isKeyRecord(text):
		case isKeyRecord(record):
			several = true
		default:
			record = text
		}
	}
	if several {
		return permanent("several keys")
	}
	return k.parse(record)
}

// isKeyRecord tells whether a text is meant to be a key.
func isKeyRecord(text string) bool {
	tags, f := parseTags(text, true)
	return f == nil && tags.has("p")
}

// parse reads a record (RFC 6376, 3.6.1). g=, which RFC 4871 had, is gone, and ignored.
func (k *key) parse(record string) *failure {
	if len(record) > maxKeyRecord {
		return permanent("a key record of more than %d octets", maxKeyRecord)
	}
	tags, f := parseTags(record, true)
	if f != nil {
		return permanent("no key: the record has %s", f.reason)
	}
	if v, found := tags.find("v"); found && v.value != "DKIM1" {
		return permanent("no key: the record has another version")
	}
	if hashes := tags.words("h"); hashes != nil && !contains(hashes, "sha256") {
		return permanent("the key is not for sha256")
	}
	if services := tags.words("s"); services != nil && !contains(services, "email") && !contains(services, "*") {
		return permanent("the key is not for mail")
	}
	flags := tags.words("t")
	k.testing, k.strict = contains(flags, "y"), contains(flags, "s")
	p, found := tags.find("p")
	switch {
	case !found:
		return permanent("no key: the record has no p=")
	case p.value == "":
		return permanent("the key is revoked")
	}
	octets, ok := decode(p.value)
	if !ok {
		return permanent("no key: p= is not base64")
	}
	k.kind = "rsa"
	if kind, found := tags.find("k"); found {
		k.kind = kind.value
	}
	switch k.kind {
	case "rsa":
		return k.parseRSA(octets)
	case "ed25519":
		if len(octets) != ed25519.PublicKeySize {
			return permanent("no key: one of ed25519 has %d octets, not %d", ed25519.PublicKeySize, len(octets))
		}
		k.public, k.bits = ed25519.PublicKey(octets), 8*len(octets)
		return nil
	}
	return permanent("a key of a kind that we do not know")
}

// parseRSA reads a key in either of the forms that RFC 6376 names: SubjectPublicKeyInfo, and the RSAPublicKey within it
// (erratum 3017).
func (k *key) parseRSA(der []byte) *failure {
	public, _ := x509.ParsePKIXPublicKey(der)
	if public == nil {
		public, _ = x509.ParsePKCS1PublicKey(der)
	}
	own, ok := public.(*rsa.PublicKey)
	if !ok || own == nil {
		return permanent("no key: p= is no RSA key")
	}
	k.public, k.bits = own, own.N.BitLen()
	switch {
	case k.bits < minKeyBits:
		return policy("a key of %d bits, fewer than %d", k.bits, minKeyBits)
	case k.bits > maxKeyBits:
		return policy("a key of %d bits, more than %d", k.bits, maxKeyBits)
	}
	return nil
}

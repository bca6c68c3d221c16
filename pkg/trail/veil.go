package trail

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
)

// Bounds of what a record keeps, in octets.
const (
	maxAddress = 320 // 64 of a local part, 255 of a domain (RFC 5321, 4.5.3.1)
	maxID      = 250
	maxSubject = 250
	maxHost    = 255
	maxDetail  = 300
	maxText    = 510 // what fits into a reply
	maxReason  = 600
	maxFault   = 300
)

// cut makes text valid UTF-8 of at most so many octets.
func cut(text string, most int) string {
	if len(text) > 2*most { // whatever is cut off need not be looked at
		text = text[:2*most]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return strings.Clone(text) // else a word of it would keep all of a message
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.Clone(text[:most])
}

// plainAddress is a mail address as records have it.
func plainAddress(s string) string {
	return strings.ToLower(cut(strings.Trim(s, "<> \t"), maxAddress))
}

// plainUser is a login as records have it.
func plainUser(s string) string { return cut(s, maxAddress) }

// plainID is a Message-ID as records have it.
func plainID(s string) string { return cut(strings.Trim(message.Unfold(s), "<> \t"), maxID) }

// A veil is what is laid over addresses. Without a key there is none.
type veil struct {
	key    []byte
	hashed bool
}

const (
	keyName  = "trail-key"
	keySize  = 32
	hashSize = 12 // octets of a hash that are kept: 2^48 addresses are told apart
	hashMark = "#"
)

// readKey reads the key in a folder, nil where there is none.
func readKey(dir string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(dir, keyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%s: holds no key of %d octets in hexadecimal: restore it, or remove it to have a new one, under which older records are not found", filepath.Join(dir, keyName), keySize)
	}
	return key, nil
}

// makeKey reads the key in a folder and makes one where there is none.
func makeKey(dir string) ([]byte, error) {
	key, err := readKey(dir)
	if key != nil || err != nil {
		return key, err
	}
	key = make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, keyName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return nil, err
	}
	return key, nil
}

// hash returns what stands for a text, nothing for none.
func (v *veil) hash(text string) string {
	if text == "" {
		return ""
	}
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte(text))
	return hashMark + hex.EncodeToString(mac.Sum(nil)[:hashSize])
}

func (v *veil) over(text string) string {
	if v.hashed {
		return v.hash(text)
	}
	return text
}

func (v *veil) address(s string) string { return v.over(plainAddress(s)) }

// text is what may hold addresses: it is left out behind a veil.
func (v *veil) text(s string, most int) string {
	if v.hashed {
		return ""
	}
	return cut(s, most)
}

func (v *veil) client(c message.Client) Client {
	r := Client{Own: c.Own, Relay: c.Relay, Blind: c.Blind, Name: v.text(c.Name, maxHost), Helo: v.text(c.Helo, maxHost)}
	if c.Addr.IsValid() {
		r.Addr = v.over(c.Addr.String())
		if v.hashed {
			r.Network = v.hash(networkOf(c.Addr).String())
		}
	}
	return r
}

// networkOf is the network of an address that is looked for as one.
func networkOf(addr netip.Addr) netip.Prefix {
	bits := 24
	if addr.Is6() {
		bits = 64
	}
	network, _ := addr.Prefix(bits) // of an address there is one
	return network
}

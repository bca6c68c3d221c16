package dnslist

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"winnow/pkg/dns"
)

// A Secret is a subscriber's key. It prints as *** in every format; the zero Secret is none and prints as nothing.
type Secret struct {
	// A pointer, because package fmt calls no methods on unexported fields of others' structs: there it then prints
	// an address instead of the key.
	value *string
}

// NewSecret returns a Secret that hides value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// reveal returns the key. Only the name of a question may hold it.
func (s Secret) reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return dns.Hidden
}

// GoString is what %#v prints.
func (s Secret) GoString() string { return s.String() }

// Format prints the same whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText writes what String says; JSON and configuration printers use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML writes what String says.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

const (
	maxKeyFile = 1024 // octets
	maxKeyMode = 0o640
)

// readKeyFile reads a key from a file that others cannot read.
func readKeyFile(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return Secret{}, err
	case !info.Mode().IsRegular():
		return Secret{}, &fs.PathError{Op: "read key", Path: path, Err: errors.New("is not a file")}
	case info.Mode().Perm()&^maxKeyMode != 0:
		return Secret{}, fmt.Errorf("%s has mode %04o, so that others can get at the key: chmod %04o %s",
			path, info.Mode().Perm(), maxKeyMode, path)
	case info.Size() > maxKeyFile:
		return Secret{}, fmt.Errorf("%s is larger than %d octets: it must hold the key and nothing else", path, maxKeyFile)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return Secret{}, err
	}
	return parseKey(string(data))
}

// parseKey takes the key from what a file or a variable holds. It becomes labels of a name in the DNS.
func parseKey(text string) (Secret, error) {
	key := strings.ToLower(strings.TrimRight(text, "\r\n"))
	switch {
	case key == "":
		return Secret{}, errors.New("the key is empty")
	case len(key) > maxZone || !validLabels(key):
		return Secret{}, errors.New("this is no key: letters, digits and hyphens are allowed, at most 63 in a row")
	}
	return NewSecret(key), nil
}

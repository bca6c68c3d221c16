package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// A Secret is a token. It prints as *** in every format; the zero Secret is none and prints as nothing.
type Secret struct {
	// A pointer, because package fmt calls no methods on unexported fields of others' structs: there it then prints an
	// address instead of the token.
	value *string
}

// NewSecret returns a Secret that hides value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// IsSet tells whether there is one.
func (s Secret) IsSet() bool { return s.value != nil }

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
	return "***"
}

// Format prints the same whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText writes what String says; JSON and configuration printers use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a token from a setting.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// matches tells whether shown is the token, in a time that does not depend on how much of it is right, nor on its length.
func (s Secret) matches(shown string) bool {
	want, got := sha256.Sum256([]byte(s.reveal())), sha256.Sum256([]byte(shown))
	return s.IsSet() && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// A token is at least as long as nobody guesses: `openssl rand -hex 32` makes one of 64.
const (
	minToken = 16
	maxToken = 512
)

// checkToken says what is wrong with a token: it becomes part of a header field (RFC 6750, section 2.1).
func checkToken(token string) error {
	if len(token) < minToken || len(token) > maxToken {
		return fmt.Errorf("has %d characters, must have from %d to %d: openssl rand -hex 32 makes one", len(token), minToken, maxToken)
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return errors.New("must be of visible ASCII characters: openssl rand -hex 32 makes one")
		}
	}
	return nil
}

// maxSecretMode is the widest mode of a file with a secret: the owner's, and his group's to read.
const maxSecretMode = 0o640

// maxSecretFile bounds files with secrets and certificates, in octets.
const maxSecretFile = 1 << 20

// readPrivate reads a file that others cannot.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&^maxSecretMode != 0:
		return nil, fmt.Errorf("%s has mode %04o, so that others can get at the secret: chmod %04o %s", path, info.Mode().Perm(), maxSecretMode, path)
	}
	return readBounded(f, path)
}

func readBounded(f io.Reader, path string) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(data) > maxSecretFile {
		err = fmt.Errorf("%s is larger than %d octets: is it the right file?", path, maxSecretFile)
	}
	return data, err
}

// readToken reads a token from a file that holds nothing else.
func readToken(path string) (Secret, error) {
	data, err := readPrivate(path)
	if err != nil {
		return Secret{}, err
	}
	token := strings.TrimRight(string(data), "\r\n")
	if err := checkToken(token); err != nil {
		return Secret{}, fmt.Errorf("%s: the token %w", path, err)
	}
	return NewSecret(token), nil
}

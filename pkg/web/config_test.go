package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/web"
)

func TestConfigFaults(t *testing.T) {
	good := web.NewSecret(token)
	for _, test := range []struct {
		name   string
		config web.Config
		want   string // "" where there is no fault
	}{
		{"off", web.DefaultConfig(), ""},
		{"loopback", web.Config{Listen: "127.0.0.1:8896"}, ""},
		{"all of loopback", web.Config{Listen: "127.8.9.1:8896"}, ""},
		{"loopback of IPv6", web.Config{Listen: "[::1]:8896"}, ""},
		{"loopback mapped", web.Config{Listen: "[::ffff:127.0.0.1]:8896"}, ""},
		{"localhost", web.Config{Listen: "localhost:8896"}, ""},
		{"everywhere", web.Config{Listen: ":8896"}, "listen: :8896 can be reached by others"},
		{"everywhere in IPv4", web.Config{Listen: "0.0.0.0:8896"}, "can be reached by others"},
		{"everywhere in IPv6", web.Config{Listen: "[::]:8896"}, "can be reached by others"},
		{"elsewhere with TLS alone", web.Config{Listen: "192.0.2.1:8896", TLSCert: "c", TLSKey: "k"}, "can be reached by others"},
		{"elsewhere with a token", web.Config{Listen: "192.0.2.1:8896", Token: good}, ""},
		{"elsewhere with a file", web.Config{Listen: "192.0.2.1:8896", TokenFile: "f"}, ""},
		{"elsewhere with certificates", web.Config{Listen: "192.0.2.1:8896", TLSCert: "c", TLSKey: "k", ClientCA: "a"}, ""},
		{"a name", web.Config{Listen: "mail.example:8896"}, "the host must be an address"},
		{"no port", web.Config{Listen: "127.0.0.1"}, "listen: address 127.0.0.1: missing port"},
		{"a wrong port", web.Config{Listen: "127.0.0.1:70000"}, `"70000" is no port`},
		{"a short token", web.Config{Listen: "127.0.0.1:1", Token: web.NewSecret("secret")}, "token: has 6 characters"},
		{"a token with a space", web.Config{Listen: "127.0.0.1:1", Token: web.NewSecret("0123456789abcdef 0123456789abcdef")}, "token: must be of visible"},
		{"two tokens", web.Config{Token: good, TokenFile: "f"}, "token_file: there is a token, too"},
		{"no key", web.Config{TLSCert: "c"}, "tls_key: tls_cert and tls_key go together"},
		{"clients without TLS", web.Config{ClientCA: "a"}, "client_ca: needs tls_cert"},
		{"an unknown part", web.Config{ReadyNeed: []string{"redis"}}, `ready_needs: unknown part "redis"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			faults := fmt.Sprint(test.config.Validate())
			if test.want == "" && faults != "[]" || !strings.Contains(faults, test.want) {
				t.Errorf("got %s, want %q", faults, test.want)
			}
		})
	}
}

func TestTokenFile(t *testing.T) {
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"well", token + "\n", 0o600, ""},
		{"the group reads", token, 0o640, ""},
		{"others read", token, 0o644, "others can get at the secret: chmod 0640"},
		{"the group writes", token, 0o660, "chmod 0640"},
		{"empty", "\n", 0o600, "the token has 0 characters"},
		{"two lines", token + "\n" + token, 0o600, "must be of visible"},
		{"huge", strings.Repeat("x", 1<<20+1), 0o600, "larger than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			c := web.Config{Listen: "127.0.0.1:0", TokenFile: path}
			_, err := c.Credentials()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the token is told: %v", err)
			}
		})
	}
	c := web.Config{TokenFile: t.TempDir()}
	if _, err := c.Credentials(); err == nil {
		t.Error("a folder was taken for a token")
	}
}

// The key of a certificate is as private as a token.
func TestKeyFile(t *testing.T) {
	cert, key := newAuthority(t, "ours").server(t)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	c := web.Config{TLSCert: cert, TLSKey: key}
	if _, err := c.Credentials(); err == nil || !strings.Contains(err.Error(), "tls_key: ") {
		t.Errorf("got %v, want that others can read the key", err)
	}
	other, _ := newAuthority(t, "ours").server(t)
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	c.TLSCert = other
	if _, err := c.Credentials(); err == nil || !strings.Contains(err.Error(), "tls_cert: ") {
		t.Errorf("got %v, want that they do not belong together", err)
	}
	c.TLSCert, c.ClientCA = cert, key
	if _, err := c.Credentials(); err == nil || !strings.Contains(err.Error(), "holds no certificate") {
		t.Errorf("got %v, want that there is no authority", err)
	}
}

// A token prints as *** whatever prints it.
func TestSecretHides(t *testing.T) {
	c := web.Config{Token: web.NewSecret(token)}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(asJSON), string(asYAML), fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c.Token, c.Token, c.Token, c.Token)} {
		if strings.Contains(text, token) || strings.Contains(text, fmt.Sprintf("%x", token)) || !strings.Contains(text, "***") {
			t.Errorf("got %s", text)
		}
	}
}

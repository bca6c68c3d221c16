package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// Config is what is served over HTTP, and to whom.
type Config struct {
	Listen    string   `yaml:"listen"`      // "127.0.0.1:8896"; "" serves nothing
	Token     Secret   `yaml:"token"`       // that who asks must show
	TokenFile string   `yaml:"token_file"`  // the same, in a file that others cannot read
	TLSCert   string   `yaml:"tls_cert"`    // PEM, with its chain
	TLSKey    string   `yaml:"tls_key"`     // PEM, in a file that others cannot read
	ClientCA  string   `yaml:"client_ca"`   // PEM: whose certificates clients must have
	Messages  bool     `yaml:"messages"`    // the pages search the trail: who wrote to whom
	ReadyNeed []string `yaml:"ready_needs"` // what must be well beside the milter, or /readyz says no
}

// DefaultConfig serves nothing.
func DefaultConfig() Config { return Config{ReadyNeed: []string{}} }

// What /readyz looks at. The milter always counts; of the others those that the configuration names.
const (
	PartMilter   = "milter"
	PartRules    = "rules"
	PartStore    = "store"
	PartResolver = "resolver"
)

var optionalParts = []string{PartRules, PartStore, PartResolver}

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, part := range c.ReadyNeed {
		if !slices.Contains(optionalParts, part) {
			fault("ready_needs: unknown part %.20q: rules, store, resolver", part)
		}
	}
	if c.Token.IsSet() && c.TokenFile != "" {
		fault("token_file: there is a token, too: choose one")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		fault("tls_key: tls_cert and tls_key go together")
	}
	if c.ClientCA != "" && c.TLSCert == "" {
		fault("client_ca: needs tls_cert and tls_key, for certificates are shown over TLS only")
	}
	if c.Messages && !c.guarded() {
		fault("messages: whoever has an account on this machine could read who writes to whom: set token_file, or client_ca")
	}
	if c.Listen == "" {
		return faults
	}
	local, err := isLoopback(c.Listen)
	switch {
	case err != nil:
		fault("listen: %w: write 127.0.0.1:8896", err)
	case !local && !c.guarded():
		fault("listen: %s can be reached by others: set token_file, or tls_cert, tls_key and client_ca; or listen on 127.0.0.1", c.Listen)
	}
	if c.Token.IsSet() {
		if err := checkToken(c.Token.reveal()); err != nil {
			fault("token: %w", err)
		}
	}
	return faults
}

// guarded tells whether who asks must show something.
func (c *Config) guarded() bool { return c.Token.IsSet() || c.TokenFile != "" || c.ClientCA != "" }

// Clear tells whether a token crosses a network for everybody on the way to read.
func (c *Config) Clear() bool {
	local, err := isLoopback(c.Listen)
	return c.Listen != "" && err == nil && !local && c.TLSCert == ""
}

// isLoopback tells whether only programs of this machine can reach an address. A name is not looked up: what it means may
// change.
func isLoopback(listen string) (bool, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return false, err
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return false, fmt.Errorf("%.20q is no port", port)
	}
	if host == "" {
		return false, nil // everywhere
	}
	if host == "localhost" {
		return true, nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false, errors.New("the host must be an address")
	}
	return addr.Unmap().IsLoopback(), nil
}

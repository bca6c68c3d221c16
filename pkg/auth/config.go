package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// Config is what the operator decides about who is believed.
type Config struct {
	// Timeout is how long it may take to find out who sent a message. Default 5s; it must be below limits.content.
	Timeout time.Duration `yaml:"timeout"`
	// WorldIPv4 and WorldIPv6 are prefix lengths. An SPF record whose networks together hold more addresses than one
	// network of that length authorizes the world: that it passes a client proves nothing. Default 8 and 16.
	WorldIPv4 int `yaml:"world_ipv4"`
	WorldIPv6 int `yaml:"world_ipv6"`
	// Scores are in force in place of those in Symbols.
	Scores []Score `yaml:"scores"`
	// DMARC is what is done with mail that the author's domain disowns.
	DMARC DMARCConfig `yaml:"dmarc"`
	// MaxSignatures is how many DKIM signatures of a message are verified, those at its top first. Default 8.
	MaxSignatures int `yaml:"max_signatures"`
	// ARC is whose word about a message's way is taken.
	ARC ARCConfig `yaml:"arc"`
}

// ARCConfig says which of those that hand messages on are believed.
type ARCConfig struct {
	// TrustedSealers are domains, as they stand in d= of a seal: what such a one has seen of a message that it handed on
	// last is taken for true. None by default.
	TrustedSealers []string `yaml:"trusted_sealers"`
}

// A Score is what a symbol is worth; 0 shows and counts it only.
type Score struct {
	Symbol string  `yaml:"symbol"`
	Score  float64 `yaml:"score"`
}

// DMARCConfig says what becomes of mail that fails DMARC, by what the domain asks for.
type DMARCConfig struct {
	Reject     DMARCAction `yaml:"reject"`     // where it asks for p=reject: points, tag, quarantine or reject
	Quarantine DMARCAction `yaml:"quarantine"` // where it asks for p=quarantine: points, tag or quarantine
}

// A DMARCAction is what is done about a failure of DMARC: at least that action, or nothing beyond the points.
type DMARCAction filter.Action

// points is how the configuration writes that there is no action.
const points = "points"

func (a DMARCAction) String() string {
	if filter.Action(a) == filter.None {
		return points
	}
	return filter.Action(a).String()
}

// MarshalText writes the action as its name.
func (a DMARCAction) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an action's name.
func (a *DMARCAction) UnmarshalText(text []byte) error {
	for _, known := range []filter.Action{filter.None, filter.Tag, filter.Quarantine, filter.Reject} {
		if DMARCAction(known).String() == string(text) {
			*a = DMARCAction(known)
			return nil
		}
	}
	return fmt.Errorf("unknown action %q: one of points, tag, quarantine, reject", text)
}

// DefaultConfig returns settings that work.
func DefaultConfig() Config {
	return Config{Timeout: 5 * time.Second, WorldIPv4: 8, WorldIPv6: 16, MaxSignatures: 8}
}

// Bounds of what an operator may set.
const (
	maxTimeout     = 20 * time.Second // Postfix waits for us
	maxScore       = 100              // points; more is a slip of the pen
	mostSignatures = 50               // of one message; mail from people has up to five
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Timeout <= 0 || c.Timeout > maxTimeout {
		fault("timeout: must be above 0 and at most %v", maxTimeout)
	}
	for _, s := range c.Scores {
		if !slices.Contains(symbolNames(), s.Symbol) {
			fault("scores: there is no symbol %q; there are %s", s.Symbol, strings.Join(symbolNames(), ", "))
		}
		if s.Score > maxScore || s.Score < -maxScore {
			fault("scores: %s: %g is more than %d points", s.Symbol, s.Score, maxScore)
		}
	}
	if c.MaxSignatures < 1 || c.MaxSignatures > mostSignatures {
		fault("max_signatures: must be 1 to %d", mostSignatures)
	}
	for _, domain := range c.ARC.TrustedSealers {
		if name, ok := message.HostASCII(domain); !ok || !strings.Contains(name, ".") {
			fault("arc.trusted_sealers: %q is no domain", domain)
		}
	}
	if a := filter.Action(c.DMARC.Quarantine); a > filter.Quarantine {
		fault("dmarc.quarantine: %v is more than the domain asks for; points, tag or quarantine", a)
	}
	if c.WorldIPv4 < 1 || c.WorldIPv4 > 32 {
		fault("world_ipv4: %d is no prefix length; give 1 to 32", c.WorldIPv4)
	}
	if c.WorldIPv6 < 1 || c.WorldIPv6 > 128 {
		fault("world_ipv6: %d is no prefix length; give 1 to 128", c.WorldIPv6)
	}
	return faults
}

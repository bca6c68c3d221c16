package auth

import (
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
)

func TestValidate(t *testing.T) {
	good := DefaultConfig()
	if faults := good.Validate(); len(faults) > 0 {
		t.Errorf("the defaults: %v", faults)
	}
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no time":             {func(c *Config) { c.Timeout = 0 }, "timeout: must be above 0 and at most 20s"},
		"more than Postfix":   {func(c *Config) { c.Timeout = time.Minute }, "timeout: must be above 0 and at most 20s"},
		"all the world":       {func(c *Config) { c.WorldIPv4 = 0 }, "world_ipv4: 0 is no prefix length; give 1 to 32"},
		"more bits than are":  {func(c *Config) { c.WorldIPv6 = 129 }, "world_ipv6: 129 is no prefix length; give 1 to 128"},
		"no such symbol":      {func(c *Config) { c.Scores = []Score{{"SPF_BAD", 1}} }, `scores: there is no symbol "SPF_BAD"; there are SPF_PASS, `},
		"a slip of the pen":   {func(c *Config) { c.Scores = []Score{{"SPF_FAIL", 1000}} }, "scores: SPF_FAIL: 1000 is more than 100 points"},
		"no signatures":       {func(c *Config) { c.MaxSignatures = 0 }, "max_signatures: must be 1 to 50"},
		"all signatures":      {func(c *Config) { c.MaxSignatures = 51 }, "max_signatures: must be 1 to 50"},
		"a sealer's address":  {func(c *Config) { c.ARC.TrustedSealers = []string{"a.example", "list@a.example"} }, `arc.trusted_sealers: "list@a.example" is no domain`},
		"a sealer's suffix":   {func(c *Config) { c.ARC.TrustedSealers = []string{"example"} }, `arc.trusted_sealers: "example" is no domain`},
		"more than was asked": {func(c *Config) { c.DMARC.Quarantine = DMARCAction(filter.Reject) }, "dmarc.quarantine: reject is more than the domain asks for"},
	} {
		c := DefaultConfig()
		test.change(&c)
		if faults := c.Validate(); len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, faults, test.want)
		}
	}
}

func TestDMARCActionText(t *testing.T) {
	for _, name := range []string{"points", "tag", "quarantine", "reject"} {
		var a DMARCAction
		if err := a.UnmarshalText([]byte(name)); err != nil || a.String() != name {
			t.Errorf("%s: got %v, %v", name, a, err)
		}
	}
	for _, name := range []string{"", "none", "discard", "Reject"} {
		var a DMARCAction
		if err := a.UnmarshalText([]byte(name)); err == nil {
			t.Errorf("%q was taken for %v", name, a)
		}
	}
}

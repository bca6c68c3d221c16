package whitelist_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"winnow/pkg/whitelist"
)

func TestDefaultConfigIsValid(t *testing.T) {
	c := whitelist.DefaultConfig()
	if faults := c.Validate(); len(faults) != 0 {
		t.Errorf("got %v, want no faults", faults)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		want string // what the one fault says
		set  func(c *whitelist.Config)
	}{
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "" }},
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "some" }},
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "all:" }},
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "file:" }},
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "set:" }},
		{"enabled:", func(c *whitelist.Config) { c.Enabled = "set:a b" }},
		{"blacklist_text:", func(c *whitelist.Config) { c.BlacklistText = "" }},
		{"blacklist_text:", func(c *whitelist.Config) { c.BlacklistText = "a\r\nb" }},
		{"blacklist_text:", func(c *whitelist.Config) { c.BlacklistText = strings.Repeat("a", 401) }},
		{"recipient_delimiter:", func(c *whitelist.Config) { c.RecipientDelimiter = "+@" }},
		{"recipient_delimiter:", func(c *whitelist.Config) { c.RecipientDelimiter = "x" }},
		{"local_domains[1]:", func(c *whitelist.Config) { c.LocalDomains = []string{".our.example", "user@our.example"} }},
		{"expire_days:", func(c *whitelist.Config) { c.AutoWhitelist.ExpireDays = 0 }},
		{"per_user:", func(c *whitelist.Config) { c.AutoWhitelist.PerUser = 0 }},
		{"max_recipients:", func(c *whitelist.Config) { c.AutoWhitelist.MaxRecipients = 1001 }},
		{"replies.expire_days:", func(c *whitelist.Config) { c.AutoWhitelist.Replies.ExpireDays = 0 }},
		{"replies.per_user:", func(c *whitelist.Config) { c.AutoWhitelist.Replies.PerUser = 0 }},
		{"replies.score:", func(c *whitelist.Config) { c.AutoWhitelist.Replies.Score = 1 }},
		{"replies.score:", func(c *whitelist.Config) { c.AutoWhitelist.Replies.Score = math.NaN() }},
		{"queue:", func(c *whitelist.Config) { c.AutoWhitelist.Queue = -1 }},
		{"store_limit:", func(c *whitelist.Config) { c.StoreLimit = 0 }},
		{"store_limit:", func(c *whitelist.Config) { c.StoreLimit = time.Minute }},
		{"check_every:", func(c *whitelist.Config) { c.CheckEvery = time.Millisecond }},
	}
	for _, tt := range tests {
		c := whitelist.DefaultConfig()
		tt.set(&c)
		faults := c.Validate()
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), tt.want) {
			t.Errorf("got %v, want one fault with %q", faults, tt.want)
		}
	}
	var zero whitelist.Config
	if got, want := len(zero.Validate()), 9; got != want {
		t.Errorf("an empty configuration: got %d faults, want %d", got, want)
	}
}

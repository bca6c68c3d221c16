package dns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultConfigIsValid(t *testing.T) {
	c := DefaultConfig()
	if faults := c.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"all forms of servers", func(c *Config) {
			c.Servers = []string{"192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5353", "unbound", "unbound:53", "fe80::1%eth0"}
		}, nil},
		{"no EDNS0", func(c *Config) { c.UDPSize = 0 }, nil},
		{"errors not kept", func(c *Config) { c.Cache.ErrorTTL = 0 }, nil},
		{"no servers", func(c *Config) { c.ResolvConf = "" }, []string{"servers: there are none; name some, or a resolv_conf to read them from"}},
		{"servers", func(c *Config) {
			c.Servers = []string{"", "192.0.2.1:", "192.0.2.1:0", "a:b:c", "https://dns.example/", "unbound:dns", "192.0.2.1:70000"}
		}, []string{
			`servers: "" is no server; write an address or "address:port"`,
			`servers: "192.0.2.1:" has no port from 1 to 65535 behind its colon`,
			`servers: "192.0.2.1:0" has no port from 1 to 65535 behind its colon`,
			`servers: "a:b:c" is no server; write an address or "address:port"`,
			`servers: "https://dns.example/" has no port from 1 to 65535 behind its colon`,
			`servers: "unbound:dns" has no port from 1 to 65535 behind its colon`,
			`servers: "192.0.2.1:70000" has no port from 1 to 65535 behind its colon`,
		}},
		{"too many servers", func(c *Config) { c.Servers = make17() }, []string{"servers: 17 are too many; name up to 16"}},
		{"every number", func(c *Config) {
			c.Timeout, c.UDPSize, c.InFlight = 0, 100, 0
			c.Cache = CacheConfig{MinTTL: -1, MaxTTL: 0, MinNegativeTTL: 2 * time.Hour, MaxNegativeTTL: time.Hour, ErrorTTL: 2 * time.Minute}
		}, []string{
			"timeout: 0s is out of range; give 10ms to 10s",
			"udp_size: 100 is out of range; give 512 to 4096 octets, or 0 for none",
			"in_flight: 0 is out of range; give 1 to 100000",
			"cache.entries: 0 is out of range; give 1 to 100000000",
			"cache.min_ttl: must not be below 0",
			"cache.max_ttl: 0s is out of range; give 1s to 168h0m0s",
			"cache.min_negative_ttl: 2h0m0s is above max_negative_ttl, 1h0m0s; lower it",
			"cache.error_ttl: 2m0s is out of range; give 0 to 1m0s",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := DefaultConfig()
			tt.change(&c)
			var got []string
			for _, err := range c.Validate() {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func make17() (list []string) {
	for range 17 {
		list = append(list, "192.0.2.1")
	}
	return list
}

package dns

import (
	"fmt"
	"time"
)

// Config says how the DNS is asked.
type Config struct {
	// Servers are the resolvers to ask, the best first: "192.0.2.1", "192.0.2.1:5353", "2001:db8::1",
	// "[2001:db8::1]:5353", "unbound:53". Empty: those of ResolvConf. A name is looked up once, at the start.
	Servers []string `yaml:"servers"`
	// ResolvConf is where the servers are read from when Servers is empty. Default /etc/resolv.conf.
	ResolvConf string `yaml:"resolv_conf"`
	// Timeout is how long one attempt may take; a question has two. Default 2s, at most 10s.
	Timeout time.Duration `yaml:"timeout"`
	// UDPSize is the largest answer that a server may send over UDP (EDNS0), in octets. Default 1232, which passes any
	// path whole; 0 asks without EDNS0, for a server that answers FORMERR.
	UDPSize int `yaml:"udp_size"`
	// InFlight is how many questions may be under way at a time. Default 1000.
	InFlight int `yaml:"in_flight"`
	// Cache says what is remembered, and for how long.
	Cache CacheConfig `yaml:"cache"`
}

// CacheConfig says what is remembered, and for how long.
type CacheConfig struct {
	// Entries is how many answers are kept in memory, about 400 octets each; a long one counts for several.
	// Default 100000.
	Entries int `yaml:"entries"`
	// MinTTL and MaxTTL bound how long an answer with records is kept, whatever its TTL. Default 60s and 1h.
	MinTTL time.Duration `yaml:"min_ttl"`
	MaxTTL time.Duration `yaml:"max_ttl"`
	// MinNegativeTTL and MaxNegativeTTL bound the same for an answer without. Default 60s and 1h.
	MinNegativeTTL time.Duration `yaml:"min_negative_ttl"`
	MaxNegativeTTL time.Duration `yaml:"max_negative_ttl"`
	// ErrorTTL is how long a question that failed is not asked again. Default 5s, at most 60s; 0 asks again at once.
	ErrorTTL time.Duration `yaml:"error_ttl"`
}

// DefaultConfig returns settings that work.
func DefaultConfig() Config {
	return Config{
		ResolvConf: "/etc/resolv.conf",
		Timeout:    2 * time.Second,
		UDPSize:    1232,
		InFlight:   1000,
		Cache:      DefaultCacheConfig(),
	}
}

// DefaultCacheConfig returns settings that work.
func DefaultCacheConfig() CacheConfig {
	return CacheConfig{
		Entries:        100_000,
		MinTTL:         time.Minute,
		MaxTTL:         time.Hour,
		MinNegativeTTL: time.Minute,
		MaxNegativeTTL: time.Hour,
		ErrorTTL:       5 * time.Second,
	}
}

// Limits of settings. A Timeout above maxTimeout would outlast what Postfix waits for us.
const (
	minTimeout  = 10 * time.Millisecond
	maxTimeout  = 10 * time.Second
	minUDPSize  = 512 // RFC 1035, 4.2.1
	maxInFlight = 100_000
	maxEntries  = 100_000_000
	maxKeep     = 7 * 24 * time.Hour // RFC 8767, 4
	maxErrorTTL = time.Minute
)

// Validate returns every fault of c, each with its remedy.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(c.Servers) > maxServers {
		fault("servers: %d are too many; name up to %d", len(c.Servers), maxServers)
	}
	for _, text := range c.Servers {
		if _, _, err := splitServer(text); err != nil {
			fault("servers: %w", err)
		}
	}
	if len(c.Servers) == 0 && c.ResolvConf == "" {
		fault("servers: there are none; name some, or a resolv_conf to read them from")
	}
	if c.Timeout < minTimeout || c.Timeout > maxTimeout {
		fault("timeout: %v is out of range; give %v to %v", c.Timeout, minTimeout, maxTimeout)
	}
	if c.UDPSize != 0 && (c.UDPSize < minUDPSize || c.UDPSize > maxUDP) {
		fault("udp_size: %d is out of range; give %d to %d octets, or 0 for none", c.UDPSize, minUDPSize, maxUDP)
	}
	if c.InFlight < 1 || c.InFlight > maxInFlight {
		fault("in_flight: %d is out of range; give 1 to %d", c.InFlight, maxInFlight)
	}
	for _, err := range c.Cache.Validate() {
		fault("cache.%w", err)
	}
	return faults
}

// Validate returns every fault of c, each with its remedy.
func (c *CacheConfig) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Entries < 1 || c.Entries > maxEntries {
		fault("entries: %d is out of range; give 1 to %d", c.Entries, maxEntries)
	}
	for _, limit := range []struct {
		kind        string
		least, most time.Duration
	}{{"ttl", c.MinTTL, c.MaxTTL}, {"negative_ttl", c.MinNegativeTTL, c.MaxNegativeTTL}} {
		if limit.least < 0 {
			fault("min_%s: must not be below 0", limit.kind)
		}
		if limit.most < time.Second || limit.most > maxKeep {
			fault("max_%s: %v is out of range; give 1s to %v", limit.kind, limit.most, maxKeep)
		}
		if limit.least > limit.most {
			fault("min_%s: %v is above max_%[1]s, %[3]v; lower it", limit.kind, limit.least, limit.most)
		}
	}
	if c.ErrorTTL < 0 || c.ErrorTTL > maxErrorTTL {
		fault("error_ttl: %v is out of range; give 0 to %v", c.ErrorTTL, maxErrorTTL)
	}
	return faults
}

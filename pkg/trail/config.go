package trail

import "fmt"

// Config is what is recorded, and for how long.
type Config struct {
	Enabled       bool    `yaml:"enabled"`        //
	RetentionDays int     `yaml:"retention_days"` // days before today that are kept
	MaxSize       int64   `yaml:"max_size"`       // octets of all days together; the oldest go first
	Privacy       Privacy `yaml:"privacy"`        // clear or hashed
	Subject       Subject `yaml:"subject"`        // full, hash or none
	Stream        int64   `yaml:"stream"`         // records that the store keeps of all nodes together; 0: none
	// RefusedOneIn records one in so many of what was refused for its client, which stands for all of them; 1: each.
	RefusedOneIn int64        `yaml:"refused_one_in"`
	KeepSamples  SampleConfig `yaml:"keep_samples"`
}

// DefaultConfig keeps for a month what the log says too, but for the subject.
func DefaultConfig() Config {
	return Config{
		Enabled: true, RetentionDays: 30, MaxSize: 8 << 30, Privacy: Clear, Subject: HashSubject, RefusedOneIn: 1,
		KeepSamples: SampleConfig{Days: 7, MaxCount: 10_000, MaxSize: 1 << 30},
	}
}

// Privacy says how addresses are kept.
type Privacy string

// What privacy may be.
const (
	Clear  Privacy = "clear"  // as they were
	Hashed Privacy = "hashed" // as hashes under a key of ours: who has an address can look for it
)

// Subject says what is kept of a message's subject.
type Subject string

// What subject may be.
const (
	FullSubject Subject = "full"
	HashSubject Subject = "hash" // a hash under a key of ours
	NoSubject   Subject = "none"
)

const (
	leastSize     = 16 << 20
	mostRetention = 10 * 366
	mostStream    = 10_000_000
	mostOneIn     = 1000
)

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.RetentionDays < 1 || c.RetentionDays > mostRetention {
		fault("retention_days: must be from 1 to %d, not %d", mostRetention, c.RetentionDays)
	}
	if c.MaxSize < leastSize {
		fault("max_size: must be at least %d octets, not %d", leastSize, c.MaxSize)
	}
	if c.Privacy != Clear && c.Privacy != Hashed {
		fault("privacy: must be clear or hashed, not %q", c.Privacy)
	}
	switch c.Subject {
	case HashSubject, NoSubject:
	case FullSubject:
		if c.Privacy == Hashed {
			fault("subject: full keeps what people write, addresses included: with privacy: hashed it must be hash or none")
		}
	default:
		fault("subject: must be full, hash or none, not %q", c.Subject)
	}
	if c.Stream < 0 || c.Stream > mostStream {
		fault("stream: must be from 0 (none) to %d records, not %d", mostStream, c.Stream)
	}
	if c.RefusedOneIn < 1 || c.RefusedOneIn > mostOneIn {
		fault("refused_one_in: must be from 1 (each) to %d, not %d", mostOneIn, c.RefusedOneIn)
	}
	return append(faults, c.KeepSamples.validate(c.Privacy)...)
}

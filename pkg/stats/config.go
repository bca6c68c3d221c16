package stats

import (
	"fmt"
	"time"
)

// Config is how the account is kept.
type Config struct {
	TimeZone      string        `yaml:"time_zone"`      // whose days are counted: "UTC", "Europe/Berlin"
	RetentionDays int           `yaml:"retention_days"` // how long a day is kept after it was last added to
	FlushEvery    time.Duration `yaml:"flush_every"`    // how often counts go to the store; a crash loses this much
	StateDir      string        `yaml:"-"`              // where the journal is: winnow's state_dir; "" keeps none
}

// DefaultConfig counts UTC days and keeps them for more than a year.
func DefaultConfig() Config {
	return Config{TimeZone: "UTC", RetentionDays: 400, FlushEvery: time.Second}
}

const maxRetentionDays = 10 * 366

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, err := c.Location(); err != nil {
		fault("time_zone: %w: write a name such as Europe/Berlin, or UTC", err)
	}
	if c.RetentionDays < 1 || c.RetentionDays > maxRetentionDays {
		fault("retention_days: must be from 1 to %d, not %d", maxRetentionDays, c.RetentionDays)
	}
	if c.FlushEvery < 100*time.Millisecond || c.FlushEvery > time.Minute {
		fault("flush_every: must be from 100ms to 1m, not %v", c.FlushEvery)
	}
	return faults
}

// Location is the time zone whose days are counted.
func (c *Config) Location() (*time.Location, error) { return time.LoadLocation(c.TimeZone) }

func (c *Config) retention() time.Duration { return time.Duration(c.RetentionDays) * 24 * time.Hour }

package auth

import (
	"fmt"
	"time"
)

// Config is what the operator decides about who is believed.
type Config struct {
	// Timeout is how long it may take to find out who sent a message. Default 5s; it must be below limits.content.
	Timeout time.Duration `yaml:"timeout"`
}

// DefaultConfig returns settings that work.
func DefaultConfig() Config {
	return Config{Timeout: 5 * time.Second}
}

// maxTimeout is the most that Timeout may be: Postfix waits for us.
const maxTimeout = 20 * time.Second

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	if c.Timeout <= 0 || c.Timeout > maxTimeout {
		faults = append(faults, fmt.Errorf("timeout: must be above 0 and at most %v", maxTimeout))
	}
	return faults
}

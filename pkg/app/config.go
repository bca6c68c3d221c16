package app

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap/zapcore"

	"winnow/pkg/auth"
	"winnow/pkg/config"
	"winnow/pkg/dns"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/milter"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/trail"
	"winnow/pkg/web"
	"winnow/pkg/whitelist"
)

// Config is all settings. Each section belongs to the package that works by it; deploy/winnow.yaml explains every key.
type Config struct {
	StateDir  string           `yaml:"state_dir"` // the embedded store, the journal of counters, the control socket
	Store     store.URL        `yaml:"store"`     // "" is the embedded store in state_dir
	Networks  Networks         `yaml:"networks"`
	Milter    milter.Config    `yaml:"milter"`
	Policy    filter.Config    `yaml:"policy"`
	DNS       dns.Config       `yaml:"dns"`
	Lists     dnslist.Config   `yaml:"lists"`
	Auth      auth.Config      `yaml:"auth"`
	Whitelist whitelist.Config `yaml:"whitelist"`
	Rules     rules.Config     `yaml:"rules"`
	Stats     stats.Config     `yaml:"stats"`
	Trail     trail.Config     `yaml:"trail"`
	Web       web.Config       `yaml:"web"`
	Log       LogConfig        `yaml:"log"`

	file *config.File // that it was read from; names the lines of what is found wrong later
}

// LogConfig says what is logged, and how.
type LogConfig struct {
	Level  zapcore.Level `yaml:"level"`  // debug, info, warn, error
	Format string        `yaml:"format"` // console or json
}

// DefaultConfig works without a file, without Redis and without an account anywhere.
func DefaultConfig() Config {
	return Config{
		StateDir:  defaultStateDir(),
		Networks:  Networks{Own: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}},
		Milter:    milter.DefaultConfig(),
		Policy:    filter.DefaultConfig(),
		DNS:       dns.DefaultConfig(),
		Lists:     dnslist.DefaultConfig(),
		Auth:      auth.DefaultConfig(),
		Whitelist: whitelist.DefaultConfig(),
		Rules:     rules.DefaultConfig(),
		Stats:     stats.DefaultConfig(),
		Trail:     trail.DefaultConfig(),
		Web:       web.DefaultConfig(),
		Log:       LogConfig{Level: zapcore.InfoLevel, Format: "console"},
	}
}

// defaultStateDir is where the service manager says, else where services keep state, else where a user's programs do.
func defaultStateDir() string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" { // systemd.exec(5), StateDirectory=
		return dir
	}
	if os.Getuid() == 0 {
		return "/var/lib/winnow"
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "winnow") // XDG base directories
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("winnow-%d", os.Getuid()))
}

// ControlSocket is where a running winnow answers its operator.
func (c *Config) ControlSocket() string { return filepath.Join(c.StateDir, "control.sock") }

// StoreURL is the store in force.
func (c *Config) StoreURL() store.URL {
	if c.Store == "" {
		return store.URL("embedded:" + filepath.Join(c.StateDir, "winnow.db"))
	}
	return c.Store
}

// LoadConfig reads the file at path over the defaults; "" is no file. The error holds every fault, with its line.
func LoadConfig(path string) (*Config, error) {
	c := DefaultConfig()
	file, err := config.Load(path, &c)
	if err != nil {
		return nil, err
	}
	c.file = file
	faults := c.validate(file)
	c.Store = c.StoreURL() // what is printed is what is in force
	return &c, faults
}

func (c *Config) validate(file *config.File) error {
	var faults []error
	check := func(section string, found []error) {
		for _, fault := range found {
			faults = append(faults, file.Fault(section, fault))
		}
	}
	if c.StateDir == "" {
		check("", []error{errors.New("state_dir: must name a folder that winnow may write to")})
	}
	if c.Store != "" {
		check("", c.Store.Validate()) // whose faults begin with its name
	}
	check("networks", c.Networks.Validate())
	check("milter", c.Milter.Validate())
	check("policy", c.Policy.Validate())
	check("dns", c.DNS.Validate())
	check("lists", c.Lists.Validate())
	check("auth", c.Auth.Validate())
	check("whitelist", c.Whitelist.Validate())
	check("rules", c.Rules.Validate())
	check("stats", c.Stats.Validate())
	check("trail", c.Trail.Validate())
	check("web", c.Web.Validate())
	if c.Log.Format != "console" && c.Log.Format != "json" {
		check("log", []error{fmt.Errorf("format: must be console or json, not %q", c.Log.Format)})
	}
	if shortest := min(c.Policy.Limits.Connect, c.Policy.Limits.Content); c.Lists.Timeout >= shortest {
		check("lists", []error{fmt.Errorf("timeout: %v must be below policy.limits.connect and .content (%v), or a slow list takes the others' answers with it", c.Lists.Timeout, shortest)})
	}
	if c.Auth.Timeout >= c.Policy.Limits.Content {
		check("auth", []error{fmt.Errorf("timeout: %v must be below policy.limits.content (%v), or what was found by then is lost", c.Auth.Timeout, c.Policy.Limits.Content)})
	}
	if strings.HasPrefix(c.Whitelist.Enabled, "set:") && !strings.HasPrefix(string(c.StoreURL()), "redis") {
		check("whitelist", []error{errors.New("enabled: set:NAME is a set in Redis (SADD winnow:set:NAME user@our.example), which needs store: redis://...; without it use file:/path")})
	}
	if c.Trail.Stream > 0 && !strings.HasPrefix(string(c.StoreURL()), "redis") {
		check("trail", []error{errors.New("stream: is for several nodes that share a Redis, which needs store: redis://...; without it use 0")})
	}
	if c.Milter.RejectAt == milter.AtConnect && c.Policy.WhitelistRescues {
		check("policy", []error{errors.New("whitelist_rescues: with milter.reject_at: connect nobody gets so far as to be rescued; use reject_at: rcpt")})
	}
	if c.Milter.MaxBody < c.Policy.MaxSize {
		check("milter", []error{fmt.Errorf("max_body: %d is below policy.max_size (%d): what is scanned would not be whole", c.Milter.MaxBody, c.Policy.MaxSize)})
	}
	return errors.Join(faults...)
}

package dnslist

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Config is what an operator decides about DNS lists without touching the file that declares them.
type Config struct {
	// File declares the lists in place of the lists.yaml that comes with winnow. Default: the shipped one.
	File string `yaml:"file"`
	// ExtraFiles declare further lists. One with a name that is known already takes that list's place.
	ExtraFiles []string `yaml:"extra_files"`
	// SkipFile holds well-known domains that no list is asked about. Default: the shipped skip_domains.txt.
	SkipFile string `yaml:"skip_file"`
	// Enable, Disable and Observe are names of lists, over what the files say. Observe counts hits without effect.
	Enable  []string `yaml:"enable"`
	Disable []string `yaml:"disable"`
	Observe []string `yaml:"observe"`
	// Subscriptions are what vendors gave you: a zone, a key.
	Subscriptions []Subscription `yaml:"subscriptions"`
	// Timeout is how long a stage waits for its lists. Default 4s; it must be below limits.connect and limits.content.
	Timeout time.Duration `yaml:"timeout"`
	// Rest is how long a list that refuses, or does not answer, is not asked. Default and most 60s.
	Rest time.Duration `yaml:"rest"`
	// ProbeEvery is how often a list that is well is probed. Default 5m.
	ProbeEvery time.Duration `yaml:"probe_every"`
}

// A Subscription is what a vendor gave an operator. What is empty stays as the list's file says.
type Subscription struct {
	List    string `yaml:"list"`     // its name
	Zone    string `yaml:"zone"`     // where the list is; may hold {key}
	KeyFile string `yaml:"key_file"` // the file that holds the key
	KeyEnv  string `yaml:"key_env"`  // the environment's variable that does
}

// DefaultConfig asks the shipped lists that need no subscription.
func DefaultConfig() Config {
	return Config{Timeout: 4 * time.Second, Rest: maxRest, ProbeEvery: 5 * time.Minute}
}

const (
	maxRest       = time.Minute
	minProbeEvery = time.Minute // a probe is two questions, and lists count them
)

// Validate returns every fault that shows without looking at the files.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Timeout <= 0 || c.Timeout > maxTimeout {
		fault("timeout: must be above 0 and at most %v", maxTimeout)
	}
	if c.Rest <= 0 || c.Rest > maxRest {
		fault("rest: must be above 0 and at most %v: a list that answers again must not wait longer", maxRest)
	}
	if c.ProbeEvery < minProbeEvery {
		fault("probe_every: must be %v or more: lists count questions", minProbeEvery)
	}
	for _, name := range c.Enable {
		if slices.ContainsFunc(c.Disable, func(other string) bool { return strings.EqualFold(name, other) }) {
			fault("disable: %s stands under enable too: keep one", name)
		}
	}
	for _, s := range c.Subscriptions {
		if s.List == "" {
			fault("subscriptions: list: write the name of the list that each is for")
			continue
		}
		if s.KeyFile != "" && s.KeyEnv != "" {
			fault("subscriptions: %s: key_file and key_env are two places for one key: keep one", s.List)
		}
	}
	return faults
}

// shippedName is what faults call the files that come with winnow.
const shippedName = "lists.yaml (shipped)"

// Lists returns the lists as the operator wants them, keys included: those of the shipped file or of File, then those
// of ExtraFiles, then what the rest of the configuration says about them. It returns every fault, and lists only where
// there is none.
func (c *Config) Lists(shipped []byte) ([]List, []error) {
	name, data, err := shippedName, shipped, error(nil)
	if c.File != "" {
		name = c.File
		data, err = readFile(c.File, maxFile)
	}
	if err != nil {
		return nil, []error{err}
	}
	lists, faults := Load(name, data)
	for _, path := range c.ExtraFiles {
		data, err := readFile(path, maxFile)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		more, wrong := Load(path, data)
		lists, faults = replace(lists, more), append(faults, wrong...)
	}
	faults = append(faults, c.apply(lists)...)
	if len(faults) == 0 {
		faults = Lint(lists)
	}
	if len(faults) == 0 {
		faults = readKeys(lists)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return lists, nil
}

// Skip returns the well-known domains: those of the shipped file, or of SkipFile.
func (c *Config) Skip(shipped []byte) (*Skip, []error) {
	if c.SkipFile == "" {
		return LoadSkip("skip_domains.txt (shipped)", shipped)
	}
	data, err := readFile(c.SkipFile, maxSkipFile)
	if err != nil {
		return nil, []error{err}
	}
	return LoadSkip(c.SkipFile, data)
}

// readFile reads a file, but no more than one octet over limit: the parser then says what is wrong.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// replace puts each of more in the place of the list of the same name, or at the end.
func replace(lists, more []List) []List {
	for _, l := range more {
		if i := slices.IndexFunc(lists, func(o List) bool { return o.Name == l.Name }); i >= 0 {
			lists[i] = l
			continue
		}
		lists = append(lists, l)
	}
	return lists
}

// apply changes the lists as the configuration says.
func (c *Config) apply(lists []List) []error {
	var faults []error
	each := func(setting string, wanted []string, change func(*List)) {
		for _, name := range wanted {
			i := slices.IndexFunc(lists, func(l List) bool { return strings.EqualFold(l.Name, name) })
			if i < 0 {
				faults = append(faults, fmt.Errorf("%s: there is no list %q; there are: %s", setting, name, names(lists)))
				continue
			}
			change(&lists[i])
		}
	}
	each("enable", c.Enable, func(l *List) { l.Enabled = true })
	each("disable", c.Disable, func(l *List) { l.Enabled = false })
	each("observe", c.Observe, func(l *List) { l.Observe = true })
	for _, s := range c.Subscriptions {
		each("subscriptions", []string{s.List}, func(l *List) {
			if err := l.subscribe(s); err != nil {
				faults = append(faults, fmt.Errorf("subscriptions: %s: %w", s.List, err))
			}
		})
	}
	return faults
}

func names(lists []List) string {
	all := make([]string, len(lists))
	for i := range lists {
		all[i] = lists[i].Name
	}
	return strings.Join(all, ", ")
}

// subscribe takes over what the vendor gave.
func (l *List) subscribe(s Subscription) error {
	if s.KeyFile != "" || s.KeyEnv != "" {
		l.KeyFile, l.KeyEnv = "", s.KeyEnv
	}
	var errs []error
	if s.KeyFile != "" {
		errs = append(errs, l.setKeyFile(s.KeyFile))
	}
	if s.Zone != "" {
		errs = append(errs, l.setZone(s.Zone))
	}
	if (l.KeyFile != "" || l.KeyEnv != "") && !l.needsKey() {
		errs = append(errs, fmt.Errorf("there is a key, but the zone %q does not say where: write %s as one of its labels", l.Zone, keyLabel))
	}
	return errors.Join(errs...)
}

// readKeys reads the keys of enabled lists.
func readKeys(lists []List) []error {
	var faults []error
	for i := range lists {
		l := &lists[i]
		if !l.Enabled || !l.needsKey() {
			continue
		}
		var err error
		if l.Key, err = l.readKey(); err != nil {
			faults = append(faults, l.fault(l.line, "key: %s", err))
		}
	}
	return faults
}

func (l *List) readKey() (Secret, error) {
	if l.KeyFile != "" {
		return readKeyFile(l.KeyFile)
	}
	value, ok := os.LookupEnv(l.KeyEnv)
	if !ok {
		return Secret{}, fmt.Errorf("the environment has no %s: set it, or use key_file", l.KeyEnv)
	}
	secret, err := parseKey(value)
	if err != nil {
		return Secret{}, fmt.Errorf("%s in the environment: %w", l.KeyEnv, err)
	}
	return secret, nil
}

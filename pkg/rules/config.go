package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Config is what the operator decides about content rules.
type Config struct {
	Shipped bool     `yaml:"shipped"` // use the rules that winnow brings along
	Folders []string `yaml:"folders"` // further folders of *.cf files, in order; a later rule replaces an earlier one
	// Overrides is a file that is read behind all folders and changes what their rules are worth: see tuning.go. "" is none.
	Overrides string       `yaml:"overrides"`
	Files     []FileConfig `yaml:"files"`   // what holds for all rules of one file
	Network   bool         `yaml:"network"` // lists are asked, so that a rule with four scores has its second or fourth in force
	// Zones says whose points count where rules ask a zone that an enabled list of the operator's has, too. "" is ListPoints.
	Zones  ZonePoints `yaml:"zones"`
	Bayes  bool       `yaml:"bayes"`  // there is a Bayes classifier: the third or fourth
	Locale string     `yaml:"locale"` // of `lang` lines, such as "de_DE"
	// FreshTags has a pattern that uses what another rule captured (%{NAME}) made anew for each message. Without it, it is made
	// once, with what was captured in the first: SpamAssassin's verdicts on many messages come out so.
	FreshTags bool `yaml:"fresh_tags"`
}

// A ZonePoints says whose points count where a list and rules ask the same zone.
type ZonePoints string

const (
	ListPoints ZonePoints = "lists" // the list's; the rules' hits show, and metas see them
	BothPoints ZonePoints = "both"
)

// FileConfig is what the operator decides about the rules of one file.
type FileConfig struct {
	Name    string  `yaml:"name"`    // as the account has it: "KAM.cf"
	Observe bool    `yaml:"observe"` // its hits are shown and counted; they add no points and decide nothing
	Cap     float64 `yaml:"cap"`     // its points add up to at most this much; 0 sets no bound
}

// DefaultConfig uses the shipped rules, beside lists and without Bayes.
func DefaultConfig() Config {
	return Config{Shipped: true, Network: true, Zones: ListPoints, Locale: "en_US", FreshTags: true}
}

// Validate returns every fault of the configuration. Files are not read here.
func (c *Config) Validate() []error {
	var faults []error
	for _, folder := range c.Folders {
		if folder == "" {
			faults = append(faults, errors.New("folders: an entry is empty: write the folder's path"))
		}
	}
	if !c.Shipped && len(c.Folders) == 0 {
		faults = append(faults, errors.New("no rules at all: set shipped, or name folders"))
	}
	if c.Zones != "" && c.Zones != ListPoints && c.Zones != BothPoints {
		faults = append(faults, fmt.Errorf("zones: %q: write lists, where the lists' points alone count, or both", string(c.Zones)))
	}
	return append(faults, c.validateFiles()...)
}

// Missing returns which of the configured folders and files cannot be read. A filter must not go on without its rules because
// a name is wrong. What is in them is Load's to judge.
func (c *Config) Missing() []error {
	var missing []error
	for _, folder := range c.Folders {
		if _, err := os.ReadDir(folder); err != nil {
			missing = append(missing, fmt.Errorf("folders: %w; create it, or take it out", err))
		}
	}
	if c.Overrides != "" {
		if _, err := os.Stat(c.Overrides); err != nil {
			missing = append(missing, fmt.Errorf("overrides: %w; create it, or take it out", err))
		}
	}
	return missing
}

func (c *Config) validateFiles() []error {
	var faults []error
	known := map[string]bool{}
	for i, file := range c.Files {
		switch {
		case file.Name == "":
			faults = append(faults, fmt.Errorf("files: entry %d has no name: write the file's, such as KAM.cf", i+1))
		case known[file.Name]:
			faults = append(faults, fmt.Errorf("files: %s stands there twice: make it one entry", file.Name))
		case file.Cap < 0:
			faults = append(faults, fmt.Errorf("files: %s: cap: %g is below 0: write the most that its rules may add, or 0 for no bound", file.Name, file.Cap))
		case file.Observe && file.Cap > 0:
			faults = append(faults, fmt.Errorf("files: %s: cap: has no effect beside observe, which adds no points: take one out", file.Name))
		case !file.Observe && file.Cap == 0:
			faults = append(faults, fmt.Errorf("files: %s: neither observe nor cap: the entry does nothing", file.Name))
		}
		known[file.Name] = true
	}
	return faults
}

// Open returns the folders to Load, shipped being the rules that winnow brings along.
func (c *Config) Open(shipped fs.FS) []Folder {
	var folders []Folder
	if c.Shipped {
		folders = append(folders, Folder{Name: "shipped rules", FS: shipped})
	}
	for _, dir := range c.Folders {
		folders = append(folders, Dir(dir))
	}
	return folders
}

// scoreSet is which of a rule's four scores is in force.
func (c *Config) scoreSet() int {
	set := 0
	if c.Network {
		set |= 1
	}
	if c.Bayes {
		set |= 2
	}
	return set
}

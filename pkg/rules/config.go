package rules

import (
	"errors"
	"io/fs"
)

// Config is what the operator decides about content rules.
type Config struct {
	Shipped bool     `yaml:"shipped"` // use the rules that winnow brings along
	Folders []string `yaml:"folders"` // further folders of *.cf files, in order; a later rule replaces an earlier one
	Network bool     `yaml:"network"` // lists are asked, so that a rule with four scores has its second or fourth in force
	Bayes   bool     `yaml:"bayes"`   // there is a Bayes classifier: the third or fourth
	Locale  string   `yaml:"locale"`  // of `lang` lines, such as "de_DE"
}

// DefaultConfig uses the shipped rules, beside lists and without Bayes.
func DefaultConfig() Config { return Config{Shipped: true, Network: true, Locale: "en_US"} }

// Validate returns every fault of the configuration. What the folders hold is Load's to judge.
func (c *Config) Validate() []error {
	var faults []error
	for _, folder := range c.Folders {
		if folder == "" {
			faults = append(faults, errors.New("rules.folders: an entry is empty: write the folder's path"))
		}
	}
	if !c.Shipped && len(c.Folders) == 0 {
		faults = append(faults, errors.New("rules: no rules at all: set shipped, or name folders"))
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

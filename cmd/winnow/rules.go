package main

import (
	"os"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/rules"
	shipped "winnow/rules"
)

func newRules() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Check and test content rules",
		Long: `Check and test rule files in SpamAssassin's language: those that the configuration names, or the folders on the
command line in their place.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRulesLint(), newRulesTest(), newRulesShow(), newRulesExplain(), newRulesCoverage(), newRulesStatus(), newRulesCost())
	return c
}

// loadRules loads the folders named on the command line, or those of the configuration.
func loadRules(c *cobra.Command, dirs []string) (*rules.Set, []rules.Fault, []rules.Folder, error) {
	config, err := loadConfig(c)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := useFolders(config, dirs); err != nil {
		return nil, nil, nil, err
	}
	folders := config.Rules.Open(shipped.Files)
	set, faults := rules.Load(folders, config.Rules)
	return set, faults, folders, nil
}

// rulesOf loads the rules of the folders, or of the configuration, whose faults lint tells.
func rulesOf(config *app.Config, dirs []string) (*rules.Set, error) {
	if err := useFolders(config, dirs); err != nil {
		return nil, err
	}
	set, _ := config.LoadRules()
	return set, nil
}

// useFolders has the rules of folders that were named on the command line, if any were, in place of the configured ones,
// and as they are: what is configured about files and scores was meant for others.
func useFolders(config *app.Config, dirs []string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		switch {
		case err != nil:
			return usageError{err}
		case !info.IsDir():
			return usagef("%s is a file: name the folder that it is in", dir)
		}
	}
	if len(dirs) > 0 {
		config.Rules.Shipped, config.Rules.Folders, config.Rules.Overrides, config.Rules.Files = false, dirs, "", nil
	}
	return nil
}

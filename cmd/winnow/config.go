package main

import (
	"errors"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"winnow/pkg/app"
	"winnow/pkg/config"
)

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Check the configuration and print the values in force",
		Long: `Read the configuration as serve does, with the lists, keys, rules and whitelists that it names, and print every value
in force, defaults included; secrets print as ***. Nothing is asked or changed, so it also tells before a reload whether
that will be taken. A fault is named with file, line and what to do, and the exit code is 1. Every setting can come from the environment
too, which wins over the file: WINNOW_DNS_SERVERS is dns.servers.`,
		Example: `  winnow config
  winnow config --config new.yaml >/dev/null && echo good`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			values, err := loadConfig(c)
			if err != nil {
				return err
			}
			log := app.NewLog(app.LogConfig{Level: zap.WarnLevel, Format: "console"}, c.ErrOrStderr())
			a, err := app.New(c.Context(), values, app.Options{ReadOnly: true, Local: true, Log: log})
			if err != nil {
				return err
			}
			return errors.Join(config.Print(c.OutOrStdout(), values), a.Close())
		},
	}
}

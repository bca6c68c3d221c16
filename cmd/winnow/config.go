package main

import (
	"github.com/spf13/cobra"

	"winnow/pkg/config"
)

func newConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Check the configuration and print the values in force",
		Long: `Read the configuration as serve does and print every value in force, defaults included; secrets print as ***.
A fault is named with file, line and what to do, and the exit code is 1. Every setting can come from the environment
too, which wins over the file: WINNOW_DNS_SERVERS is dns.servers.`,
		Example: `  winnow config
  winnow config --config new.yaml >/dev/null && echo good`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			values, err := loadConfig(c)
			if err != nil {
				return err
			}
			return config.Print(c.OutOrStdout(), values)
		},
	}
}

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"winnow/pkg/app"
	"winnow/pkg/stats"
)

// defaultConfig is read where there is one and --config names no other.
const defaultConfig = "/etc/winnow/winnow.yaml"

// garbage is by how many percent memory grows between two collections, unless GOGC says so. With 200 rather than Go's 100
// there are half as many, for some 70 MiB: docs/performance.md.
const garbage = 200

func newServe() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the filter",
		Long: `Run the milter until SIGTERM or SIGINT, which let sessions under way end first. SIGHUP reads configuration, lists,
rules and whitelists anew, all or nothing: a file with a fault keeps the old ones in force and the log says why.

Without a configuration file it listens on 127.0.0.1:8895, keeps its state in an embedded store, and asks the lists that
need no subscription. In Postfix's main.cf: smtpd_milters = inet:127.0.0.1:8895`,
		Example: `  winnow serve
  winnow serve --config /etc/winnow/winnow.yaml
  WINNOW_STORE=redis://127.0.0.1:6379/0 winnow serve`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			read := func() (*app.Config, error) { return loadConfig(c) }
			config, err := read()
			if err != nil {
				return err
			}
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(garbage)
			}
			log := app.NewLog(config.Log, c.ErrOrStderr())
			defer func() { _ = log.Sync() }() // a pipe or terminal has nothing to sync
			return serve(c.Context(), config, app.Options{Version: version, Log: log, ReadConfig: read})
		},
	}
}

// serve runs the filter until ctx ends.
func serve(ctx context.Context, config *app.Config, o app.Options) (err error) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	a, err := app.New(ctx, config, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	service, err := a.Start(ctx)
	if err != nil {
		return err
	}
	for {
		select {
		case <-hangup:
			if err := a.Reload(); err != nil {
				o.Log.Error("reload", zap.Error(err))
			}
		case <-ctx.Done():
			o.Log.Info("stopping")
			err := service.Stop()
			if errors.Is(err, stats.ErrWaiting) { // a store that is away makes this no failure
				o.Log.Warn("stopped", zap.Error(err))
				return nil
			}
			return err
		}
	}
}

// loadConfig reads the configuration that the command line names.
func loadConfig(c *cobra.Command) (*app.Config, error) {
	path, err := c.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	if path == "" {
		if _, err := os.Stat(defaultConfig); !errors.Is(err, fs.ErrNotExist) {
			path = defaultConfig // a file that is there and cannot be read is said, not passed over
		}
	}
	return app.LoadConfig(path)
}

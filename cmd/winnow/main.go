// Command winnow is a spam filter behind Postfix: a milter, and the tools to tune it.
//
// Each verb is a file of its own. Exit codes: 0 fine, 1 something was found wrong, 2 wrong use.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // stats.time_zone works on hosts that have no zone files

	"github.com/spf13/cobra"
)

// version is set by the build: -ldflags "-X main.version=v1.0.0".
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once, whatever it waits for
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitFine  = 0
	exitWrong = 1 // something was found wrong: a fault in a file, spam, a list that does not answer
	exitUsage = 2 // the words on the command line are off
)

// errFound is the error of a verb that has said itself what it found wrong.
var errFound = errors.New("something was found wrong")

// usageError is wrong use that shows only after the words were taken, such as an address that is none.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is the program: it takes the words of the command line and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	understood := false // set once the words were taken: what fails from there on is not their fault
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }

	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFound):
		return exitWrong
	}
	fmt.Fprintln(stderr, "winnow:", err)
	if understood && !errors.As(err, new(usageError)) {
		return exitWrong
	}
	fmt.Fprintln(stderr, "`winnow help` and `winnow help VERB` tell how it is used.")
	return exitUsage
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "winnow",
		Short: "A spam filter behind Postfix that accounts for every list and rule",
		Long: `winnow filters mail as a milter attached to Postfix. A mail passes three stages, cheapest first: DNS lists on the
connecting client; blacklist, whitelist and auto-whitelist for each recipient; URI lists and content rules. Every list
and rule is accounted for, day by day.`,
		Example: `  winnow serve                         run the filter; works without a configuration file
  winnow scan mail.eml                 what would become of this mail, and why?
  winnow why w7k2-9fqx                 why was this message refused?
  winnow stats                         today's figures, list by list
  winnow replay --config new.yaml      what would these settings have made of last week's mail?
  winnow lists query 192.0.2.1         which lists have this address?`,
		Version:       versionText(), // which makes a flag of it, too
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.PersistentFlags().StringP("config", "c", "", "configuration file (default "+defaultConfig+" where there is one)")
	root.SetVersionTemplate("winnow {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(
		newServe(), newScan(), newWhy(), newNotSpam(), newReplay(), newStats(), newLists(), newRules(), newWhitelist(), newConfig(), newDemo(), newVersion(),
	)
	return root
}

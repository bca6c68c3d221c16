package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/web"
	"winnow/pkg/whitelist"
)

func newWhitelist() *cobra.Command {
	c := &cobra.Command{
		Use:   "whitelist",
		Short: "Show and change who is whitelisted or blacklisted",
		Long: `Show and change the entries of the whitelist and blacklist files, and whom local users have written to (the
auto-whitelist). A running winnow takes changed files over by itself.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newWhitelistShow(), newWhitelistAdd(), newWhitelistRemove(), newWhitelistCheck())
	return c
}

// shown is what `whitelist show --json` prints; a list without elements is [].
type shown struct {
	Whitelist []whitelist.Entry         `json:"whitelist"`
	Blacklist []whitelist.Entry         `json:"blacklist"`
	Learned   []whitelist.Correspondent `json:"learned"` // by the user that was named
	Users     []string                  `json:"users"`   // who have correspondents, where none was named
}

func newWhitelistShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show [USER]",
		Short: "Show the entries, and whom a local user has written to",
		Example: `  winnow whitelist show
  winnow whitelist show alice@our.example`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			all, err := gatherShown(c, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), all)
			}
			return printShown(c.OutOrStdout(), all, len(args) > 0)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// gatherShown reads the files, and the store for what user has taught, or for who has taught anything.
func gatherShown(c *cobra.Command, user string) (*shown, error) {
	config, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	all := shown{Learned: []whitelist.Correspondent{}, Users: []string{}}
	if all.Whitelist, err = entries(config.Whitelist.Whitelist, whitelist.Whitelist(app.Freemail())); err != nil {
		return nil, err
	}
	if all.Blacklist, err = entries(config.Whitelist.Blacklist, whitelist.Blacklist()); err != nil {
		return nil, err
	}
	a, err := app.New(c.Context(), config, app.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	book := whitelist.NewBook(config.Whitelist, a.Store(), nil)
	if user == "" {
		var users []string
		users, err = book.Users(c.Context())
		all.Users = append(all.Users, users...)
	} else {
		var known []whitelist.Correspondent
		known, err = book.Correspondents(c.Context(), user)
		all.Learned = append(all.Learned, known...)
	}
	return &all, errors.Join(err, a.Close())
}

func entries(path string, kind whitelist.Kind) ([]whitelist.Entry, error) {
	if path == "" {
		return []whitelist.Entry{}, nil
	}
	set, err := whitelist.Load(path, kind)
	if err != nil {
		return nil, err
	}
	return set.Entries(), nil
}

func printShown(out io.Writer, all *shown, ofUser bool) error {
	t := newTable("LIST", "SENDER", "PROOF", "RECIPIENT", "WHERE", "COMMENT")
	for _, e := range all.Whitelist {
		t.row("whitelist", e.Who, cmp.Or(e.Auth, "client"), orAll(e.To), fmt.Sprintf("%s:%d", e.File, e.Line), e.Comment)
	}
	for _, e := range all.Blacklist {
		t.row("blacklist", e.Who, "", orAll(e.To), fmt.Sprintf("%s:%d", e.File, e.Line), e.Comment)
	}
	if err := t.print(out); err != nil {
		return err
	}
	if !ofUser {
		_, err := fmt.Fprintf(out, "\n%d local users have correspondents; `winnow whitelist show USER` lists them\n", len(all.Users))
		return err
	}
	t = newTable("CORRESPONDENT", "LAST WRITTEN TO", "FORGOTTEN AFTER")
	for _, l := range all.Learned {
		t.row(l.Address, l.Last.Local().Format(time.DateTime), l.Expires.Local().Format(time.DateOnly))
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return t.print(out)
}

func orAll(to string) string {
	if to == "" {
		return "all"
	}
	return to
}

// entryFlags say which entry add and remove are about.
type entryFlags struct {
	to      string
	black   bool
	comment string
	auth    string
	learned bool
}

func (f *entryFlags) declare(c *cobra.Command) {
	c.Flags().StringVar(&f.to, "to", "", "only for this recipient, or recipients of this domain")
	c.Flags().BoolVar(&f.black, "black", false, "the blacklist in place of the whitelist")
}

// line is the entry as it stands in the file.
func (f *entryFlags) line(who string) string {
	if f.auth != "" {
		who += "  auth:" + f.auth
	}
	if f.to != "" {
		who += "  to:" + f.to
	}
	if f.comment != "" {
		who += "  # " + f.comment
	}
	return who
}

// kind is the kind of the file that is meant.
func (f *entryFlags) kind() whitelist.Kind {
	if f.black {
		return whitelist.Blacklist()
	}
	return whitelist.Whitelist(app.Freemail())
}

// path is the file that is meant.
func (f *entryFlags) path(c *cobra.Command) (*app.Config, string, error) {
	config, err := loadConfig(c)
	if err != nil {
		return nil, "", err
	}
	path, setting := config.Whitelist.Whitelist, "whitelist.whitelist"
	if f.black {
		path, setting = config.Whitelist.Blacklist, "whitelist.blacklist"
	}
	if path == "" && !f.learned {
		return nil, "", fmt.Errorf("no file is configured: set %s, such as /etc/winnow/%s", setting, strings.TrimPrefix(setting, "whitelist."))
	}
	return config, path, nil
}

const entryForms = `SENDER is an address (friend@example.org), a domain (example.org; .example.org with all below it), an address or
network of clients (192.0.2.0/24), or <> for the null sender.`

func newWhitelistAdd() *cobra.Command {
	var f entryFlags
	c := &cobra.Command{
		Use:   "add SENDER",
		Short: "Add an entry to the whitelist or blacklist file",
		Long:  "Add an entry to the file; its comments and order stay.\n\n" + entryForms,
		Example: `  winnow whitelist add friend@example.org
  winnow whitelist add example.org --to alice@our.example --comment "her bank"
  winnow whitelist add news.example.org --auth dkim
  winnow whitelist add 198.51.100.0/24 --black`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			_, path, err := f.path(c)
			if err != nil {
				return err
			}
			added, err := whitelist.AddEntry(path, f.line(args[0]), f.kind())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s:%d: added %s\n", added.File, added.Line, added.String())
			return err
		},
	}
	f.declare(c)
	c.Flags().StringVar(&f.auth, "auth", "", "what has to prove the sender: any (SPF or DKIM, the default), spf, dkim or none")
	c.Flags().StringVar(&f.comment, "comment", "", "why, for whoever reads the file")
	return c
}

func newWhitelistRemove() *cobra.Command {
	var f entryFlags
	c := &cobra.Command{
		Use:   "remove SENDER",
		Short: "Remove an entry from the file, or what was learned",
		Long:  "Remove an entry from the file. With --learned, forget instead that the user given by --to has written to SENDER.\n\n" + entryForms,
		Example: `  winnow whitelist remove friend@example.org
  winnow whitelist remove friend@example.org --to alice@our.example --learned`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, path, err := f.path(c)
			if err != nil {
				return err
			}
			if f.learned {
				return forget(c, config, f.to, args[0])
			}
			removed, err := whitelist.RemoveEntry(path, f.line(args[0]), f.kind())
			for _, e := range removed {
				fmt.Fprintf(c.OutOrStdout(), "%s:%d: removed %s\n", e.File, e.Line, e.String())
			}
			return err
		},
	}
	f.declare(c)
	c.Flags().BoolVar(&f.learned, "learned", false, "what the auto-whitelist learned; --to names the local user")
	return c
}

func newWhitelistCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check the whitelist and blacklist files",
		Long:  "Read both files and print every fault with its line, and what to write there. The exit code is 1 when there is any.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := loadConfig(c)
			if err != nil {
				return err
			}
			var faults []error
			for _, file := range []struct {
				path string
				kind whitelist.Kind
			}{
				{config.Whitelist.Whitelist, whitelist.Whitelist(app.Freemail())},
				{config.Whitelist.Blacklist, whitelist.Blacklist()},
			} {
				all, err := entries(file.path, file.kind)
				if faults = append(faults, err); err == nil && file.path != "" {
					fmt.Fprintf(c.OutOrStdout(), "%s: %d entries, no fault\n", file.path, len(all))
				}
			}
			return errors.Join(faults...)
		},
	}
}

// forget has the running winnow forget a learned pair, or does so itself where none runs.
func forget(c *cobra.Command, config *app.Config, user, correspondent string) error {
	if user == "" {
		return usagef("--learned needs --to USER: whose correspondent is it?")
	}
	found, err := web.NewClient(config.ControlSocket()).Forget(c.Context(), user, correspondent)
	if errors.Is(err, web.ErrNotRunning) {
		found, err = forgetDirectly(c.Context(), config, user, correspondent)
	}
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has not written to %s", user, correspondent)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "forgotten: %s wrote to %s\n", user, correspondent)
	return err
}

func forgetDirectly(ctx context.Context, config *app.Config, user, correspondent string) (bool, error) {
	a, err := app.New(ctx, config, app.Options{})
	if err != nil {
		return false, err
	}
	found, err := a.Book().Forget(ctx, user, correspondent)
	return found, errors.Join(err, a.Close())
}

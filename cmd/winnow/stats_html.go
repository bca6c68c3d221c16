package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/web"
	"winnow/pkg/web/page"
)

// writeHTML writes the account of days as one file of HTML, "-" to the standard output.
func writeHTML(c *cobra.Command, a *app.App, days web.Days, path string) error {
	write := func(w io.Writer) error {
		err := page.WriteReport(c.Context(), w, a.Pages(), days)
		if errors.Is(err, web.ErrQuestion) {
			return usageError{err}
		}
		return err
	}
	if path == "-" {
		return write(c.OutOrStdout())
	}
	if err := writeWhole(path, write); err != nil {
		return fmt.Errorf("--html: %w", err)
	}
	return nil
}

// writeWhole has a file written for its owner alone and moves it into place when all of it is there: who looks at path sees
// what was there before, or all of the new.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file: name one, or - for the standard output", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".winnow-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	if err := errors.Join(write(temp), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

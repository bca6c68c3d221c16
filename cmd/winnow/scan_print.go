package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"winnow/pkg/auth"
	"winnow/pkg/stats"
)

// A printer writes findings: a line of JSON each, or a paragraph each for people, with progress on a terminal where
// there are many.
type printer struct {
	out      io.Writer
	asJSON   bool
	progress progress
}

// A progress shows on a terminal how far a long run is, beside output that goes elsewhere. It may be none.
type progress struct{ bar *progressbar.ProgressBar }

// manyFiles is from how many files on progress is shown.
const manyFiles = 20

func newPrinter(out, messages io.Writer, asJSON bool, files int) *printer {
	return &printer{out: out, asJSON: asJSON, progress: newProgress("scanning", out, messages, files)}
}

func newProgress(what string, out, messages io.Writer, files int) progress {
	if files < manyFiles || !isTerminal(messages) || isTerminal(out) {
		return progress{}
	}
	return progress{progressbar.NewOptions(files, progressbar.OptionSetWriter(messages),
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
}

func (p progress) step() {
	if p.bar != nil {
		_ = p.bar.Add(1) // a bar that cannot be drawn is no reason to stop
	}
}

func (p progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p *printer) print(f *finding) error {
	p.progress.step()
	if p.asJSON {
		return json.NewEncoder(p.out).Encode(f)
	}
	return p.paragraph(f)
}

// paragraph writes a finding for people: what becomes of the mail and why, then every hit.
func (p *printer) paragraph(f *finding) error {
	if f.record != nil {
		if _, err := fmt.Fprintf(p.out, "%s: ", stats.Printable(f.File)); err != nil {
			return err
		}
		return printRecord(p.out, f.record, time.Local)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s (%s), %g of %g points\n", stats.Printable(f.File), f.Action, f.Class, f.Total, f.Threshold)
	fmt.Fprintf(&b, "  %s\n", stats.Printable(f.Reason))
	for _, found := range auth.Findings(f.Identity) {
		fmt.Fprintf(&b, "  %s: %s %s\n", found.Method, found.Result, stats.Printable(found.About))
	}
	for _, e := range f.Errors {
		fmt.Fprintf(&b, "  error: %s\n", stats.Printable(e))
	}
	if _, err := io.WriteString(p.out, b.String()); err != nil {
		return err
	}
	if len(f.Hits) == 0 {
		return nil
	}
	t := newTable("  SCORE", "SYMBOL", "STAGE", "SOURCE", "DETAIL")
	for _, h := range f.Hits {
		score := fmt.Sprintf("  %5g", h.Score)
		if h.Observe {
			score = "  (observed)"
		}
		t.row(score, h.Symbol, h.Stage, h.Source, h.Detail)
	}
	return t.print(p.out)
}

func (p *printer) end() error {
	p.progress.end()
	return nil
}

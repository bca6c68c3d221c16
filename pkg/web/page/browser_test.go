package page_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"winnow/pkg/rig"
)

// browserLimit is what one test in the browser may take: it is slow to start on a busy machine.
const browserLimit = 5 * time.Minute

// A browser is a tab of a real Chromium.
type browser struct {
	context.Context
	t  testing.TB
	mu sync.Mutex
	// what its console said that should not have been said: errors of scripts, what the policy forbade, what could not be loaded
	complaints []string
}

// openBrowser starts one, and ends it with the test.
func openBrowser(t testing.TB) *browser {
	t.Helper()
	const program = "chromium"
	if missing := rig.Missing(program); missing != nil {
		t.Skip(missing)
	}
	ctx, cancel := context.WithTimeout(context.Background(), browserLimit)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(browserLimit),
		chromedp.Flag("disable-gpu", true), chromedp.NoSandbox) // there is none for root, nor in most containers; pages are our own
	ctx, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	ctx, cancelTab := chromedp.NewContext(ctx)
	b := &browser{Context: ctx, t: t}
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until it has ended
		cancelTab()
		cancelAllocator()
	})
	b.command(func() error { _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); return err })
	b.command(func() error { return chromedp.Listen(ctx, b.listen) })
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprint(e.Type))
	}
}

// quiet fails the test where the console said anything, and forgets it.
func (b *browser) quiet(where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, complaint := range b.complaints {
		b.t.Errorf("%s: the console says: %s", where, complaint)
	}
	b.complaints = nil
}

func (b *browser) command(do func() error) {
	b.t.Helper()
	if err := do(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	b.command(func() error { return chromedp.Do(b.Context, actions...) })
}

// open loads a page and waits until all of it is there.
func (b *browser) open(url string) {
	b.t.Helper()
	b.run(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
}

// login shows the token, as a person does.
func (b *browser) login(s *site) {
	b.t.Helper()
	b.open(s.url + "/")
	b.run(chromedp.WaitVisible(chromedp.CSS("input[name=token]")), chromedp.SendKeys(chromedp.CSS("input[name=token]"), token+"\r"), chromedp.WaitVisible(chromedp.CSS("nav[aria-label=Pages]")))
}

// js returns what an expression comes to.
func js[V any](b *browser, expression string) (value V) {
	b.t.Helper()
	b.command(func() (err error) {
		value, err = chromedp.Run(b.Context, chromedp.Evaluate[V](expression))
		return err
	})
	return value
}

// look sets width and colours.
func (b *browser) look(width int64, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	b.run(chromedp.EmulateViewport(width, 900))
	b.command(func() error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
		_, err := chromedp.Call(b.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	})
}

// scripts switches them on or off.
func (b *browser) scripts(on bool) {
	b.t.Helper()
	b.command(func() error {
		_, err := chromedp.Call(b.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// shot keeps a picture of the whole page where WINNOW_SHOTS names a folder, for people to look at.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("WINNOW_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(b.Context, chromedp.FullScreenshot(100))
	must(b.t, err)
	must(b.t, os.MkdirAll(dir, 0o755))
	must(b.t, os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")+".png"), picture, 0o644))
}

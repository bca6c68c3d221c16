package page_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"winnow/pkg/stats"
	"winnow/pkg/web"
	"winnow/pkg/web/page"
)

// The report is one file that loads nothing, runs nothing, and has the figures of the account.
func TestReport(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	var text strings.Builder
	must(t, page.WriteReport(t.Context(), &text, s.app.Pages(), web.Days{From: "today", To: "today"}))
	for _, never := range []string{"<script", "src=", "href=", "url(", "@import", "<form", "<link", "style="} {
		if at := strings.Index(text.String(), never); at >= 0 {
			t.Errorf("%q is in the report: %.80q", never, text.String()[at:])
		}
	}
	file := filepath.Join(t.TempDir(), "report.html")
	must(t, os.WriteFile(file, []byte(text.String()), 0o600))
	b := openBrowser(t)
	var asked []string
	b.command(func() error { _, err := chromedp.Call(b.Context, network.Enable, network.EnableParams{}); return err })
	b.command(func() error {
		return chromedp.Listen(b.Context, func(event any) {
			if e, ok := event.(*network.EventRequestWillBeSent); ok {
				b.mu.Lock()
				asked = append(asked, e.Request.URL)
				b.mu.Unlock()
			}
		})
	})
	for _, look := range []struct {
		name  string
		width int64
		dark  bool
	}{{"report-light", 1280, false}, {"report-dark", 1280, true}, {"report-phone", 390, false}} {
		b.look(look.width, look.dark)
		b.open("file://" + file)
		b.inspect(look.name)
		b.shot(look.name)
		b.quiet(look.name)
	}
	for _, url := range asked {
		if url != "file://"+file {
			t.Errorf("the report asks for %s", url)
		}
	}
	var reports []stats.Report
	s.ask(t, "/api/v1/report", &reports)
	shown := js[string](b, `document.body.innerText`)
	for _, n := range []int64{reports[0].Connections.Total, reports[0].Messages.Caught, reports[0].Messages.Delivered, reports[0].Sources[2].Unique} {
		if !strings.Contains(shown, stats.Number(n)) {
			t.Errorf("%s is not in the report", stats.Number(n))
		}
	}
	if style := js[string](b, `getComputedStyle(document.querySelector(".card")).borderRadius`); style != "8px" {
		t.Errorf("its own style is not applied: %q", style)
	}
	text.Reset()
	must(t, page.WriteReport(t.Context(), &text, s.app.Pages(), web.Days{From: "2010-01-01", To: "2010-01-02"}))
	if !strings.Contains(text.String(), "Nothing was counted") {
		t.Error("a report on nothing does not say so")
	}
}

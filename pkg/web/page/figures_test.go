package page_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"winnow/pkg/stats"
	"winnow/pkg/web"
	"winnow/pkg/web/page"
)

// The page shows the API's figures: those of the funnel and of each list.
func TestFiguresAreTheAPIs(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	b := openBrowser(t)
	b.login(s)
	for _, days := range []string{"day=2016-12-14", "from=2016-12-01&to=2016-12-14"} {
		var reports []stats.Report
		s.ask(t, "/api/v1/report?"+days, &reports)
		r := &reports[0]
		b.open(s.url + "/?" + days)
		shown := js[map[string]string](b, `Object.fromEntries([...document.querySelectorAll(".steps-table tbody tr")].map((row) => [row.cells[0].textContent, row.cells[1].textContent]))`)
		want := map[string]int64{
			"connections": r.Connections.Total, "accepted": r.Connections.Accepted, "messages": r.Messages.Total, "whitelisted": r.Messages.Whitelisted,
			"blacklisted": r.Messages.Blacklisted, "too large": r.Messages.TooLarge, "not enabled": r.Messages.NotEnabled, "scanned": r.Messages.Scanned,
			"caught": r.Messages.Caught, "delivered": r.Messages.Delivered,
		}
		for _, refusal := range r.Connections.Refused {
			want["refused by "+refusal.Title] = refusal.Count
		}
		for name, n := range want {
			if shown[name] != stats.Number(n) {
				t.Errorf("%s, %s: got %q, want %s", days, name, shown[name], stats.Number(n))
			}
		}
		b.open(s.url + "/lists?" + days)
		unique := js[map[string]string](b, `Object.fromEntries([...document.querySelectorAll(".ranking tbody tr")].map((row) => [row.cells[0].textContent, row.cells[2].textContent + "/" + row.cells[4].textContent + "/" + row.cells[5].textContent + "/" + row.cells[6].textContent]))`)
		for _, source := range r.Sources {
			if want := stats.Number(source.Unique) + "/" + stats.Number(source.Decisive) + "/" + stats.Number(source.Hits) + "/" + stats.Number(source.Misses); unique[source.Title] != want {
				t.Errorf("%s, %s: got %q, want %s", days, source.Title, unique[source.Title], want)
			}
		}
		var sets []stats.SetReport
		s.ask(t, "/api/v1/sets?"+days, &sets)
		b.open(s.url + "/overlap?" + days)
		cells := js[[][]int64](b, `[...document.querySelector(".matrix").tBodies[0].rows].map((row) => [...row.cells].slice(3).map((cell) => +(cell.dataset.n ?? -1)))`)
		for i, row := range sets[0].Caught.Overlap {
			for j, n := range row {
				if i != j && cells[i][j] != n {
					t.Errorf("%s, overlap of %d and %d: got %d, want %d", days, i, j, cells[i][j], n)
				}
			}
		}
	}
}

// ask reads an answer of the API.
func (s *site) ask(t testing.TB, path string, into any) {
	t.Helper()
	must(t, json.Unmarshal([]byte(s.get(t, path)), into))
}

// A list's page has its return codes, each with the API's figures, and says what is in no row or in all others'.
func TestCodesAreTheAPIs(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	b := openBrowser(t)
	b.login(s)
	var reports []stats.ListReport
	s.ask(t, "/api/v1/lists/report?list=zen&day=2016-12-14", &reports)
	list := &reports[0]
	if len(list.Codes.Codes) != 4 || list.Several != 2_140 || list.Before == 0 {
		t.Fatalf("got %+v", list.Codes)
	}
	b.open(s.url + "/lists/zen?day=2016-12-14")
	rows := js[map[string][]string](b, `Object.fromEntries([...document.querySelectorAll(".codes tbody tr")].map((row) => [row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.innerText.replaceAll("\n", " "))]))`)
	for _, code := range list.Codes.Codes {
		symbol := code.Symbols
		if code.Code == "*" {
			symbol = "all others"
		}
		n := stats.Number
		doubt := n(code.Doubtful) + stats.Percents(code.DoubtfulShare) + " " + stats.Percents(code.DoubtfulLow) + " to " + stats.Percents(code.DoubtfulHigh)
		if code.DoubtfulOf == 0 {
			doubt = n(code.Doubtful)
		}
		want := []string{symbol, n(code.Hits), n(code.Only), n(code.Unique), n(code.Decisive), doubt, n(code.Observed), n(code.ObservedUnique)}
		if !slices.Equal(rows[code.Code], want) {
			t.Errorf("%s: got %q, want %q", code.Code, rows[code.Code], want)
		}
	}
	text := js[string](b, `document.querySelector("[aria-labelledby=codes]").innerText`)
	for _, want := range []string{"2,140 hits were by several codes.", stats.Number(list.Before) + " hits are of before codes were counted", "In the row * stands", "ZEN_XBL"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	misses := js[string](b, `document.querySelector("[aria-label='Day by day'] tbody").rows[0].cells[4].textContent`)
	if misses != stats.Number(list.Sum.Misses) {
		t.Errorf("%s misses, want %d", misses, list.Sum.Misses)
	}
	b.run(chromedp.Click(chromedp.CSS(".codes thead th button")))
	if first := js[string](b, `document.querySelector(".codes tbody th").textContent`); first != "*" {
		t.Errorf("sorted by code %s is the first", first)
	}
	if strings.Contains(s.get(t, "/lists/uribl"), "By return code") {
		t.Error("a list of which no code is known has a table of them")
	}
	b.quiet("codes")
}

// Which rules are dangerous, and which are dead, is what the API says, on the page and in the report; a rule's page says it, too.
func TestRulesWorthALook(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	b := openBrowser(t)
	b.login(s)
	var reports []stats.RuleReport
	s.ask(t, "/api/v1/rules/report?day=2016-12-14", &reports)
	r := &reports[0]
	var dangerous []string
	shares := map[string]string{}
	for _, row := range r.Rules {
		shares[row.Name] = stats.Percents(row.MeanShare)
		if row.Dangerous {
			dangerous = append(dangerous, row.Name)
		}
	}
	if len(dangerous) != 1 || len(r.Silent) == 0 {
		t.Fatalf("dangerous %q, %d dead", dangerous, len(r.Silent))
	}
	b.open(s.url + "/rules?day=2016-12-14")
	shown := js[map[string]string](b, `Object.fromEntries([...document.querySelectorAll("[aria-label='Content rules'] tbody tr")].map((row) => [row.querySelector("a").textContent, row.cells[5].textContent]))`)
	for name, share := range shares {
		if shown[name] != share {
			t.Errorf("mean share of %s: got %q, want %s", name, shown[name], share)
		}
	}
	names := js[[]string](b, `[...document.querySelectorAll("[aria-labelledby=dangerous] a")].map((a) => a.textContent)`)
	marked := js[[]string](b, `[...document.querySelectorAll("tbody tr")].filter((row) => row.querySelector(".action.stop")).map((row) => row.querySelector("a").textContent)`)
	if !slices.Equal(names, dangerous) || !slices.Equal(marked, dangerous) {
		t.Errorf("dangerous: got %q, marked %q, want %q", names, marked, dangerous)
	}
	dead := js[[]string](b, `[...document.querySelectorAll("[aria-labelledby=dead] li a")].map((a) => a.textContent)`)
	if head := js[string](b, `document.querySelector("#dead").textContent`); !slices.Equal(dead, r.Silent) || head != "Dead rules: "+stats.Number(int64(len(dead))) {
		t.Errorf("%s: %q, want %q", head, dead, r.Silent)
	}
	b.quiet("rules")
	if text := s.get(t, "/rules/"+url.PathEscape(dangerous[0])); !strings.Contains(text, "Most of what it hit was delivered") || !strings.Contains(text, shares[dangerous[0]]) {
		t.Error("the page of a dangerous rule does not say so")
	}
	if text := s.get(t, "/rules/"+url.PathEscape(r.Silent[0])); !strings.Contains(text, "It is dead") {
		t.Error("the page of a dead rule does not say so")
	}
	var report strings.Builder
	must(t, page.WriteReport(t.Context(), &report, s.app.Pages(), web.Days{From: "today", To: "today"}))
	for _, want := range []string{"Dangerous rules", dangerous[0] + "</strong>", shares[dangerous[0]], "Dead rules: ", "<li translate=\"no\">" + r.Silent[0] + "</li>", "The funnel balances", ">Misses<"} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("%q is not in the report", want)
		}
	}
}

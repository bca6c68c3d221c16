package page_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/trail"
)

var sampleRecords = []record{
	{id: "w7k2-9fqx", client: "198.18.1.7", name: "mail.sender.example", helo: "helo.sender.example", sender: "bob@sender.example", recipient: "alice@our.example", author: "Bob <bob@sender.example>", subject: "Your invoice", detail: "7.1.18.198.zen.example A 127.0.0.2", action: filter.Reject},
	{id: "a1b2-c3d4", client: "192.0.2.4", helo: "host.example", sender: "carol@partner.example", recipient: "alice@our.example", author: "Carol <carol@partner.example>", subject: "Lunch", detail: "few points"},
}

// paths are all kinds of pages, with what is on them and with nothing.
var paths = []string{
	"/", "/?day=2010-01-01", "/?from=2016-11-20&to=2016-12-14", "/lists", "/lists/uribl", "/lists/zen", "/lists/rules", "/overlap",
	"/overlap?day=2016-12-14&without=uribl&without=ivmuri", "/overlap?keep=99.5", "/overlap?day=2010-01-01", "/rules", "/rules?q=nothing",
	"/rules/ADVANCE_FEE_4", "/rules/LOTTERY_CLAIM", "/messages", "/messages?q=alice@our.example", "/messages?q=nobody@our.example", "/messages/w7k2-9fqx", "/api",
}

// Every page loads in light and dark and on a telephone: the console is silent, nothing hangs over the edge, each text can
// be told from its ground, and everything that is more than text has a name.
func TestPages(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	b := openBrowser(t)
	b.open(s.url + "/lists")
	b.look(1280, false)
	b.inspect("login")
	b.login(s)
	for _, path := range paths {
		b.look(1280, false)
		b.open(s.url + path)
		b.shot("light" + path)
		b.inspect(path)
		b.named(path)
		b.look(1280, true)
		b.shot("dark" + path)
		b.inspect(path + " in the dark")
		b.look(390, false)
		b.shot("phone" + path)
		b.inspect(path + " on a telephone")
		b.quiet(path)
	}
}

// inspect looks at what a person sees.
func (b *browser) inspect(where string) {
	b.t.Helper()
	if over := js[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		b.t.Errorf("%s: hangs %d pixels over the edge", where, over)
	}
	if n := js[int](b, `document.querySelectorAll("h1").length`); n != 1 {
		b.t.Errorf("%s: %d headings of the first order, want 1", where, n)
	}
	for _, fault := range js[[]string](b, contrast) {
		b.t.Errorf("%s: %s", where, fault)
	}
}

// contrast finds texts that are hard to read: WCAG 2, success criterion 1.4.3, for small text.
const contrast = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgba = (color) => { // whatever way it is written
		canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const over = (top, ground) => top.slice(0, 3).map((c, i) => (c * top[3] + ground[i] * (255 - top[3])) / 255);
	const ground = (element) => {
		if (!element) return over(rgba(getComputedStyle(document.body).backgroundColor), [255, 255, 255]);
		const color = rgba(getComputedStyle(element).backgroundColor);
		return color[3] === 255 ? color : over(color, ground(element.parentElement));
	};
	const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const faults = [], seen = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const element = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
		if (!text || element.closest(".quiet, title, desc, .tip, script") || !element.checkVisibility() || !element.getClientRects().length) continue;
		const style = getComputedStyle(element), behind = ground(element);
		const color = over(rgba(element instanceof SVGElement ? style.fill : style.color), behind);
		const [a, z] = [light(color), light(behind)].sort((x, y) => y - x), ratio = (a + 0.05) / (z + 0.05);
		const key = style.color + behind;
		if (ratio < 4.5 && !seen.has(key)) { seen.add(key); faults.push(ratio.toFixed(2) + " is too little contrast for " + JSON.stringify(text.slice(0, 40)) + " in " + element.className); }
	}
	return faults;
})()`

// named looks at what a screen reader gets.
func (b *browser) named(where string) {
	b.t.Helper()
	tree, err := chromedp.Call(b.Context, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	must(b.t, err)
	roles := map[string]int{}
	for _, node := range tree.Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := strings.Trim(string(node.Role.Value), `"`), ""
		if node.Name != nil {
			name = strings.Trim(string(node.Name.Value), `"`)
		}
		roles[role]++
		switch role {
		case "link", "button", "textbox", "searchbox", "combobox", "checkbox", "spinbutton", "Date", "image", "img", "table", "region", "figure", "navigation", "columnheader", "rowheader", "heading":
			if strings.TrimSpace(name) == "" {
				b.t.Errorf("%s: a %s has no name", where, role)
			}
		}
	}
	for _, landmark := range []string{"banner", "navigation", "main", "contentinfo"} {
		if roles[landmark] == 0 {
			b.t.Errorf("%s: there is no %s", where, landmark)
		}
	}
}

// get reads a page, which must be there.
func (s *site) get(t testing.TB, path string) string {
	t.Helper()
	status, body := s.request(t, path)
	if status != http.StatusOK {
		t.Fatalf("%s: got %d: %s", path, status, body)
	}
	return body
}

// request asks with the token.
func (s *site) request(t testing.TB, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	must(t, err)
	r.Close = true
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(text)
}

// The page tells of a decision what winnow why tells, word for word and in that order.
func TestTrailIsWhys(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	source := s.app.Pages()
	for _, r := range sampleRecords {
		found, err := source.Search(t.Context(), trail.Query{Words: []string{r.id}})
		must(t, err)
		if len(found.Records) != 1 {
			t.Fatalf("%s: %d records", r.id, len(found.Records))
		}
		e, identity := source.Explain(found.Records[0])
		want := append([]string{e.Title}, slices.Concat(e.Decided, e.Without, e.Sender, identity)...)
		for _, fact := range e.Facts {
			want = append(want, fact[0], fact[1])
		}
		for _, step := range e.Steps {
			want = append(want, step.Title)
			for _, row := range step.Rows {
				want = append(want, row.Source, row.Said, row.Score, row.Does, row.Fresh, row.Detail)
			}
		}
		text := html.UnescapeString(s.get(t, "/messages/"+r.id))
		text = text[strings.Index(text, "<h1>"):]
		for _, w := range want {
			at := strings.Index(text, w)
			if at < 0 {
				t.Fatalf("%s: %q is not on the page, or out of order, in\n%s", r.id, w, text)
			}
			text = text[at:]
		}
	}
}

// A record that stands for others says so, and one whose message is kept as a copy how to print it; where nothing is found, not
// each refusal is recorded.
func TestTrailHints(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, func(c *app.Config) {
		c.Trail.RefusedOneIn = 10
		c.Trail.KeepSamples.Delivered, c.Trail.KeepSamples.Tagged = 1, 1
		line, err := json.Marshal(trail.Record{V: trail.Version, Kind: trail.OfConnection, ID: "s4mp-0001", Time: now.Add(-time.Minute), Action: filter.Reject, Weight: 10})
		must(t, err)
		must(t, os.MkdirAll(trail.Dir(c.StateDir), 0o700))
		write(t, filepath.Join(trail.Dir(c.StateDir), "2016-12-14.jsonl"), string(line)+"\n")
	})
	const stands, copied, sampled = "10 decisions like it", "winnow why a1b2-c3d4 --sample", "only one record in 10 is kept"
	for path, want := range map[string]string{"/messages/s4mp-0001": stands, "/messages/a1b2-c3d4": copied, "/messages?q=nobody@our.example": sampled} {
		text := s.get(t, path)
		for _, hint := range []string{stands, copied, sampled} {
			if strings.Contains(text, hint) != (hint == want) {
				t.Errorf("%s: %q is there or is not, in\n%s", path, hint, text)
			}
		}
	}
}

// Without scripts all is there: figures, days to choose, questions to ask.
func TestWithoutScripts(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	b := openBrowser(t)
	b.login(s)
	b.scripts(false)
	b.plain(s.url+"/", "5,403,727", "refused by Zen", "1,008,901")
	b.follow(`document.querySelector(".presets li:nth-child(3) a").click()`, "8 – 14 December 2016")
	b.plain(s.url + "/overlap")
	b.follow(`document.querySelector("input[value=uribl]").click(), document.querySelector(".asks form button").click()`, "caught messages that nothing else hit", "8,137 of 113,439")
	b.plain(s.url+"/rules?sort=share", "LOTTERY_CLAIM", "60.6 %")
	b.plain(s.url + "/messages")
	b.follow(`document.querySelector("input[name=q]").value = "198.18.1.7", document.querySelector("form.find button").click()`,
		"The client 198.18.1.7 is listed by zen: ZEN.", "What the sender can do", "Your invoice")
	if js[bool](b, `document.querySelector(".tip") !== null`) {
		t.Error("scripts run")
	}
	b.shot("plain/trail")
	b.quiet("without scripts")
}

// plain loads a page in which no script runs, and waits for words.
func (b *browser) plain(url string, want ...string) {
	b.t.Helper()
	b.command(func() error {
		_, err := chromedp.Call(b.Context, cdppage.Navigate, cdppage.NavigateParams{URL: url})
		return err
	})
	b.follow("0", append(want, url, "winnow 1.2.3")...)
}

// follow does something that leads to another page, and waits for words there. A page may go while it is asked something.
func (b *browser) follow(do string, want ...string) {
	b.t.Helper()
	_, failed := chromedp.Run(b.Context, chromedp.Evaluate[any](do+", 0"))
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		text, err := chromedp.Run(b.Context, chromedp.Evaluate[string](`location.href + "\n" + (document.readyState === "complete" ? document.body.innerText : "")`))
		missing := slices.DeleteFunc(slices.Clone(want), func(w string) bool { return strings.Contains(text, w) })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(end) {
			b.t.Fatalf("after %s: %q is not in\n%s\n%v, %v", do, missing, text, failed, err)
		}
	}
}

// A keyboard reaches everything, and shows where it is.
func TestKeyboard(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	b := openBrowser(t)
	b.login(s)
	b.open(s.url + "/lists")
	const here = `(() => { const e = document.activeElement, s = getComputedStyle(e); return [e.textContent.trim(), s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 ? "seen" : "unseen", e.getBoundingClientRect().top >= 0 ? "in" : "out"]; })()`
	var reached []string
	for range 80 {
		b.run(chromedp.KeyEvent(kb.Tab))
		at := js[[]string](b, here)
		if js[bool](b, `document.activeElement === document.body`) {
			break
		}
		if at[1] != "seen" && !js[bool](b, `document.activeElement.matches("input")`) {
			t.Errorf("nothing shows that %q has the focus", at[0])
		}
		reached = append(reached, at[0])
	}
	if len(reached) == 0 || reached[0] != "Skip to the content" {
		t.Errorf("the first stop is %.1q", reached)
	}
	for _, want := range []string{"Lists", "Messages", "Log out", "Yesterday", "Show", "Unique", "URIBL", "These figures as JSON"} {
		if !slices.Contains(reached, want) {
			t.Errorf("%s is not reached by the keyboard: %q", want, reached)
		}
	}
	b.open(s.url + "/lists")
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	if !js[bool](b, `document.activeElement.id === "main"`) {
		t.Error("the skip link does not skip")
	}
	first := `document.querySelector(".ranking tbody th").textContent`
	b.run(chromedp.Focus(chromedp.CSS(".ranking thead th button")), chromedp.KeyEvent(kb.Enter))
	if got := js[string](b, first); got != "Barracuda" {
		t.Errorf("sorted by name %s is the first", got)
	}
	b.run(chromedp.KeyEvent(kb.Enter))
	if got, order := js[string](b, first), js[string](b, `document.querySelector(".ranking thead th").ariaSort`); got != "Zen" || order != "descending" {
		t.Errorf("sorted by name, %s, %s is the first", order, got)
	}
	b.quiet("the keyboard")
}

// A site with many lists and rules has pages of bounded length, made at once.
func TestMany(t *testing.T) {
	var lists [][2]string
	day := map[string]int64{"connections": 1_000_000, "accepted": 1_000_000, "messages": 1_000_000, "scanned": 1_000_000, "caught": 600_000, "delivered": 400_000}
	for i := range 60 {
		name := fmt.Sprintf("list-%02d", i)
		lists = append(lists, [2]string{name, fmt.Sprintf("List number %d", i)})
		day["list:"+name+":unique"], day["list:"+name+":hits"] = int64(9_000-i), 10_000
		day["caught_by:"+name] = int64(9_000 - i)
		day["caught_by:"+name+",list-00"] += 1_000
	}
	for i := range 4_000 {
		day[fmt.Sprintf("rule:RULE_%04d:caught", i)] = int64(i)
		day[fmt.Sprintf("rule:RULE_%04d:delivered", i)] = int64(i % 7)
	}
	days := map[string]map[string]int64{}
	for back := range 30 {
		days[now.AddDate(0, 0, -back).Format(time.DateOnly)] = day
	}
	s := openSite(t, lists, days, nil, nil)
	for _, test := range []struct {
		path       string
		rows, size int
	}{
		{"/", 60, 100 << 10}, {"/lists", 61, 250 << 10}, {"/overlap?keep=99.5", 400, 1 << 20}, {"/rules", 100, 250 << 10}, {"/rules?page=40", 100, 250 << 10},
		{"/rules?q=RULE_1", 100, 250 << 10}, {"/rules/RULE_0007", 31, 100 << 10}, {"/lists/list-07", 32, 150 << 10},
	} {
		began := time.Now()
		text := s.get(t, test.path)
		took := time.Since(began)
		t.Logf("%s: %v, %d octets, %d rows", test.path, took.Round(time.Millisecond), len(text), strings.Count(text, "<tr"))
		if rows := strings.Count(text, "<tr") - strings.Count(text, "<thead"); rows > test.rows || len(text) > test.size {
			t.Errorf("%s: %d rows in %d octets, want at most %d in %d", test.path, rows, len(text), test.rows, test.size)
		}
		if took > 10*time.Second {
			t.Errorf("%s took %v", test.path, took)
		}
	}
	b := openBrowser(t)
	b.login(s)
	b.look(1280, false)
	b.open(s.url + "/overlap")
	b.shot("many/overlap")
	b.inspect("60 lists side by side")
	b.open(s.url + "/lists")
	b.run(chromedp.SendKeys(chromedp.CSS(".tool input"), "number 1"))
	if n := js[int](b, `[...document.querySelectorAll(".ranking tbody tr")].filter((row) => row.checkVisibility()).length`); n != 11 {
		t.Errorf("%d lists are left, want number 1 and 10 to 19", n)
	}
	b.shot("many/lists")
	b.quiet("many")
}

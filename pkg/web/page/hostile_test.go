package page_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/web"
)

// What a stranger writes into his mail to have a page do something. Were one of it to be run, the title would tell.
var hostile = []string{
	`<script>document.title="OWNED"</script>`,
	`"><img src=x onerror='document.title="OWNED"'>`,
	`</bdi></title></textarea></style><svg onload=document.title="OWNED">`,
	`javascript:document.title="OWNED"`,
	`{{.Secret}}<a href="javascript:document.title='OWNED'">click</a>`,
	`'-document.title="OWNED"-'`,
	`<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example/">`,
	"\u202Egnp.exe\u202C \u2066turned\u2069 \u200Fmarks \x1b[31mred\x00",
	"tower" + strings.Repeat("\u0301", 500),
	strings.Repeat("long ", 4_000),
	`<form action="https://evil.example/"><input name=token><button>Log in</button></form>`,
}

// Whatever stands in mail stays text, on every page that shows it: no element of it, no script, nothing from elsewhere.
func TestMailStaysText(t *testing.T) {
	var records []record
	for i, text := range hostile {
		records = append(records, record{
			id: "h0st-000" + string(rune('a'+i)), client: "198.18.1.7", name: text, helo: text, sender: text + "@evil.example", recipient: text + "@our.example",
			author: text + " <x@evil.example>", subject: text, detail: text, action: filter.Reject,
		})
	}
	counters := sampleCounters()
	for _, text := range hostile { // a store that others write to: names of codes, rules, lists and stages
		text = strings.NewReplacer("\x1b", "", "\x00", "").Replace(text[:min(len(text), 300)]) // which it refuses
		for _, name := range []string{"code:zen:" + text + ":hits", "code:zen:" + text + ":doubtful_of", "rule:" + text + ":share", "list:" + text + ":hits", "failed:" + text} {
			counters["2016-12-14"][name] = 40
		}
		counters["2016-12-14"]["rule:"+text+":delivered"], counters["2016-12-14"]["rule:"+text+":share"] = 40, 400_000
	}
	s := openSite(t, sampleLists, counters, records, nil)
	b := openBrowser(t)
	b.login(s)
	before := js[string](b, `document.title`)
	pages := []string{"/messages?q=198.18.1.7", "/", "/lists", "/lists/zen", "/rules"}
	seen := len(pages) + len(records) // in the browser, too
	for i := range records {
		pages = append(pages, "/messages/"+records[i].id)
	}
	for _, text := range hostile { // in questions, too
		text = text[:min(len(text), 300)]
		for _, path := range []string{"/messages?q=", "/rules?q=", "/overlap?without=", "/overlap?keep=", "/?day=", "/?nothing="} {
			pages = append(pages, path+url.QueryEscape(text))
		}
		pages = append(pages, "/lists/"+url.PathEscape(text), "/rules/"+url.PathEscape(text), "/messages/"+url.PathEscape(text))
	}
	for _, path := range pages {
		response := s.fetch(t, path)
		for _, raw := range []string{"<script>", "onerror='", "<svg onload", `href="javascript:`, "<base", "<meta http-equiv=refresh", "\u202e", "\u2066", "\x1b", `action="https`, "<nil>"} {
			if strings.Contains(response, raw) {
				t.Errorf("%.80q: %q is in the page", path, raw)
			}
		}
		if len(response) > 300<<10 {
			t.Errorf("%.80q: a page of %d octets", path, len(response))
		}
	}
	for _, path := range pages[:seen] {
		b.open(s.url + path)
		if strings.HasPrefix(path, "/messages/") {
			b.run(chromedp.WaitReady(chromedp.CSS(".trail")))
		}
		if title := js[string](b, `document.title`); strings.Contains(title, "OWNED") || title == "" {
			t.Errorf("%s: a script ran: %s", path, title)
		}
		if n := js[int](b, `document.querySelectorAll("main script, main img, main base, main iframe, main a[href^='javascript'], main form[action^=http], main [onerror], main [onload]").length`); n != 0 {
			t.Errorf("%s: mail made %d elements", path, n)
		}
		if n := js[int](b, `performance.getEntriesByType("resource").filter((e) => !e.name.startsWith(location.origin)).length`); n != 0 {
			t.Errorf("%s: %d things come from elsewhere", path, n)
		}
		b.look(390, false)
		b.inspect(path)
		b.shot("hostile" + path)
		b.quiet(path)
	}
	if before == "" {
		t.Error("pages have no title")
	}
}

// fetch reads a page whatever its status, unless it is a fault of ours.
func (s *site) fetch(t testing.TB, path string) string {
	t.Helper()
	status, body := s.request(t, path)
	if status >= 500 {
		t.Errorf("%.80q: got %d: %s", path, status, body)
	}
	return body
}

// The policy holds, should something be forgotten: a script and a style that stand in a page do not run, and nobody frames it.
func TestPolicy(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	b := openBrowser(t)
	b.login(s)
	js[any](b, `(() => { const s = document.createElement("script"); s.textContent = "document.title='OWNED'"; document.body.append(s);
		const i = document.createElement("img"); i.setAttribute("onerror", "document.title='OWNED'"); i.src = "https://evil.example/x.png"; document.body.append(i); return 0; })()`)
	if title := js[string](b, `document.title`); title == "OWNED" {
		t.Error("a script in the page ran")
	}
	r, err := http.Get(s.url + "/login")
	must(t, err)
	defer r.Body.Close()
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
		if !strings.Contains(r.Header.Get("Content-Security-Policy"), want) {
			t.Errorf("%s is not in the policy %q", want, r.Header.Get("Content-Security-Policy"))
		}
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Who has no session is led to the login and back; a wrong token leads nowhere; logging out ends the session for good.
func TestLogin(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	b := openBrowser(t)
	b.open(s.url + "/rules?sort=share")
	b.shot("light/login")
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=token]"), "wrong-wrong-wrong-wrong\r"), chromedp.WaitVisible(chromedp.CSS("#wrong")))
	b.shot("light/login-wrong")
	if got := js[string](b, `document.cookie`); got != "" {
		t.Errorf("scripts see the cookie: %s", got)
	}
	b.mu.Lock()
	b.complaints = nil // of the 403
	b.mu.Unlock()
	b.run(chromedp.SendKeys(chromedp.CSS("input[name=token]"), token+"\r"), chromedp.WaitVisible(chromedp.CSS("thead")))
	if at := js[string](b, `location.pathname + location.search`); at != "/rules?sort=share" {
		t.Errorf("led to %s, want where it was asked for", at)
	}
	b.run(chromedp.Click(chromedp.CSS(".logout button")), chromedp.WaitVisible(chromedp.CSS("input[name=token]")))
	b.open(s.url + "/")
	b.run(chromedp.WaitVisible(chromedp.CSS("input[name=token]")))
	b.quiet("logging in and out")
}

func TestSession(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), nil, nil)
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	post := func(path string, values url.Values, header ...string) *http.Response {
		t.Helper()
		r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(values.Encode()))
		must(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		response, err := client.Do(r)
		must(t, err)
		response.Body.Close()
		return response
	}
	look := func(want int) {
		t.Helper()
		response, err := client.Get(s.url + "/api/v1/version")
		must(t, err)
		if response.Body.Close(); response.StatusCode != want {
			t.Errorf("got %s, want %d", response.Status, want)
		}
	}
	right := url.Values{"token": {token}, "next": {"/lists"}}
	if r := post("/login", right, "Sec-Fetch-Site", "cross-site"); r.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: got %s", r.Status)
	}
	if r := post("/login", url.Values{"token": {token + "x"}}); r.StatusCode != http.StatusForbidden || r.Header.Get("Set-Cookie") != "" {
		t.Errorf("with a wrong token: got %s", r.Status)
	}
	look(401)
	for next, want := range map[string]string{"/lists": "/lists", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/", "": "/", "/messages?q=a%26b": "/messages?q=a%26b"} {
		if r := post("/login", url.Values{"token": {token}, "next": {next}}); r.Header.Get("Location") != want {
			t.Errorf("next %q leads to %q, want %q", next, r.Header.Get("Location"), want)
		}
	}
	r := post("/login", right, "X-Forwarded-Proto", "https")
	cookie := r.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("%s is not in %q", want, cookie)
		}
	}
	if strings.Contains(cookie, token) {
		t.Error("the cookie holds the token")
	}
	post("/login", right)
	look(200)
	address, err := url.Parse(s.url)
	must(t, err)
	kept := jar.Cookies(address)
	if r := post("/logout", nil, "Sec-Fetch-Site", "cross-site"); r.StatusCode != http.StatusForbidden {
		t.Errorf("somebody else's page logs out: %s", r.Status)
	}
	look(200)
	post("/logout", nil)
	look(401)
	jar.SetCookies(address, kept) // somebody kept a copy
	look(401)
	kept[0].Value = kept[0].Value[:len(kept[0].Value)-1] + "A"
	jar.SetCookies(address, kept)
	look(401)
}

// Where it is off, nobody looks for messages; and it cannot be on for everybody on the machine.
func TestMessagesAreOff(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, func(c *app.Config) { c.Web.Messages = false })
	closed := func(where string) {
		t.Helper()
		for _, path := range []string{"/messages", "/messages?q=alice@our.example", "/messages/w7k2-9fqx"} {
			if text := s.get(t, path); !strings.Contains(text, "web.messages: true") || strings.Contains(text, "bob@sender.example") {
				t.Errorf("%s: %s: got %s", where, path, text)
			}
		}
	}
	closed("off")
	s = openSite(t, sampleLists, sampleCounters(), sampleRecords, func(c *app.Config) { c.Web.Token = web.Secret{} })
	closed("on, where nothing is wanted of who asks")
}

// What is wrong is said, with what to do, and the days can be chosen anew.
func TestProblems(t *testing.T) {
	s := openSite(t, sampleLists, sampleCounters(), sampleRecords, nil)
	for path, want := range map[string]string{
		"/?day=2016-13-01":                       "is not a day",
		"/?from=2016-12-14&to=2016-12-01":        "is before",
		"/?from=2010-01-01&to=2016-12-01":        "are more than 400",
		"/?dya=today":                            "is no parameter of this",
		"/lists/nothing":                         "There is no such list",
		"/rules/NOTHING":                         "There is no such rule",
		"/overlap?without=nothing":               "There is no such list",
		"/overlap?keep=101":                      "above 0 and up to 100",
		"/overlap?keep=NaN":                      "above 0 and up to 100",
		"/nothing":                               "There is no such page",
		"/messages?q=%3C%3E%3E":                  "is no id and no address",
		"/messages?q=a&since=never":              "This time cannot be read",
		"/messages?q=a+b+c+d+e+f+g+h+i":          "too much to look for",
		"/messages?q=nobody@our.example":         "Nothing found",
		"/lists?day=2010-01-01":                  "Lists",
		"/api/v1/nothing":                        "openapi.yaml names all",
		"/messages/zzzz-zzzz":                    "Nothing is recorded about this",
		"/lists/nothing?from=2016-01-01":         "There is no such list",
		"/messages?q=alice@our.example&since=1d": "2 decisions",
	} {
		if got := s.fetch(t, path); !strings.Contains(got, want) {
			t.Errorf("%s: %q is not in\n%s", path, want, got)
		}
	}
}

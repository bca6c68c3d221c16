package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
)

const watchToken = "fedcba9876543210fedcba9876543210"

// watched starts a service that is watched, and returns it and its URL.
func watched(t *testing.T, change func(*Config)) (*App, *Service, string) {
	t.Helper()
	c := quietConfig(t)
	c.Web.Listen = "127.0.0.1:0"
	if change != nil {
		change(&c)
	}
	a := newApp(t, &c, Options{Version: "1.2.3"})
	s, err := a.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return a, s, "http://" + s.Watched()
}

func ask(t *testing.T, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Close = true; token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// What strangers and rule files could bring into labels and must not.
const (
	anAddress = "192.0.2.77"
	aSender   = "mallory@evil.example"
	aSubject  = "cheap-watches"
	aKey      = "abcdefghijklmnopqrstuvwxyz"
)

// aMessage is what becomes of a message that zen and a zone of a rule's hit, and of its connection.
func aMessage() (*message.Message, *filter.Verdict) {
	client := message.Client{Addr: netip.MustParseAddr(anAddress), Name: "evil.example", Helo: aSender}
	hit := filter.Hit{Symbol: "ZEN_XBL", Score: 6, Detail: aSubject, Claim: aSender}
	connection := &filter.Verdict{Reports: []filter.Report{{Stage: "dnsbl", Took: 3 * time.Millisecond, Results: []filter.Result{
		{Source: "zen", Kind: filter.List, Asked: 2, Cached: 1, Took: 30 * time.Millisecond, Hits: []filter.Hit{hit}},
		{Source: aKey + ".zen.dq.example", Kind: filter.List, Asked: 1, Err: filter.ErrRefused},
	}}}}
	v := filter.NewVerdict("id", connection)
	v.Class, v.Action, v.Caught, v.Total, v.Threshold = filter.ClassScanned, filter.Tag, true, 6, 5
	v.Reason = aSubject
	v.Recipients = []filter.Recipient{{Address: aSender}}
	v.Reports = []filter.Report{{Stage: "rules", Phase: filter.Content, Took: 200 * time.Millisecond, Results: []filter.Result{
		{Source: "20_body.cf", Kind: filter.Rules, Hits: []filter.Hit{{Symbol: "ADVANCE_FEE", Score: 1, Detail: aSubject}}},
	}}}
	return &message.Message{Client: client, Sender: aSender}, v
}

func count(t *testing.T, s *Service, n int) {
	t.Helper()
	for range n {
		m, v := aMessage()
		s.recorder.Connection(m.Client, v.Connection, false)
		s.recorder.Message(m, v)
	}
	if err := s.recorder.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// The metrics are the account's figures, and tell of nobody.
func TestMetricsAreTheAccount(t *testing.T) {
	_, s, url := watched(t, func(c *Config) { c.Web.Token = newToken() })
	count(t, s, 3)
	status, shown := ask(t, url+"/metrics", watchToken)
	if status != 200 {
		t.Fatalf("got %d: %s", status, shown)
	}
	for _, want := range []string{
		`winnow_connections_total{result="accepted"} 3`,
		`winnow_messages_total{class="scanned"} 3`,
		`winnow_messages_total{class="blacklisted"} 0`,
		`winnow_message_actions_total{action="tag"} 3`,
		`winnow_messages_caught_total 3`,
		`winnow_list_questions_total{list="zen"} 6`,
		`winnow_list_cached_answers_total{list="zen"} 3`,
		`winnow_list_hits_total{list="zen"} 3`,
		`winnow_list_unique_hits_total{list="zen"} 3`,
		`winnow_list_duration_seconds_bucket{list="zen",le="0.02"} 0`,
		`winnow_list_duration_seconds_bucket{list="zen",le="0.05"} 3`,
		`winnow_list_failures_total{list="*",reason="refused"} 3`,
		`winnow_list_health{health="unprobed",list="zen"}`,
		`winnow_stage_duration_seconds_bucket{stage="dnsbl",le="0.001"} 0`,
		`winnow_stage_duration_seconds_bucket{stage="dnsbl",le="0.005"} 3`,
		`winnow_stage_duration_seconds_sum{stage="rules"} 0.6`,
		`winnow_rules_duration_seconds_count 3`,
		`winnow_part_ok{part="milter"} 1`,
		`winnow_part_ok{part="store"} 1`,
		`winnow_account_ok{to="store"} 1`,
		`winnow_build_info{goversion="go`,
		`winnow_sessions_limit 500`,
		`winnow_scans_limit 100`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, secret := range []string{anAddress, aSender, aSubject, aKey, watchToken, "evil.example", "ADVANCE_FEE"} {
		if strings.Contains(shown, secret) {
			t.Errorf("the metrics tell %q", secret)
		}
	}
	if status, _ := ask(t, url+"/metrics", ""); status != 401 {
		t.Errorf("without the token: got %d, want 401", status)
	}
}

// What a scrape shows and what the report of the day shows is the same, also over days.
func TestMetricsOutliveMidnight(t *testing.T) {
	_, s, url := watched(t, nil)
	count(t, s, 2)
	status, body := ask(t, url+"/api/v1/report", "")
	var reports []stats.Report
	if err := json.Unmarshal([]byte(body), &reports); status != 200 || err != nil || len(reports) != 1 || reports[0].Messages.Scanned != 2 {
		t.Fatalf("got %d, %v: %s", status, err, body)
	}
	count(t, s, 5)
	if _, shown := ask(t, url+"/metrics", ""); !strings.Contains(shown, `winnow_messages_total{class="scanned"} 7`) {
		t.Error("a counter does not go on through a flush")
	}
}

// While sessions end, winnow says that it is not ready; without its store it is.
func TestReadiness(t *testing.T) {
	a, s, url := watched(t, nil)
	if status, body := ask(t, url+"/readyz", ""); status != 200 || !strings.Contains(body, `{"name":"milter","ok":true}`) {
		t.Errorf("got %d %s", status, body)
	}
	a.reportAccount(stats.WithStore, store.ErrAway)
	if status, body := ask(t, url+"/readyz", ""); status != 200 || !strings.Contains(body, `{"name":"store","ok":false,"why":"does not take the account"}`) {
		t.Errorf("store away: got %d %s, want ready all the same", status, body)
	}
	a.reportAccount(stats.WithStore, nil)
	if err := s.milter.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if status, body := ask(t, url+"/readyz", ""); status != 503 || !strings.Contains(body, `"ready":false`) {
		t.Errorf("stopping: got %d %s, want not ready", status, body)
	}
	if status, _ := ask(t, url+"/healthz", ""); status != 200 {
		t.Errorf("stopping: got %d, want alive", status)
	}
}

// The store that is needed makes winnow not ready.
func TestReadinessAsConfigured(t *testing.T) {
	a, _, url := watched(t, func(c *Config) { c.Web.ReadyNeed = []string{"store"} })
	a.reportAccount(stats.WithStore, store.ErrAway)
	if status, body := ask(t, url+"/readyz", ""); status != 503 {
		t.Errorf("got %d %s, want not ready", status, body)
	}
}

// A reload takes over a new token, and keeps all there was when its file is at fault.
func TestReloadTakesTheToken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(watchToken)
	a, _, url := watched(t, func(c *Config) { c.Web.TokenFile = path })
	const next = "another-token-of-some-length"
	wants := func(token string, want int) {
		t.Helper()
		if status, _ := ask(t, url+"/api/v1/version", token); status != want {
			t.Errorf("%s: got %d, want %d", token, status, want)
		}
	}
	wants(watchToken, 200)
	put(next)
	wants(watchToken, 200)
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	wants(next, 200)
	wants(watchToken, 401)
	put("short")
	before := a.Lists()
	if err := a.Reload(); err == nil || !strings.Contains(err.Error(), "token_file: ") {
		t.Errorf("got %v, want the fault of the token", err)
	}
	if wants(next, 200); a.Lists() != before {
		t.Error("the rest was reloaded all the same")
	}
}

// A span that is too long, and days that are none, are the question's fault.
func TestReportQuestions(t *testing.T) {
	_, _, url := watched(t, nil)
	for question, want := range map[string]string{
		"report?day=never":                           "is not a day",
		"report?from=2016-01-01&to=2017-12-1":        "is not a day",
		"report?from=2010-01-01&to=2016-01-1":        "is not a day",
		"report?from=2016-01-01&to=2018-01-01":       "732 days are more than 400",
		"rules/report?from=2016-01-01&to=2018-01-01": "732 days are more than 400",
		"report?from=2016-01-02&to=2016-01-01":       "is before",
	} {
		if status, body := ask(t, url+"/api/v1/"+question, ""); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s, want 400 and %q", question, status, body, want)
		}
	}
	if status, body := ask(t, url+"/api/v1/report?from=2016-01-01&to=2016-01-03&per_day=true", ""); status != 200 || strings.Count(body, `"from"`) != 3 {
		t.Errorf("got %d %s, want three reports", status, body)
	}
}

func TestWebIsOff(t *testing.T) {
	c := quietConfig(t)
	s, err := newApp(t, &c, Options{}).Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Stop() }()
	if at := s.Watched(); at != "" {
		t.Errorf("served on %s, want nothing", at)
	}
}

// An address that others can reach is a fault where nothing guards it, with its line.
func TestWebFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.yaml")
	if err := os.WriteFile(path, []byte("web:\n  listen: 0.0.0.0:8896\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path); err == nil || !strings.Contains(err.Error(), "winnow.yaml:2: web.listen: 0.0.0.0:8896 can be reached by others") {
		t.Errorf("got %v", err)
	}
	t.Setenv("WINNOW_WEB_TOKEN", watchToken)
	c, err := LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v", c.Web); strings.Contains(shown, watchToken) || strings.Contains(printed(t, c), watchToken) {
		t.Error("the token is shown")
	}
}

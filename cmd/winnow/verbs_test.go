package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs winnow with a state folder of its own and no DNS.
func call(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Setenv("WINNOW_DNS_SERVERS", "127.0.0.1:1")
	if os.Getenv("WINNOW_STATE_DIR") == "" {
		t.Setenv("WINNOW_STATE_DIR", t.TempDir())
	}
	var out, errs strings.Builder
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const gtube = "From: a@example.org\nTo: b@our.example\nSubject: test\n\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"

// TestStatsExamples types what stats --help has for examples. A first day without a last one would not do for ever: a report is of
// some years at most.
func TestStatsExamples(t *testing.T) {
	t.Chdir(t.TempDir())
	for line := range strings.Lines(newStats().Example) {
		words, _, _ := strings.Cut(strings.TrimSpace(line), " >")
		args := strings.Fields(words)[1:]
		if code, out, errs := call(t, "", args...); code != exitFine {
			t.Errorf("%s: exit code %d: %s%s", words, code, out, errs)
		}
		if strings.Contains(words, "--from") && !strings.Contains(words, "--to ") {
			t.Errorf("%s: no last day", words)
		}
	}
}

func TestVerbs(t *testing.T) {
	noPassword := file(t, "password.yaml", "store: redis://127.0.0.1:1/0?password_file=/nonexistent\n")
	broken := file(t, "broken.yaml", "policy:\n  tga: 4\n")
	badRules := filepath.Dir(file(t, "10_bad.cf", "body X /(/\nnonsense\n"))
	goodRules := filepath.Dir(file(t, "10_good.cf", "body WORD /\\bword\\b/\ndescribe WORD has the word\nscore WORD 1\ntest WORD ok a word\ntest WORD fail wordy\n"))
	failing := filepath.Dir(file(t, "10_failing.cf", "body WORD /word/\nscore WORD 1\ntest WORD fail a word\n"))
	tests := []struct {
		name   string
		args   string
		stdin  string
		code   int
		stdout string // it holds this
		stderr string
	}{
		{"nothing", "", "", exitFine, "A mail passes three stages", ""},
		{"version", "version", "", exitFine, "winnow unknown (go", ""},
		{"version as a flag", "--version", "", exitFine, "winnow unknown (go", ""},
		{"unknown verb", "sevre", "", exitUsage, "", `unknown command "sevre"`},
		{"unknown flag", "stats --weekly", "", exitUsage, "", "unknown flag: --weekly"},
		{"too many words", "version 1", "", exitUsage, "", `unknown command "1"`},
		{"config", "config", "", exitFine, "reject_at: rcpt", ""},
		{"broken config", "config -c " + broken, "", exitWrong, "", "broken.yaml:2: policy.tga: no such setting; did you mean tag?"},
		{"no config", "config -c /nonexistent.yaml", "", exitWrong, "", "configuration: open /nonexistent.yaml"},
		{"stats", "stats", "", exitFine, "connections", ""},
		{"stats of a store without its password", "stats -c " + noPassword, "", exitWrong, "", "/nonexistent"},
		{"stats of a day", "stats --day 2016-12-14 --csv", "", exitFine, "2016-12-14,2016-12-14,connections,,total,0", ""},
		{"stats of rules", "stats --rules --day 2016-12-14", "", exitFine, "no rule hit", ""},
		{"stats of rules for programs", "stats --rules --json", "", exitFine, "\"rules\": []", ""},
		{"status of rules, nobody runs", "rules status", "", exitWrong, "", "winnow is not running"},
		{"stats of no day", "stats --day christmas", "", exitUsage, "", `"christmas" is not a day`},
		{"stats to a day, from nowhere", "stats --to 2016-12-31", "", exitUsage, "", "--from"},
		{"stats of sets", "stats --overlap --day 2016-12-14", "", exitFine, "in no caught message: zen", ""},
		{"stats without a list", "stats --without zen,uribl --csv", "", exitFine, "caught_without,\"zen,uribl\",missed,0", ""},
		{"stats without rules", "stats --without nolist", "", exitUsage, "", "--without nolist"},
		{"stats of the fewest", "stats --keep 99.5 --json", "", exitFine, "\"keep\": 99.5", ""},
		{"stats without nothing", "stats --without= --day 2016-12-14", "", exitUsage, "", "--without: write what it is about"},
		{"stats from nothing", "stats --from=", "", exitUsage, "", "--from: write what it is about"},
		{"stats without the content rules", "stats --without rules", "", exitFine, "caught messages that nothing else hit: 0 of 0", ""},
		{"stats, days turned round", "stats --from 2016-12-14 --to 2016-12-01", "", exitUsage, "", "write the first of the days first"},
		{"stats of a day without an account", "stats --day 2016-12-14", "", exitFine, "nothing was counted on these days", ""},
		{"stats of fewer than none", "stats --keep 101", "", exitUsage, "", "above 0 and up to 100"},
		{"stats of two things", "stats --keep 99 --overlap", "", exitUsage, "", "--overlap and --keep: choose one"},
		{"stats of a list", "stats --list uribl --from 2016-12-13 --to 2016-12-14", "", exitFine, "together", ""},
		{"stats of rules by day", "stats --list rules --json", "", exitFine, "\"title\": \"content rules\"", ""},
		{"stats of no list", "stats --list nolist", "", exitUsage, "", "--list nolist: no enabled list"},
		{"stats by hour", "stats --hours --day 2016-12-14", "", exitFine, "23:00", ""},
		{"stats of a list by hour", "stats --hours --list zen --day 2016-12-14 --csv", "", exitFine, "2016-12-14T23Z,2016-12-14T23Z,list,zen,asked,0", ""},
		{"stats of no list by hour", "stats --hours --list nolist", "", exitUsage, "", "--list nolist: no enabled list"},
		{"stats of many days by hour", "stats --hours --from 2016-11-01 --to 2016-12-14", "", exitUsage, "", "--hours: 44 days"},
		{"stats of hours and rules", "stats --hours --rules", "", exitUsage, "", "choose one"},
		{"dead rules", "stats --rules --day 2016-12-14", "", exitFine, "dead, no hit on any day that is kept: ", ""},
		{"stats against", "stats --day 2016-12-14 --against 2016-11-01..2016-11-30", "", exitFine, "against 2016-11-01 to 2016-11-30, 30 days", ""},
		{"stats against, for programs", "stats --against yesterday --csv", "", exitFine, "connections,,total,0", ""},
		{"stats against no day", "stats --against christmas", "", exitUsage, "", "--against: "},
		{"stats against, day by day", "stats --against yesterday --per-day", "", exitUsage, "", "choose one"},
		{"stats two ways", "stats --json --csv", "", exitUsage, "", "choose one"},
		{"rules lint", "rules lint", "", exitFine, " 0 faults", ""},
		{"rules lint, bad", "rules lint " + badRules, "", exitWrong, "10_bad.cf:2: ", ""},
		{"rules lint, no folder", "rules lint /nonexistent", "", exitUsage, "", "/nonexistent"},
		{"rules test", "rules test", "", exitFine, " 0 failed", ""},
		{"rules test, own", "rules test " + goodRules, "", exitFine, "2 tests passed, 0 failed", ""},
		{"rules test, failing", "rules test " + failing, "", exitWrong, "1 failed", ""},
		{"scan spam", "scan --local", gtube, exitWrong, "reject (scanned), 1000 of 5 points", ""},
		{"scan ham", "scan --local -", "From someone Mon\nSubject: hello\n\nHello\n", exitFine, "-: accept (scanned)", ""},
		{"scan nothing there", "scan --local /nonexistent.eml -", gtube, exitWrong, "/nonexistent.eml: no such file", ""},
		{"scan what is there beside it", "scan --local /nonexistent.eml -", gtube, exitWrong, "reject (scanned), 1000 of 5 points", ""},
		{"scan none at a time", "scan --local --jobs 0", gtube, exitUsage, "", "at least one"},
		{"scan with a file for rules", "scan --local --rules /etc/passwd", gtube, exitUsage, "", "/etc/passwd is a file: name the folder"},
		{"explain a rule that is lost", "rules explain - X " + badRules, gtube, exitFine, "not run: ", ""},
		{"scan bad client", "scan --local --client home", gtube, exitUsage, "", `--client: "home" is no IP address`},
		{"query nonsense", "lists query not_a_name", "", exitUsage, "", "no address, domain, mail address or link"},
		{"query private", "lists query 10.0.0.1", "", exitUsage, "", "never asked about"},
		{"whitelist add without a file", "whitelist add a@example.org", "", exitWrong, "", "set whitelist.whitelist"},
		{"whitelist remove of nobody", "whitelist remove a@example.org --learned", "", exitUsage, "", "--learned needs --to"},
		{"scan with no such rules", "scan --local --rules /nonexistent -", gtube, exitUsage, "", "/nonexistent"},
		{"query a mail address without an answer", "lists query info@example.com", "", exitWrong, "example.com.dbl.spamhaus.org", ""},
		{"query a link without an answer", "lists query https://example.com/x", "", exitWrong, "example.com.multi.uribl.com", ""},
		{"query without an answer", "lists query 192.0.2.1", "", exitWrong, "zen ", ""},
		{"whitelist show, JSON", "whitelist show --json", "", exitFine, "{\n  \"whitelist\": [],\n  \"blacklist\": [],\n  \"learned\": [],\n  \"users\": []\n}\n", ""},
		{"whitelist show", "whitelist show", "", exitFine, "0 local users", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := call(t, test.stdin, strings.Fields(test.args)...)
			if code != test.code || !strings.Contains(stdout, test.stdout) || !strings.Contains(stderr, test.stderr) {
				t.Errorf("got %d\n%s\n%s\nwant %d, %q, %q", code, stdout, stderr, test.code, test.stdout, test.stderr)
			}
		})
	}
}

// What `winnow scan --json` prints is read by programs: an object a line, with these keys.
func TestScanJSON(t *testing.T) {
	good, bad := file(t, "good.eml", "Subject: x\n\nx\n"), file(t, "bad.eml", gtube)
	code, stdout, _ := call(t, good+"\n"+bad+"\n", "scan", "--local", "--json", "--files-from", "-")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitWrong || len(lines) != 2 {
		t.Fatalf("got %d, %d lines, want %d, 2", code, len(lines), exitWrong)
	}
	var found map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &found); err != nil {
		t.Fatal(err)
	}
	if found["file"] != bad || found["action"] != "reject" || found["class"] != "scanned" || found["total"] != 1000.0 || found["threshold"] != 5.0 {
		t.Errorf("got %v", found)
	}
	hit := found["hits"].([]any)[0].(map[string]any)
	if hit["symbol"] != "GTUBE" || hit["score"] != 1000.0 || hit["stage"] != "rules" || hit["source"] == "" || hit["detail"] == "" {
		t.Errorf("got %v", hit)
	}
	if errs, ok := found["errors"].([]any); !ok || len(errs) != 0 {
		t.Errorf("errors: got %v, want an empty list", found["errors"])
	}
}

func TestScanFollowsALinkToAFolder(t *testing.T) {
	mail := file(t, "mail.eml", gtube)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(mail), link); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := call(t, "", "scan", "--local", link); code != exitWrong || !strings.HasPrefix(out, filepath.Join(link, "mail.eml")+": reject") {
		t.Errorf("got %d, %q, want the mail behind the link refused", code, out)
	}
}

func TestWhitelistFile(t *testing.T) {
	list := file(t, "whitelist", "# ours\nold@example.org\n")
	t.Setenv("WINNOW_WHITELIST_WHITELIST", list)
	if code, out, errs := call(t, "", "whitelist", "add", "Friend@Example.org", "--to", "anna@our.example", "--comment", "her bank"); code != exitFine || !strings.Contains(out, "whitelist:3: added friend@example.org to:anna@our.example") {
		t.Fatalf("add: got %d, %s %s", code, out, errs)
	}
	if code, _, errs := call(t, "", "whitelist", "add", "old@example.org"); code != exitWrong || !strings.Contains(errs, "is there already") {
		t.Errorf("add again: got %d, %s", code, errs)
	}
	if _, out, _ := call(t, "", "whitelist", "show"); !strings.Contains(out, "her bank") || !strings.Contains(out, "old@example.org") {
		t.Errorf("show: got\n%s", out)
	}
	if _, out, _ := call(t, "", "whitelist", "show", "--json"); !strings.Contains(out, `"who": "friend@example.org"`) || !strings.Contains(out, `"to": "anna@our.example"`) {
		t.Errorf("show as JSON: got\n%s", out)
	}
	if code, out, _ := call(t, "", "whitelist", "remove", "old@example.org"); code != exitFine || !strings.Contains(out, "removed old@example.org") {
		t.Errorf("remove: got %d, %s", code, out)
	}
	if data, err := os.ReadFile(list); err != nil || string(data) != "# ours\nFriend@Example.org  to:anna@our.example  # her bank\n" {
		t.Errorf("the file: got %q, %v", data, err)
	}
}

// Ctrl-C ends a scan, also one that waits for a mail which nobody sends; what was cut short is not printed.
func TestScanIsInterrupted(t *testing.T) {
	t.Setenv("WINNOW_STATE_DIR", t.TempDir())
	ctx, interrupt := context.WithCancelCause(t.Context())
	silent, stop := io.Pipe()
	defer stop.Close()
	reading := make(chan struct{})
	stdin := readerFunc(func(p []byte) (int, error) {
		close(reading)
		return silent.Read(p)
	})
	go func() {
		<-reading
		interrupt(errors.New("interrupted"))
	}()
	var out, errs strings.Builder
	code := run(ctx, []string{"scan", "--local", "-"}, stdin, &out, &errs)
	if code != exitWrong || out.Len() > 0 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("got %d, %q, %q, want %d and no finding", code, out.String(), errs.String(), exitWrong)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

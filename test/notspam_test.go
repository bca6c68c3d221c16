package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
)

// A user finds a message among the spam and says that it is none: the account doubts what hit it, once.
func TestNotSpam(t *testing.T) {
	var conf *app.Config
	s := newSite(t, func(c *app.Config) { conf = c })
	w := whyBeside(t, s, conf)
	say := func(words ...string) ended {
		t.Helper()
		return command(t, append(append([]string{"not-spam"}, words...), "--config", w.conf)...)
	}
	for _, subject := range []string{"one", "two"} {
		if r := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: letter(subject, 6)}).Final(); !r.OK() {
			t.Fatalf("%s: got %v, want it tagged", subject, r)
		}
	}
	var ids []string
	until(t, "both records", func() error {
		ids = nil
		for line := range strings.Lines(w.about(t, "a@sender.example.net", "--json")) {
			var found struct{ Record trail.Record }
			if err := json.Unmarshal([]byte(line), &found); err != nil {
				return err
			}
			ids = append(ids, found.Record.ID)
		}
		return missing(len(ids) == 2, "%v", ids)
	})

	if got := say(ids[0]); got.code != 0 || !strings.Contains(got.stdout, ids[0]+" of ") || !strings.Contains(got.stdout, "one more doubtful hit of rules") {
		t.Errorf("the first report: got %+v", got)
	}
	if got := say(ids[0]); got.code != 0 || !strings.Contains(got.stdout, "reported before") {
		t.Errorf("the second: got %+v", got)
	}
	mail := filepath.Join(t.TempDir(), "mail.eml")
	must(t, os.WriteFile(mail, s.delivered(t, "two").Data, 0o600))
	var said struct {
		ID string
		stats.Doubt
	}
	got := say("--mail", mail, "--json")
	if err := json.Unmarshal([]byte(got.stdout), &said); err != nil || got.code != 0 || !slices.Contains(ids, said.ID) {
		t.Errorf("the message itself: got %+v, %v", got, err)
	}

	want := int64(1) // both have the same Message-ID, and the last of them may be the one that was reported
	if !said.Before {
		want++
	}
	var reports []*stats.Report
	must(t, json.Unmarshal([]byte(command(t, "stats", "--json", "--config", w.conf).stdout), &reports))
	r := reports[0]
	rules := slices.IndexFunc(r.Sources, func(row stats.Row) bool { return row.Kind == "rules" })
	if r.Messages.NotSpam != want || r.Sources[rules].Doubtful != want || r.Sources[rules].DoubtfulOf != 2 {
		t.Errorf("the account: %d reports, %d doubtful of %d, want %d, %d of 2", r.Messages.NotSpam, r.Sources[rules].Doubtful, r.Sources[rules].DoubtfulOf, want, want)
	}

	for _, test := range []struct {
		words string
		code  int
		errs  string
	}{
		{"zzzz-zzzz", 1, "records go back to"},
		{"a@sender.example.net", 1, "2 messages fit: name one by its id"},
		{"", 2, "name a message by its id, or give it with --mail"},
		{"zzzz-zzzz --mail -", 2, "name a message by its id, or give it with --mail"},
		{"--mail /nonexistent", 1, "no such file"},
		{"--mail " + os.DevNull, 1, "has no Message-ID"},
	} {
		if got := say(strings.Fields(test.words)...); got.code != test.code || !strings.Contains(got.stderr, test.errs) {
			t.Errorf("%s: got %+v, want code %d and %q", test.words, got, test.code, test.errs)
		}
	}
	s.stop(t)
	if got := say(ids[1]); got.code != 1 || !strings.Contains(got.stderr, "systemctl start winnow") {
		t.Errorf("without winnow: got %+v", got)
	}
}

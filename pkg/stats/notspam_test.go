package stats_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// doubts are the figures that a report changes.
func doubts(all map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for name, n := range all {
		if strings.HasSuffix(name, ":doubtful") || strings.HasSuffix(name, ":doubtful_of") || name == "not_spam" || strings.HasPrefix(name, "not-spam:") {
			kept[name] = n
		}
	}
	return kept
}

// TestNotSpam counts reports of messages whose sources were in no doubt before, in part, and wholly.
func TestNotSpam(t *testing.T) {
	withCode := list("zen", 3)
	withCode.Hits[0].Code = [4]byte{127, 0, 0, 4}
	tests := []struct {
		name string
		mail mail
		want []string // sources with one more doubtful hit
		then map[string]int64
	}{
		{
			"caught by a list and the rules", mail{content: []filter.Result{withCode, list("uribl", 0), rules(6)}}, []string{"rules", "zen"},
			map[string]int64{"list:zen:doubtful": 1, "list:zen:doubtful_of": 1, "rules:rules:doubtful": 1, "rules:rules:doubtful_of": 1, "code:zen:127.0.0.4:doubtful": 1, "code:zen:127.0.0.4:doubtful_of": 1},
		},
		{
			"refused at RCPT, where nobody could be known to want it", mail{connect: []filter.Result{demands("zen", filter.Reject)}, ends: true}, []string{"zen"},
			map[string]int64{"list:zen:doubtful": 1, "list:zen:doubtful_of": 1},
		},
		{
			"delivered, though a list had it", mail{content: []filter.Result{list("uribl", 2), rules(1)}}, []string{"uribl"},
			map[string]int64{"list:uribl:doubtful": 1, "list:uribl:doubtful_of": 1},
		},
		{
			"doubtful already, for another recipient", mail{recipients: []filter.Standing{filter.Whitelisted, filter.Scan}, content: []filter.Result{list("uribl", 9)}}, nil,
			map[string]int64{"list:uribl:doubtful": 1, "list:uribl:doubtful_of": 1},
		},
		{"hit by nothing", mail{content: []filter.Result{list("uribl", 0)}}, nil, map[string]int64{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newFlaky()
			r := newRecorder(t, config(t.TempDir()), s, stats.Options{})
			connection, v := test.mail.verdicts(t)
			r.Message(nil, v)
			r.Connection(test.mail.client(), connection, connection.Refused())
			flush(t, r)
			got, err := r.NotSpam(t.Context(), "w7k2-9fqx", storetest.Start, v)
			if err != nil || got.Before || got.Day != today || !slices.Equal(got.Sources, test.want) {
				t.Errorf("got %+v, %v, want %v on %s", got, err, test.want, today)
			}
			test.then["not_spam"], test.then["not-spam:w7k2-9fqx"] = 1, 1
			all := counters(t, s, today)
			changed := doubts(all)
			for name := range changed {
				if strings.HasPrefix(name, "code:") && test.then[name] == 0 { // codes have a test of their own
					delete(changed, name)
				}
			}
			wantCounters(t, changed, test.then)
			checkBalance(t, all)
		})
	}
}

// TestNotSpamOnce counts a message once, whoever is told of it, and when.
func TestNotSpamOnce(t *testing.T) {
	s := newFlaky()
	_, v := mail{content: []filter.Result{list("uribl", 9)}}.verdicts(t)
	one := newRecorder(t, config(t.TempDir()), s, stats.Options{})
	two := newRecorder(t, config(t.TempDir()), s, stats.Options{})
	report := func(r *stats.Recorder, id string, at time.Time, before bool) {
		t.Helper()
		if got, err := r.NotSpam(t.Context(), id, at, v); err != nil || got.Before != before {
			t.Errorf("%s: got %+v, %v, want before %v", id, got, err, before)
		}
	}
	yesterday := storetest.Start.AddDate(0, 0, -1)
	report(one, "w7k2-9fqx", yesterday, false)
	report(one, "w7k2-9fqx", yesterday, true)
	report(two, "w7k2-9fqx", yesterday, true)
	report(two, "aaaa-bbbb", storetest.Start, false)
	s.Turn(storetest.Lossy) // it is taken, and nobody is told
	report(one, "cccc-dddd", storetest.Start, false)
	report(one, "cccc-dddd", storetest.Start, true)
	s.Turn(storetest.Well)
	flush(t, one)
	for day, want := range map[string]int64{"2016-12-13": 1, today: 2} {
		if got := counters(t, s, day); got["not_spam"] != want || got["list:uribl:doubtful"] != want {
			t.Errorf("%s: got %d reports, %d doubtful hits, want %d", day, got["not_spam"], got["list:uribl:doubtful"], want)
		}
	}
	for _, id := range []string{"", "a\nb", strings.Repeat("x", 600)} {
		if got, err := one.NotSpam(t.Context(), id, storetest.Start, v); err == nil {
			t.Errorf("%.20q: got %+v, want an error", id, got)
		}
	}
}

// TestNotSpamIsBounded lets nobody fill a day with reports, and tells who reports while the store cannot say what it has.
func TestNotSpamIsBounded(t *testing.T) {
	s := newFlaky()
	r := newRecorder(t, config(""), s, stats.Options{})
	_, v := mail{content: []filter.Result{list("uribl", 9)}}.verdicts(t)
	full := map[string]int64{}
	for i := range 10_000 {
		full[fmt.Sprint("not-spam:", i)] = 1
	}
	if err := s.Apply(t.Context(), "n", 1, map[string]map[string]int64{today: full}, time.Hour*24*400); err != nil {
		t.Fatal(err)
	}
	if got, err := r.NotSpam(t.Context(), "w7k2-9fqx", storetest.Start, v); !errors.Is(err, stats.ErrManyReports) {
		t.Errorf("got %+v, %v", got, err)
	}
	away := newRecorder(t, config(""), awayStore{s}, stats.Options{})
	if got, err := away.NotSpam(t.Context(), "w7k2-9fqx", storetest.Start, v); !errors.Is(err, store.ErrAway) {
		t.Errorf("got %+v, %v, want away", got, err)
	}
}

package stats_test

import (
	"context"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

var (
	_ stats.Store = (*store.Memory)(nil)
	_ stats.Store = (*store.Embedded)(nil)
	_ stats.Store = (*store.Redis)(nil)
)

const today = "2016-12-14" // of storetest.Start

// config flushes when it is told to, and never by the clock.
func config(dir string) stats.Config {
	c := stats.DefaultConfig()
	c.FlushEvery, c.StateDir = time.Hour, dir
	return c
}

// newRecorder returns a Recorder that is closed with the test.
func newRecorder(t testing.TB, c stats.Config, s stats.Store, o stats.Options) *stats.Recorder {
	t.Helper()
	if o.Now == nil {
		o.Now = storetest.NewClock().Now
	}
	r, err := stats.NewRecorder(c, s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Close(over)
	})
	return r
}

// counted returns what is counted of what do does.
func counted(t testing.TB, do func(*stats.Recorder)) map[string]int64 {
	t.Helper()
	s := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
	r := newRecorder(t, config(""), s, stats.Options{})
	do(r)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return counters(t, s, today)
}

func counters(t testing.TB, s stats.Store, day string) map[string]int64 {
	t.Helper()
	got, err := s.Counters(t.Context(), []string{day})
	if err != nil {
		t.Fatal(err)
	}
	return got[day]
}

// untimed drops counters of latency.
func untimed(counters map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for name, n := range counters {
		if !strings.HasSuffix(name, ":timed") && !strings.HasSuffix(name, ":took_us") && !strings.Contains(name, ":within_") && !strings.HasSuffix(name, ":longer") {
			kept[name] = n
		}
	}
	return kept
}

// without drops counters of latency, those of misses, codes and shares, which have tests of their own, and such whose name
// begins with one of prefixes.
func without(counters map[string]int64, prefixes ...string) map[string]int64 {
	kept := untimed(counters)
	for name := range kept {
		other := strings.HasPrefix(name, "code:") || strings.HasSuffix(name, ":misses") || strings.HasSuffix(name, ":share")
		if other || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			delete(kept, name)
		}
	}
	return kept
}

func wantCounters(t testing.TB, got, want map[string]int64) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

// A mail is what stages say of one message; the real pipeline and policy make a verdict of it.
type mail struct {
	connect    []filter.Result
	recipients []filter.Standing // none is one to be scanned
	content    []filter.Result
	size       int64
	own        bool
	exempt     bool // its recipients are postmaster
	ends       bool // before its content came
}

func (m mail) client() message.Client { return message.Client{Own: m.own} }

// verdicts runs a mail through the pipeline.
func (m mail) verdicts(t testing.TB) (connection, v *filter.Verdict) {
	t.Helper()
	standing := filter.Scan
	stages := []filter.Stage{
		stage("dnsbl", filter.Connect, func() []filter.Result { return m.connect }),
		stage("whitelist", filter.Envelope, func() []filter.Result {
			result := filter.Result{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1}
			if standing != filter.Scan {
				result.Hits = []filter.Hit{{Symbol: "KNOWN", Standing: standing}}
			}
			return []filter.Result{result}
		}),
		stage("content", filter.Content, func() []filter.Result { return m.content }),
	}
	c := filter.DefaultConfig()
	pipeline := filter.NewPipeline(stages, c.Limits, filter.NewPolicy(c))
	connection = pipeline.Connect(t.Context(), m.client())
	v = filter.NewVerdict("id", connection)
	msg := &message.Message{Client: m.client(), Size: max(m.size, 1)}
	if len(m.recipients) == 0 {
		m.recipients = []filter.Standing{filter.Scan}
	}
	for _, standing = range m.recipients {
		if msg.Recipient = "ann@example.org"; m.exempt {
			msg.Recipient = "postmaster@example.org"
		}
		pipeline.Recipient(t.Context(), msg, v)
	}
	if m.ends || !v.AcceptedAny() {
		pipeline.End(v)
	} else {
		pipeline.Content(t.Context(), msg, v)
	}
	return connection, v
}

func stage(name string, at filter.Phase, answer func() []filter.Result) filter.Stage {
	return &filtertest.Stage{Named: name, At: at, Answer: func(context.Context, *message.Message) []filter.Result { return answer() }}
}

// record has a mail and its connection counted.
func (m mail) record(t testing.TB, r *stats.Recorder) {
	t.Helper()
	connection, v := m.verdicts(t)
	r.Connection(m.client(), connection, connection.Refused())
	r.Message(&message.Message{}, v)
}

// list is a list's answer; with points it hits.
func list(name string, points float64) filter.Result {
	return answer(name, filter.List, filter.Hit{Symbol: strings.ToUpper(name), Score: points})
}

// rules is the answer of content rules.
func rules(points float64) filter.Result {
	return answer("20_body.cf", filter.Rules, filter.Hit{Symbol: "RULE", Score: points})
}

func answer(name string, kind filter.Kind, hit filter.Hit) filter.Result {
	result := filter.Result{Source: name, Kind: kind, Asked: 1}
	if hit.Score != 0 || hit.Action != filter.None {
		result.Hits = []filter.Hit{hit}
	}
	return result
}

// demands is a list's answer that decides by itself.
func demands(name string, action filter.Action) filter.Result {
	return answer(name, filter.List, filter.Hit{Symbol: strings.ToUpper(name), Action: action})
}

// watched is an answer without effect.
func watched(r filter.Result) filter.Result {
	r.Hits = slices.Clone(r.Hits)
	for i := range r.Hits {
		r.Hits[i].Observe = true
	}
	return r
}

package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var plainly = maker{veil: veil{key: make([]byte, keySize)}, subject: FullSubject, node: "mx1"}

// letter is a message from a stranger.
func letter(id string) *message.Message {
	return &message.Message{
		ID: id, QueueID: "4Fq" + id, Time: noon.Add(-time.Second), Client: message.Client{Addr: netip.MustParseAddr("192.0.2.4"), Name: "mail.sender.example", Helo: "helo.sender.example"},
		Sender: "Bob@Sender.example",
		Header: message.Header{
			{Name: "From", Value: " Bob <author@Sender.example>"}, {Name: "Subject", Value: " =?utf-8?q?Gr=C3=BC=C3=9Fe?="}, {Name: "Message-ID", Value: " <" + id + "@sender.example>"},
		},
		Size: 1000,
	}
}

var zenHit = filter.Hit{
	Symbol: "ZEN_XBL", Score: 4, Action: filter.Reject, Detail: "4.2.0.192.zen.spamhaus.org A 127.0.0.4",
	Text: "Client host [192.0.2.4] listed by Spamhaus ZEN (XBL); see https://list.example/192.0.2.4",
}

// decide takes a message through stages, with the default policy.
func decide(m *message.Message, recipients []string, stages ...filter.Stage) *filter.Verdict {
	c := filter.DefaultConfig()
	return filter.NewPipeline(stages, c.Limits, filter.NewPolicy(c)).Check(context.Background(), m, recipients)
}

// recordOf makes the record of a message.
func recordOf(k *maker, m *message.Message, v *filter.Verdict) *Record {
	c := Config{Subject: k.subject}
	n := c.noteMessage(m, v)
	n.at = noon
	return k.record(&n)
}

// reread writes a record and reads it again.
func reread(t testing.TB, r *Record) *Record {
	t.Helper()
	line := r.line()
	if strings.Count(string(line), "\n") != 1 || line[len(line)-1] != '\n' || !utf8.Valid(line) || len(line) > maxLine+1 {
		t.Fatalf("%d octets are no line: %.100q", len(line), line)
	}
	again, err := Parse(line)
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return again
}

// The format: a reader of years to come finds what stands here.
func TestFormat(t *testing.T) {
	m := letter("w7k2-9fqx")
	list := filtertest.List("dnsbl", filter.Connect, "zen", zenHit)
	ask := list.Answer
	list.Answer = func(ctx context.Context, m *message.Message) []filter.Result {
		results := ask(ctx, m)
		results[0].Cached, results[0].Age = 1, 90*time.Second
		results[0].Answers = []filter.Answer{{Ask: "client", Name: "4.2.0.192.zen.spamhaus.org", Codes: []netip.Addr{netip.MustParseAddr("127.0.0.4")}, Cached: true, Age: 90 * time.Second}}
		return results
	}
	r := recordOf(&plainly, m, decide(m, []string{"Alice@Our.example"}, list))
	for i := range r.Reports {
		r.Reports[i].TookUS = 120
	}
	const want = `{"v":1,"kind":"message","time":"2026-11-26T12:00:00Z","took_ms":1000,"node":"mx1","id":"w7k2-9fqx","queue_id":"4Fqw7k2-9fqx",` +
		`"client":{"addr":"192.0.2.4","name":"mail.sender.example","helo":"helo.sender.example"},"sender":"bob@sender.example",` +
		`"recipients":[{"address":"alice@our.example","action":"reject","decider":{"source":"zen","symbol":"ZEN_XBL"}}],` +
		`"message_id":"w7k2-9fqx@sender.example","author":"author@sender.example","subject":"Grüße","size":1000,"nth":1,"class":"none","action":"reject",` +
		`"reason":"ZEN_XBL of zen: 4.2.0.192.zen.spamhaus.org A 127.0.0.4","decider":{"source":"zen","symbol":"ZEN_XBL"},` +
		`"connection":{"action":"reject","decider":{"source":"zen","symbol":"ZEN_XBL"}},` +
		`"policy":{"tag":5,"reject":15,"relayed":"tag","on_error":"accept","max_size":524288},` +
		`"reports":[{"stage":"dnsbl","phase":"connect","took_us":120,"results":[{"source":"zen","asked":1,"cached":1,"age_s":90,` +
		`"answers":[{"ask":"client","name":"4.2.0.192.zen.spamhaus.org","codes":["127.0.0.4"],"cached":true,"age_s":90}],` +
		`"hits":[{"symbol":"ZEN_XBL","score":4,"action":"reject","detail":"4.2.0.192.zen.spamhaus.org A 127.0.0.4",` +
		`"text":"Client host [192.0.2.4] listed by Spamhaus ZEN (XBL); see https://list.example/192.0.2.4"}]}]}]}` + "\n"
	if diff := cmp.Diff(want, string(r.line())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(r, reread(t, r)); diff != "" {
		t.Errorf("read again (-written +read):\n%s", diff)
	}
}

// Whatever was decided: a record is read as it was written, and decided again by what it holds it comes out as it did.
func TestRecordsDecideAgain(t *testing.T) {
	hashed := maker{veil: veil{key: make([]byte, keySize), hashed: true}, subject: HashSubject}
	rapid.Check(t, func(t *rapid.T) {
		config, stages := drawSite(t)
		m := letter("w7k2-9fqx")
		m.Client.Relay = rapid.Bool().Draw(t, "relay")
		m.Client.Own = rapid.IntRange(0, 9).Draw(t, "own") == 0
		m.Size = int64(rapid.SampledFrom([]int{1000, 1 << 20}).Draw(t, "size"))
		var recipients []string
		for _, local := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "white", "black", "off", "held", "postmaster"}), 1, 5).Draw(t, "recipients") {
			recipients = append(recipients, local+"@our.example")
		}
		told := filter.NewPipeline(stages, config.Limits, filter.NewPolicy(config)).Check(context.Background(), m, recipients)
		for _, k := range []*maker{&plainly, &hashed} {
			r := recordOf(k, m, told)
			line := r.line()
			again, err := Parse(line)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(r, again); diff != "" {
				t.Fatalf("(-written +read):\n%s", diff)
			}
			m2, told2 := again.Restore()
			v, complete := again.DecidedBy().Again(m2, told2)
			if diff := cmp.Diff(outcomeOf(told), outcomeOf(v)); diff != "" || !complete {
				t.Fatalf("hashed %v: decided again, complete %v (-then +now):\n%s\n%s", k.hashed, complete, diff, line)
			}
		}
	})
}

// outcomeOf is what has to come out again: evidence apart.
func outcomeOf(v *filter.Verdict) string {
	var b strings.Builder
	fmt.Fprint(&b, v.Action, v.Class, v.Caught, rounded(v.Total), v.Threshold, v.Weakened, v.Relayed)
	if v.Decider != nil {
		fmt.Fprint(&b, v.Decider.Source, v.Decider.Hit.Symbol)
	}
	for _, r := range v.Recipients {
		fmt.Fprint(&b, " ", r.Action, r.Standing, r.Exempt)
	}
	return b.String()
}

// drawSite draws a policy, and stages that hit with anything, or fail.
func drawSite(t *rapid.T) (filter.Config, []filter.Stage) {
	c := filter.DefaultConfig()
	c.Quarantine, c.Defer, c.Discard = 8, 10, 20
	c.OnError = rapid.SampledFrom([]filter.Action{filter.Accept, filter.Defer}).Draw(t, "on_error")
	c.Relayed = rapid.SampledFrom([]filter.Action{filter.Tag, filter.Quarantine, filter.Reject}).Draw(t, "relayed")
	c.WhitelistRescues = rapid.Bool().Draw(t, "rescues")
	standing := map[string]filter.Standing{"white": filter.Whitelisted, "black": filter.Blacklisted, "off": filter.NotEnabled, "held": filter.Held}
	proven := rapid.Bool().Draw(t, "proven")
	stages := []filter.Stage{
		&filtertest.Stage{Named: "whitelist", At: filter.Envelope, Answer: func(_ context.Context, m *message.Message) []filter.Result {
			local, _, _ := strings.Cut(m.Recipient, "@")
			if s, known := standing[local]; known {
				return []filter.Result{{Source: "whitelist", Kind: filter.Entry, Hits: []filter.Hit{{Symbol: strings.ToUpper(local), Standing: s, Detail: "bob@sender.example"}}}}
			}
			return nil
		}},
		&filtertest.Stage{Named: "proof", At: filter.Proof, Answer: func(_ context.Context, m *message.Message) []filter.Result {
			if proven && strings.HasPrefix(m.Recipient, "held") {
				return []filter.Result{{Source: "whitelist", Kind: filter.Entry, Hits: []filter.Hit{{Symbol: "PROVEN", Standing: filter.Whitelisted}}}}
			}
			return []filter.Result{{Source: "whitelist", Kind: filter.Entry}}
		}},
	}
	for _, at := range []filter.Phase{filter.Connect, filter.Envelope, filter.Content} {
		name := at.String()
		hit := filter.Hit{
			Symbol: "HIT_" + strings.ToUpper(name), Score: float64(rapid.IntRange(-50, 250).Draw(t, name+" score")) / 10,
			Action:  rapid.SampledFrom(append(filter.Actions, filter.None)).Draw(t, name+" action"),
			Observe: rapid.Bool().Draw(t, name+" observe"), Detail: "of 192.0.2.4",
		}
		fails := rapid.SampledFrom([]string{"", "", "stage", "source"}).Draw(t, name+" fails")
		stages = append(stages, &filtertest.Stage{Named: name + "-lists", At: at, Answer: func(context.Context, *message.Message) []filter.Result {
			switch fails {
			case "stage":
				panic("of 192.0.2.4")
			case "source":
				return []filter.Result{{Source: "zen", Err: fmt.Errorf("%w: 127.255.255.254", filter.ErrRefused), Asked: 1}}
			}
			return []filter.Result{{Source: "zen", Asked: 1, Hits: []filter.Hit{hit}}}
		}})
	}
	return c, append(stages, filtertest.Rules(filter.Hit{Symbol: "RULE", Score: float64(rapid.IntRange(-20, 120).Draw(t, "rule")) / 10}))
}

func TestErrorsKeepTheirKind(t *testing.T) {
	for _, err := range []error{filter.ErrRefused, filter.ErrBogus, filter.ErrUnknown, errors.New("no answer in time")} {
		from := filter.Result{Source: "zen", Err: fmt.Errorf("%w: what it said", err)}
		r := plainly.result(&from)
		got := r.restore().Err
		for _, kind := range []error{filter.ErrRefused, filter.ErrBogus, filter.ErrUnknown} {
			if errors.Is(got, kind) != (err == kind) {
				t.Errorf("%v came back as %v", err, got)
			}
		}
		if got.Error() != from.Err.Error() {
			t.Errorf("got %q, want %q", got, from.Err)
		}
	}
}

// Whatever a mail holds, a record is one short line of valid UTF-8.
func TestHostile(t *testing.T) {
	long := strings.Repeat("\xff<x>\n\x00\u2028", 1<<18)
	m := letter("w7k2-9fqx")
	m.Sender, m.User, m.QueueID, m.Client.Helo, m.Client.Name = long, long, long, long, long
	m.Header = message.Header{{Name: "Subject", Value: long}, {Name: "From", Value: long}, {Name: "Message-ID", Value: long}, {Name: "subject", Value: "second"}}
	hit := filter.Hit{Symbol: long, Score: math.NaN(), Action: filter.Reject, Detail: long, Text: long, Claim: long}
	v := decide(m, []string{long, "a@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", hit), filtertest.Rules(hit))
	v.Reason = long
	r := recordOf(&plainly, m, v)
	if line := r.line(); len(line) > 20_000 {
		t.Errorf("a record of %d octets", len(line))
	}
	if again := reread(t, r); again.ID != m.ID {
		t.Errorf("got id %q", again.ID)
	}
	if r.Explain(time.UTC) == nil {
		t.Error("no explanation")
	}
}

// A message to more recipients than a line has room for keeps who, and says that it is cut.
func TestLongRecord(t *testing.T) {
	m := letter("w7k2-9fqx")
	var recipients []string
	for i := range 3000 {
		recipients = append(recipients, fmt.Sprintf("%s%d@our.example", strings.Repeat("x", 200), i))
	}
	stage := filtertest.List("whitelist", filter.Envelope, "whitelist", filter.Hit{Symbol: "X", Detail: strings.Repeat("d", 300)})
	r := reread(t, recordOf(&plainly, m, decide(m, recipients, stage)))
	if !r.Cut || len(r.Recipients) < 1000 || r.Alternatives() != nil {
		t.Errorf("got cut %v, %d recipients", r.Cut, len(r.Recipients))
	}
}

// Of a record that lacks what was answered, or the settings, nobody can tell what would have been else: it says so.
func TestExplainOnlyWhatIsKnown(t *testing.T) {
	m := letter("w7k2-9fqx")
	whole := recordOf(&plainly, m, decide(m, []string{"a@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", zenHit)))
	short, unsettled := *whole, *whole
	short.Cut, short.Reports, unsettled.Policy = true, nil, nil
	for _, test := range []struct {
		record *Record
		want   string
	}{{whole, "Without the list zen"}, {&short, "Not known: the record was too long"}, {&unsettled, "Not known: the record does not say"}} {
		if got := test.record.Explain(time.UTC).Without; len(got) != 1 || !strings.HasPrefix(got[0], test.want) {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Who reads the JSON goes over its lists, also over those with nothing in them.
func TestExplanationHasLists(t *testing.T) {
	text, err := json.Marshal((&Record{Kind: OfConnection, Reports: []Report{{}}}).Explain(time.UTC))
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestParseFaults(t *testing.T) {
	for _, line := range []string{``, `{`, `{"v":1}`, `{"v":2,"kind":"message"}`, `{"v":1,"kind":"other"}`, `{"v":1,"kind":"message","action":"eaten"}`, `[]`} {
		if r, err := Parse([]byte(line)); err == nil {
			t.Errorf("%s: got %+v, want an error", line, r)
		}
	}
}

func FuzzParse(f *testing.F) {
	m := letter("w7k2-9fqx")
	f.Add(recordOf(&plainly, m, decide(m, []string{"a@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", zenHit))).line())
	f.Add([]byte(`{"v":1,"kind":"connection","client":{"addr":"x"},"policy":{}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := Parse(line)
		if err != nil {
			return
		}
		r.Explain(time.UTC)
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}

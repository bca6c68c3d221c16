package rules

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// scanRules are few, of every kind, with what is dear: captures, all matches, patterns that go back on themselves.
const scanRules = `
header __TO To =~ /(?<TO>[\w.]+)@/
header SUBJECT Subject =~ /\w/
header NOT X-Nothing !~ /x/
header RELAY X-Spam-Relays-Untrusted =~ /ip=/
header MISSING exists:Message-ID
body MANY /\w+/
tflags MANY multiple maxhits=20
body BACK /(\w+)\W+\1/
body USES /to %{TO}/i
rawbody RAW /<\w+[^>]{0,100}>/
uri LINK /\w/
uri_detail DETAIL domain =~ /\w/ text !~ /nothing/
full FULL /^.*\n.*\n/
mimeheader PART Content-Type =~ /text/
header EVAL eval:check_for_missing_to_header()
body HTML eval:html_tag_exists('a')
body IMAGES eval:image_count('all',1)
meta NONE !SUBJECT
meta SUM (MANY + BACK + LINK) > 2
score SUM 2
`

// FuzzScan takes any octets through the whole content stage: twice the same is found, evidence can be shown, and a message
// that time ran out for has no more hits than it has with all the time.
func FuzzScan(f *testing.F) {
	for _, name := range []string{"cyrillic", "uris in a row", "tags", "relative links", "attributes", "parts with links", "messages in messages", "encoded words", "recipients", "received", "pdf", "charset utf-7", "encoding base64", "bounce"} {
		f.Add(hostileMails()[name][:700])
	}
	f.Add(letter)
	f.Add("To: hans@example.net\nSubject: x\nContent-Type: text/html\n\n<a href=http://example.org/>to to hans</a>")
	set := mustLoadFuzz(f)
	f.Fuzz(func(t *testing.T, text string) {
		scan := func(ctx context.Context) []filter.Result {
			m, err := message.Parse(strings.NewReader(text), int64(len(text)))
			if err != nil {
				t.Fatal(err)
			}
			return NewStage(set).Check(ctx, m)
		}
		first, again := scan(t.Context()), scan(t.Context())
		checkResults(t, first)
		if got, want := symbols(again), symbols(first); !slices.Equal(got, want) {
			t.Errorf("found %v, then %v", want, got)
		}
		if failed := set.Failed(); len(failed) > 0 {
			t.Fatalf("panicked: %v: %v", failed, first[0].Err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, result := range scan(ctx) {
			if result.Err == nil || len(result.Hits) > 0 {
				t.Errorf("without time: %+v", result)
			}
		}
	})
}

func mustLoadFuzz(f *testing.F) *Set {
	set, faults := loadFiles(map[string]string{"scan.cf": scanRules})
	if Worst(faults) == Broken {
		f.Fatal(faults)
	}
	return set
}

// checkResults holds results to what must be true of all.
func checkResults(t *testing.T, results []filter.Result) {
	found := symbols(results)
	if slices.Contains(found, "NONE") == slices.Contains(found, "SUBJECT") {
		t.Errorf("one of NONE and SUBJECT must hit: %v", found)
	}
	if !slices.Contains(found, "NOT") {
		t.Errorf("a field that is not there does not match: %v", found)
	}
	for _, result := range results {
		if result.Err != nil {
			t.Errorf("error %v", result.Err)
		}
		for _, hit := range result.Hits {
			if math.IsNaN(hit.Score) || math.Abs(hit.Score) > 20 {
				t.Errorf("%s: score %v", hit.Symbol, hit.Score)
			}
			if len(hit.Detail) > 8*maxDetail || strings.ContainsFunc(hit.Detail, func(c rune) bool { return c < ' ' }) {
				t.Errorf("%s: detail %q", hit.Symbol, hit.Detail)
			}
		}
	}
}

func symbols(results []filter.Result) []string {
	var all []string
	for _, result := range results {
		for _, hit := range result.Hits {
			all = append(all, hit.Symbol)
		}
	}
	return all
}

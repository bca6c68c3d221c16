package dnslist

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/filter"
)

var ignorePlaces = cmp.Options{
	cmpopts.IgnoreUnexported(List{}, Code{}),
	cmp.Comparer(func(a, b Match) bool { return a == b }),
	cmp.Comparer(func(a, b Secret) bool { return a.reveal() == b.reveal() }),
}

// TestLoadEverything reads a file that has every key there is.
func TestLoadEverything(t *testing.T) {
	const text = `
- name: all-1
  title: All of it
  zone: "{key}.All.Example."
  key_file: /etc/winnow/key
  enabled: no
  observe: yes
  ask: [helo, sender, uri, mail]
  phase: content
  form: both
  addresses: yes
  ipv6: yes
  refused: [127.0.0.1, 127.0.1.0-127.0.1.3, 127.0.2.0/24, mask 1]
  probe: {listed: Test.Example, clean: invalid}
  url: https://all.example/{domain}
  dataset: all
  terms: free
  budget: 1000
  timeout: 1500ms
  codes:
    - value: 127.0.0.2
      symbol: ALL_2
      title: two
      score: 1.5
      action: reject
      ipv6_action: none
      observe: yes
      text: "{ip} {list} {code} {id} {domain} {url}"
      url: https://all.example/2
    - {range: 127.0.0.4-127.0.0.8, symbol: ALL_4, score: 2}
    - {value: 127.0.*.9, symbol: ALL_9, action: tag}
    - {mask: 0x80, symbol: ALL_80, ask: [helo, uri], action: defer}
    - {value: any, symbol: ALL_ANY, action: quarantine}
- {name: least, title: Least, zone: least.example, ask: [client], phase: connect, key_env: "", codes: [{value: any, symbol: LEAST, action: accept}]}
- {name: none, title: None, zone: "", ask: [uri], probe: none, codes: [{mask: 2, symbol: NONE}]}
`
	got, faults := Load("lists.yaml", []byte(text))
	for _, fault := range faults {
		t.Error(fault)
	}
	match := func(m Match, err error) Match {
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	want := []List{{
		Name: "all-1", Title: "All of it", Zone: "{key}.all.example", KeyFile: "/etc/winnow/key",
		Observe: true, Ask: []Ask{Helo, Sender, URI, Mail}, Phase: filter.Content, Form: Both, Addresses: true, IPv6: true,
		Refused: []Match{
			match(parseValue("127.0.0.1")), match(parseRange("127.0.1.0-127.0.1.3")),
			match(parseRefused("127.0.2.0/24")), match(parseMask("1")),
		},
		Probe: Probe{Listed: "test.example", Clean: "invalid"}, URL: "https://all.example/{domain}", Dataset: "all",
		Terms: "free", Budget: 1000, Timeout: 1500 * time.Millisecond,
		Codes: []Code{
			{Match: match(parseValue("127.0.0.2")), Symbol: "ALL_2", Title: "two", Score: 1.5, Action: filter.Reject,
				IPv6Action: filter.None, Observe: true, Text: "{ip} {list} {code} {id} {domain} {url}", URL: "https://all.example/2"},
			{Match: match(parseRange("127.0.0.4-127.0.0.8")), Symbol: "ALL_4", Score: 2},
			{Match: match(parseValue("127.0.*.9")), Symbol: "ALL_9", Action: filter.Tag, IPv6Action: filter.Tag},
			{Match: match(parseMask("0x80")), Symbol: "ALL_80", Ask: newAsks(Helo, URI), Action: filter.Defer, IPv6Action: filter.Defer},
			{Match: match(parseValue("any")), Symbol: "ALL_ANY", Action: filter.Quarantine, IPv6Action: filter.Quarantine},
		},
	}, {
		Name: "least", Title: "Least", Zone: "least.example", Enabled: true, Ask: []Ask{Client}, Phase: filter.Connect,
		Probe: addressProbe, Codes: []Code{{Match: match(parseValue("any")), Symbol: "LEAST", Action: filter.Accept, IPv6Action: filter.Accept}},
	}, {
		Name: "none", Title: "None", Enabled: true, Ask: []Ask{URI}, Phase: filter.Content,
		Codes: []Code{{Match: match(parseMask("2")), Symbol: "NONE"}},
	}}
	if diff := cmp.Diff(want, got, ignorePlaces); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

// TestLoadFaults reads testdata/bad: each line with a fault says in comments which ones are to be found on it.
func TestLoadFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			line := 0
			for text := range strings.Lines(string(data)) {
				line++
				for _, fault := range strings.Split(strings.TrimSpace(text), "  # want: ")[1:] {
					want = append(want, fmt.Sprintf("%s:%d: %s", filepath.Base(path), line, fault))
				}
			}
			_, faults := Load(filepath.Base(path), data)
			if diff := cmp.Diff(want, lines(faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func lines(faults []error) []string {
	var all []string
	for _, fault := range faults {
		all = append(all, fault.Error())
	}
	return all
}

func TestLoadLimits(t *testing.T) {
	list := func(i int, codes string) string {
		return fmt.Sprintf("- {name: n%d, title: T, zone: z%d.example, ask: [client], codes: [%s]}\n", i, i, codes)
	}
	var many, codes strings.Builder
	for i := range maxLists + 1 {
		many.WriteString(list(i, fmt.Sprintf("{value: 127.0.0.2, symbol: S%d}", i)))
	}
	for i := range maxCodes + 1 {
		fmt.Fprintf(&codes, "{value: 127.0.1.%d, symbol: C%d},", i, i)
	}
	tests := []struct {
		name, text, want string
	}{
		{"file", strings.Repeat("#", maxFile+1), "lists.yaml: larger than 1048576 octets: is it the right file?"},
		{"lists", many.String(), "lists.yaml:201: more than 200 elements"},
		{"codes", list(0, codes.String()), "lists.yaml:1: n0: more than 64 elements"},
		{"nothing", "", ""},
		{"only comments", "# nothing\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults := Load("lists.yaml", []byte(test.text))
			if got := strings.Join(lines(faults), "\n"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLint(t *testing.T) {
	list := func(name, more string) string {
		return "- {name: " + name + ", title: T, ask: [client], codes: [{value: 127.0.0.2, symbol: SAME}], " + more + "}\n"
	}
	names := func(name, more string) string {
		return "- {name: " + name + ", title: T, ask: [uri], codes: [{value: 127.0.0.2, symbol: NAMES}], " + more + "}\n"
	}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"no zone", list("a", "zone: ''"), []string{
			"lists.yaml:1: a: is enabled, but has no zone: write the one that the vendor gave you, in the file or under subscriptions in the configuration"}},
		{"no zone, not enabled", list("a", "enabled: no"), nil},
		{"no key", list("a", "zone: '{key}.example'"), one(
			"lists.yaml:1: a: is enabled, but its key is missing: write key_file or key_env, in the file or under subscriptions in the configuration")},
		{"one data set twice", list("a", "zone: a.example, dataset: d") + list("b", "zone: b.example, dataset: d"), one(
			"lists.yaml:2: b: is the same data set as a (lists.yaml:1): asking twice counts twice; disable one")},
		{"one data set, one enabled", list("a", "zone: a.example, dataset: d") + list("b", "zone: b.example, dataset: d, enabled: no"), nil},
		{"one zone twice", names("a", "zone: a.example") + "- {name: b, title: T, ask: [helo], zone: a.example, codes: [{value: any, symbol: B}]}", one(
			"lists.yaml:2: b: has the same zone as a (lists.yaml:1): asking twice counts twice; disable one")},
		{"one zone of clients at connect and of relays", list("a", "zone: a.example, phase: connect") +
			"- {name: b, title: T, ask: [relays, uri-ns], zone: a.example, codes: [{value: any, symbol: B}]}", nil},
		{"one zone of clients at connect, and of clients later", list("a", "zone: a.example, phase: connect") +
			"- {name: b, title: T, ask: [client, relays], zone: a.example, codes: [{value: any, symbol: B}]}", one(
			"lists.yaml:2: b: has the same zone as a (lists.yaml:1): asking twice counts twice; disable one")},
		{"one zone of addresses and names", list("a", "zone: a.example") + names("b", "zone: a.example"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lists, faults := Load("lists.yaml", []byte(test.text))
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			if diff := cmp.Diff(test.want, lines(Lint(lists))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func one(faults ...string) []string { return faults }

package dnslist

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const baseFile = `
- {name: free, title: Free, zone: free.example, ask: [client], codes: [{value: 127.0.0.2, symbol: FREE}]}
- {name: paid, title: Paid, zone: "{key}.paid.example", enabled: no, ask: [client], codes: [{value: 127.0.0.2, symbol: PAID}]}
- {name: secret, title: Secret, zone: "", enabled: no, ask: [client], codes: [{value: 127.0.0.2, symbol: SECRET}]}
`

func TestConfigLists(t *testing.T) {
	t.Setenv("WINNOW_TEST_KEY", theKey)
	key := write(t, "key", theKey+"\n")
	own := write(t, "own.yaml", `- {name: own, title: Own, zone: own.example, ask: [client], codes: [{value: any, symbol: OWN}]}`)
	better := write(t, "better.yaml", `
- {name: free, title: Better, zone: better.example, ask: [client], codes: [{value: any, symbol: FREE}]}
- {name: new, title: New, zone: new.example, ask: [client], codes: [{value: any, symbol: NEW}]}`)
	tests := []struct {
		name   string
		config Config
		want   string // name, zone, key, what is special
	}{
		{"as shipped", Config{}, "free free.example; paid {key}.paid.example off; secret  off"},
		{"own file", Config{File: own}, "own own.example"},
		{"own file beside", Config{ExtraFiles: []string{own}}, "free free.example; paid {key}.paid.example off; secret  off; own own.example"},
		{"a list in the place of another", Config{ExtraFiles: []string{better}},
			"free better.example; paid {key}.paid.example off; secret  off; new new.example"},
		{"disable and observe", Config{Disable: []string{"free"}, Observe: []string{"FREE"}}, "free free.example off observe; paid {key}.paid.example off; secret  off"},
		{"a key in a file", Config{Enable: []string{"Paid"}, Subscriptions: []Subscription{{List: "paid", KeyFile: key}}},
			"free free.example; paid {key}.paid.example " + theKey + "; secret  off"},
		{"a key in the environment", Config{Enable: []string{"paid"}, Subscriptions: []Subscription{{List: "paid", KeyEnv: "WINNOW_TEST_KEY"}}},
			"free free.example; paid {key}.paid.example " + theKey + "; secret  off"},
		{"a zone", Config{Enable: []string{"secret"}, Subscriptions: []Subscription{{List: "secret", Zone: "Given.Example."}}},
			"free free.example; paid {key}.paid.example off; secret given.example"},
		{"a zone and a key", Config{Enable: []string{"secret"}, Subscriptions: []Subscription{{List: "secret", Zone: "{key}.given.example", KeyFile: key}}},
			"free free.example; paid {key}.paid.example off; secret {key}.given.example " + theKey},
		{"a key that is not needed yet", Config{Subscriptions: []Subscription{{List: "paid", KeyFile: "/nowhere"}}},
			"free free.example; paid {key}.paid.example off; secret  off"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lists, faults := test.config.Lists([]byte(baseFile))
			for _, fault := range faults {
				t.Error(fault)
			}
			var got []string
			for _, l := range lists {
				text := l.Name + " " + l.Zone
				if l.Key.reveal() != "" {
					text += " " + l.Key.reveal()
				}
				if !l.Enabled {
					text += " off"
				}
				if l.Observe {
					text += " observe"
				}
				got = append(got, text)
			}
			if got := strings.Join(got, "; "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestConfigFaults(t *testing.T) {
	open := write(t, "open", theKey)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	clash := write(t, "clash.yaml", `- {name: clash, title: T, zone: free.example, ask: [client], codes: [{value: any, symbol: FREE}]}`)
	broken := write(t, "broken.yaml", "- {name: broken}\n- x")
	tests := []struct {
		name   string
		config Config
		want   []string
	}{
		{"no file", Config{File: "/nowhere.yaml"}, []string{"open /nowhere.yaml: no such file or directory"}},
		{"no extra file", Config{ExtraFiles: []string{"/nowhere.yaml"}}, []string{"open /nowhere.yaml: no such file or directory"}},
		{"names that no list has", Config{Enable: []string{"zen"}, Disable: []string{"dbl"}, Observe: []string{""}, Subscriptions: []Subscription{{List: "ivm"}}}, []string{
			`enable: there is no list "zen"; there are: free, paid, secret`,
			`disable: there is no list "dbl"; there are: free, paid, secret`,
			`observe: there is no list ""; there are: free, paid, secret`,
			`subscriptions: there is no list "ivm"; there are: free, paid, secret`,
		}},
		{"enabled without a zone", Config{Enable: []string{"secret"}}, []string{
			"lists.yaml (shipped):4: secret: is enabled, but has no zone: write the one that the vendor gave you, in the file or under subscriptions in the configuration"}},
		{"enabled without a key", Config{Enable: []string{"paid"}}, []string{
			"lists.yaml (shipped):3: paid: is enabled, but its key is missing: write key_file or key_env, in the file or under subscriptions in the configuration"}},
		{"a key that others can read", Config{Enable: []string{"paid"}, Subscriptions: []Subscription{{List: "paid", KeyFile: open}}}, []string{
			"lists.yaml (shipped):3: paid: key: " + open + " has mode 0644, so that others can get at the key: chmod 0640 " + open}},
		{"a key that the environment has not", Config{Enable: []string{"paid"}, Subscriptions: []Subscription{{List: "paid", KeyEnv: "WINNOW_NO_KEY"}}}, []string{
			"lists.yaml (shipped):3: paid: key: the environment has no WINNOW_NO_KEY: set it, or use key_file"}},
		{"a key for a list without", Config{Subscriptions: []Subscription{{List: "free", KeyEnv: "X"}}}, []string{
			`subscriptions: free: there is a key, but the zone "free.example" does not say where: write {key} as one of its labels`}},
		{"a bad zone", Config{Subscriptions: []Subscription{{List: "secret", Zone: "a b"}}}, []string{
			`subscriptions: secret: "a b" is no zone: write a domain such as zen.spamhaus.org, with {key} as a label where a key belongs`}},
		{"lists of two files that clash", Config{ExtraFiles: []string{clash}}, []string{
			clash + ":1: clash: symbol FREE is taken, at lists.yaml (shipped):2: rename one",
			clash + ":1: clash: has the same zone as free (lists.yaml (shipped):2): asking twice counts twice; disable one"}},
		{"every fault of every file", Config{File: broken, ExtraFiles: []string{broken}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lists, faults := test.config.Lists([]byte(baseFile))
			if len(faults) == 0 || lists != nil {
				t.Fatalf("got %v and %d faults", lists, len(faults))
			}
			if test.want == nil && len(faults) < 8 {
				t.Errorf("got %q", lines(faults))
			}
			if test.want != nil {
				if diff := cmp.Diff(test.want, lines(faults)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestConfigValidate(t *testing.T) {
	c := DefaultConfig()
	if faults := c.Validate(); len(faults) > 0 {
		t.Errorf("the default has faults: %v", faults)
	}
	c = Config{
		Timeout: time.Hour, Rest: time.Hour, ProbeEvery: time.Second, Enable: []string{"a", "B"}, Disable: []string{"b"},
		Subscriptions: []Subscription{{Zone: "a.example"}, {List: "paid", KeyFile: "/a", KeyEnv: "B"}},
	}
	want := []string{
		"timeout: must be above 0 and at most 30s",
		"rest: must be above 0 and at most 1m0s: a list that answers again must not wait longer",
		"probe_every: must be 1m0s or more: lists count questions",
		"disable: B stands under enable too: keep one",
		"subscriptions: list: write the name of the list that each is for",
		"subscriptions: paid: key_file and key_env are two places for one key: keep one",
	}
	if diff := cmp.Diff(want, lines(c.Validate())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestConfigYAML holds every setting to one name, that of its tag.
func TestConfigYAML(t *testing.T) {
	c := DefaultConfig()
	c.Subscriptions = []Subscription{{List: "zen-dqs", KeyFile: "/etc/winnow/dqs.key"}}
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	const want = `file: ""
extra_files: []
skip_file: ""
enable: []
disable: []
observe: []
subscriptions:
    - list: zen-dqs
      zone: ""
      key_file: /etc/winnow/dqs.key
      key_env: ""
timeout: 4s
rest: 1m0s
probe_every: 5m0s
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSkip(t *testing.T) {
	const text = "# comment\n\nExample.com # behind\n  www.example.org.\nbücher.example\n"
	skip, faults := LoadSkip("skip.txt", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	tests := []struct {
		host, domain string
		want         bool
	}{
		{"example.com", "example.com", true}, {"a.b.example.com", "example.com", true},
		{"www.example.org", "example.org", true}, {"example.org", "example.org", false},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
		{"example.net", "example.net", false}, {"", "", false}, {"notexample.com", "notexample.com", false},
	}
	for _, test := range tests {
		if got := skip.Has(test.host, test.domain); got != test.want {
			t.Errorf("%s (%s): got %v, want %v", test.host, test.domain, got, test.want)
		}
	}
	if (*Skip)(nil).Has("example.com", "example.com") || (*Skip)(nil).Len() != 0 {
		t.Error("the nil Skip holds something")
	}
}

func TestSkipFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"not a domain", "example.com\nlocalhost\n", `skip.txt:2: "localhost" is no domain: write one on each line, such as example.com; # begins a comment`},
		{"an address", "192.0.2.1\n", `skip.txt:1: "192.0.2.1" is no domain: write one on each line, such as example.com; # begins a comment`},
		{"two on a line", "a.example b.example\n*.c.example", "skip.txt:1: \"a.example b.example\" is no domain: write one on each line, such as example.com; # begins a comment\n" +
			`skip.txt:2: "*.c.example" is no domain: write one on each line, such as example.com; # begins a comment`},
		{"too large", strings.Repeat("#", maxSkipFile+1), "skip.txt: larger than 4194304 octets: is it the right file?"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			skip, faults := LoadSkip("skip.txt", []byte(test.text))
			if got := strings.Join(lines(faults), "\n"); got != test.want || skip != nil {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	c := Config{SkipFile: write(t, "skip.txt", "a.example\n")}
	if skip, faults := c.Skip(nil); len(faults) > 0 || !skip.Has("a.example", "") {
		t.Errorf("the operator's file: %v", faults)
	}
	c.SkipFile = "/nowhere"
	if _, faults := c.Skip(nil); len(faults) != 1 {
		t.Errorf("no file: got %v", faults)
	}
}

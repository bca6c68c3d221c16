package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// key is a secret as sections have them.
type key struct{ value string }

func (k *key) UnmarshalText(text []byte) error { k.value = string(text); return nil }
func (k key) MarshalText() ([]byte, error)     { return []byte("***"), nil }

type settings struct {
	DNS struct {
		Servers []string      `yaml:"servers"`
		Timeout time.Duration `yaml:"timeout"`
		Cache   struct {
			Entries int `yaml:"entries"`
		} `yaml:"cache"`
	} `yaml:"dns"`
	Key  key     `yaml:"key"`
	Tag  float64 `yaml:"tag"`
	Hush bool    `yaml:"hush"`

	Files []entry `yaml:"files"`
}

// An entry is one of a list that has settings of its own.
type entry struct {
	Name string  `yaml:"name"`
	Cap  float64 `yaml:"cap"`
}

func defaults() *settings {
	var s settings
	s.DNS.Servers = []string{"192.0.2.1", "192.0.2.2"}
	s.DNS.Timeout = 2 * time.Second
	s.DNS.Cache.Entries = 100
	s.Tag = 5
	return &s
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "winnow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	path := write(t, "dns:\n  servers: [198.51.100.1]\n  timeout: 500ms\n  cache:\ntag: 4\nkey: hunter2\n")
	got := defaults()
	if _, err := Load(path, got); err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.DNS.Servers = []string{"198.51.100.1"} // replaces the default, not only its first element
	want.DNS.Timeout = 500 * time.Millisecond
	want.Tag = 4
	want.Key.value = "hunter2"
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(key{})); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestLoadNothing(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "dns:\n"} {
		got := defaults()
		if _, err := Load(write(t, text), got); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(defaults(), got, cmp.AllowUnexported(key{})); diff != "" {
			t.Errorf("%q changed the defaults (-want +got):\n%s", text, diff)
		}
	}
}

func TestEnvironmentWins(t *testing.T) {
	t.Setenv("WINNOW_DNS_SERVERS", "203.0.113.1,203.0.113.2")
	t.Setenv("WINNOW_DNS_CACHE_ENTRIES", "7")
	got := defaults()
	if _, err := Load(write(t, "dns:\n  cache:\n    entries: 3\n"), got); err != nil {
		t.Fatal(err)
	}
	if want := []string{"203.0.113.1", "203.0.113.2"}; !cmp.Equal(got.DNS.Servers, want) || got.DNS.Cache.Entries != 7 {
		t.Errorf("got %v and %d, want %v and 7", got.DNS.Servers, got.DNS.Cache.Entries, want)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"unknown", "tga: 4\n", ":1: tga: no such setting; did you mean tag?"},
		{"unknown, nothing near", "dns:\n  colour: red\n", ":2: dns.colour: no such setting; there are: servers, timeout, cache"},
		{"unknown in an entry", "files:\n  - name: a\n    cpa: 4\n", ":3: files[0].cpa: no such setting; did you mean cap?"},
		{"twice in an entry", "files: [{name: a}, {name: b, name: c}]\n", ":1: files[1].name: stands twice"},
		{"no list of entries", "files:\n  name: a\n", ":2: files: takes a list of entries"},
		{"an entry that is none", "files: [a.cf]\n", ":1: files[0]: takes keys and values, not a single value"},
		{"text in an entry's number", "files: [{name: a, cap: much}]\n", "write a number"},
		{"two at once", "tga: 4\nhsuh: 1\n", ":2: hsuh: no such setting; did you mean hush?"},
		{"twice", "tag: 1\ntag: 2\n", ":2: tag: stands twice, first on line 1; keep one"},
		{"wrong type", "dns:\n  timeout: soon\n", ":2: dns.timeout: "},
		{"not a section", "dns: 192.0.2.1\n", ":1: dns: takes keys and values, not a single value"},
		{"a list", "- dns\n", ":1: takes keys and values (such as `dns:`), not a list"},
		{"no YAML", "dns: [\n", "line 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Load(write(t, test.text), defaults())
			if err == nil || !strings.Contains(err.Error(), "winnow.yaml:") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want …winnow.yaml…%s", err, test.want)
			}
		})
	}
}

// A value of another type is a fault and never the nearest value: 5 is not five nanoseconds.
func TestValuesAreWrittenAsTheirTypeWants(t *testing.T) {
	tests := []struct{ text, want string }{
		{"dns: {timeout: 5}", "dns.timeout: write a time with its unit"},
		{"dns: {timeout: true}", "dns.timeout: write a time with its unit"},
		{"dns: {timeout: 0}", ""},
		{"dns: {timeout: 1h30m}", ""},
		{"dns: {cache: {entries: 1.5}}", "dns.cache.entries: write a whole number"},
		{"dns: {cache: {entries: 1.5e3}}", ""},
		{"dns: {cache: {entries: 0x10}}", ""},
		{"dns: {cache: {entries: true}}", "dns.cache.entries: write a whole number"},
		{"dns: {cache: {entries: 512k}}", "dns.cache.entries: write a whole number"},
		{"dns: {cache: {entries: 1e30}}", "dns.cache.entries: write a whole number"},
		{"dns: {servers: [false]}", "dns.servers[0]: write text"},
		{"dns: {servers: [1]}", ""},
		{"key: 7", "key: write text; in quotes"},
		{"key: [hunter2]", "key: write text"},
		{"tag: high", "tag: write a number"},
		{"tag: true", "tag: write a number"},
		{"tag: .nan", "tag: write a number"},
		{"tag: -.inf", "tag: write a number"},
		{"tag: NaN", "tag: write a number"},
		{`tag: "5"`, ""},
		{"hush: yes", ""},
		{"hush: Off", ""},
		{"hush: 2", "hush: write true or false"},
		{"hush: maybe", "hush: write true or false"},
	}
	for _, test := range tests {
		_, err := Load(write(t, test.text+"\n"), defaults())
		if (test.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), "winnow.yaml:1: "+test.want) {
			t.Errorf("%s: got %v, want %q", test.text, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a secret is shown: %v", test.text, err)
		}
	}
}

func TestFaultNamesTheLine(t *testing.T) {
	file, err := Load(write(t, "tag: 5\ndns:\n  timeout: 2s\n"), defaults())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ section, fault, want string }{
		{"dns", "timeout: too long", "winnow.yaml:3: dns.timeout: too long"},
		{"dns", "cache.entries: too many", "winnow.yaml:2: dns.cache.entries: too many"},
		{"", "key: is empty", "winnow.yaml: key: is empty"},
	}
	if got, want := (*File)(nil).Fault("dns", errors.New("timeout: too long")).Error(), "dns.timeout: too long"; got != want {
		t.Errorf("no file: got %q, want %q", got, want)
	}
	for _, test := range tests {
		got := file.Fault(test.section, fmt.Errorf("%s", test.fault)).Error()
		if !strings.HasSuffix(got, test.want) {
			t.Errorf("got %q, want …%q", got, test.want)
		}
	}
}

func TestPrintHidesSecrets(t *testing.T) {
	s := defaults()
	s.Key.value = "hunter2"
	var out strings.Builder
	if err := Print(&out, s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter2") || !strings.Contains(out.String(), "key: '***'") || !strings.Contains(out.String(), "timeout: 2s") {
		t.Errorf("got\n%s", out.String())
	}
}

func TestKeys(t *testing.T) {
	want := []string{"dns.servers", "dns.timeout", "dns.cache.entries", "key", "tag", "hush", "files"}
	if diff := cmp.Diff(want, Keys(defaults())); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("dns:\n  servers: [192.0.2.1]\n")
	f.Add("dns: &a\n  cache: *a\n")
	f.Add("? [a]\n: b\n")
	f.Add("tag: 1e400\nkey: {a: b}\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "f.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = Load(path, defaults())
	})
}

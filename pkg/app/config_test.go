package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"winnow/pkg/config"
)

const sample = "../../deploy/winnow.yaml"

// The sample configuration holds every setting, at its default, and no other.
func TestSampleConfiguration(t *testing.T) {
	t.Setenv("STATE_DIRECTORY", "/var/lib/winnow")
	got, err := LoadConfig(sample)
	if err != nil {
		t.Fatal(err)
	}
	want, err := LoadConfig("")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed(t, want), printed(t, got)); diff != "" {
		t.Errorf("the sample differs from the defaults (-default +sample):\n%s", diff)
	}
	if diff := cmp.Diff(config.Keys(want), keysOf(t, sample)); diff != "" {
		t.Errorf("keys (-settings +sample):\n%s", diff)
	}
}

func printed(t *testing.T, c *Config) string {
	t.Helper()
	var out strings.Builder
	if err := config.Print(&out, c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// keysOf lists the settings of a YAML file in their order.
func keysOf(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var keys []string
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			keys = append(keys, path)
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(n.Content[i+1], strings.TrimPrefix(path+"."+n.Content[i].Value, "."))
		}
	}
	walk(doc.Content[0], "")
	return keys
}

func TestConfigFaults(t *testing.T) {
	text := `policy:
  tag: 0
  whitelist_rescues: true
milter:
  max_body: 1000
  reject_at: connect
log:
  format: xml
lists:
  rest: 1h
store: redis://our.example:none
`
	path := filepath.Join(t.TempDir(), "winnow.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadConfig(path)
	if err == nil {
		t.Fatal("got no error, want one for each fault")
	}
	for _, want := range []string{
		"winnow.yaml:2: policy.tag: must be above 0",
		"winnow.yaml:3: policy.whitelist_rescues: with milter.reject_at: connect nobody",
		"winnow.yaml:5: milter.max_body: 1000 is below policy.max_size",
		"winnow.yaml:8: log.format: must be console or json",
		"winnow.yaml:10: lists.rest: must be above 0 and at most 1m0s",
		"winnow.yaml:11: store: redis URL: host 1 is not host:port",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got\n%v\nwant a line …%s", err, want)
		}
	}
}

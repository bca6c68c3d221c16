package auth

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/auth/authtest"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// An arcScenario is one document of the ARC validation suite.
type arcScenario struct {
	Description string            `yaml:"description"`
	Tests       yaml.Node         `yaml:"tests"` // a mapping in which two names stand twice
	Records     map[string]string `yaml:"txt-records"`
}

type arcCase struct {
	Message string `yaml:"message"`
	CV      string `yaml:"cv"` // "" where the last sealer has found the chain broken: there is nothing to validate
}

// TestARCSuite runs the validation tests of the ARC test suite. Its signing tests are left out: winnow seals nothing.
func TestARCSuite(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(authtest.Suites(t), "ValiMail+arc_test_suite/tests/arc-draft-validation-tests.yml"))
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for documents := yaml.NewDecoder(strings.NewReader(string(data))); ; {
		var s arcScenario
		if err := documents.Decode(&s); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		zones := dnstest.Zones{}
		for name, text := range s.Records {
			zones[strings.ToLower(name)] = dnstest.TXT(text)
		}
		for i := 0; i < len(s.Tests.Content); i += 2 {
			var c arcCase
			if err := s.Tests.Content[i+1].Decode(&c); err != nil {
				t.Fatal(err)
			}
			cases++
			t.Run(s.Description+"/"+s.Tests.Content[i].Value, func(t *testing.T) { c.run(t, zones) })
		}
	}
	const all = 175
	if cases != all {
		t.Errorf("%d cases, want the %d of the suite", cases, all)
	}
}

func (c *arcCase) run(t *testing.T, zones dnstest.Zones) {
	m, err := message.Parse(strings.NewReader(c.Message), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ToLower(c.CV)
	if want == "" {
		want = "fail"
	}
	got := NewChecker(DefaultConfig(), zones, func() time.Time { return time.Unix(20_000, 0) }).arc(t.Context(), m)
	if got.Result.String() != want {
		t.Errorf("got %v (%s), want %s", got.Result, got.Reason, want)
	}
}

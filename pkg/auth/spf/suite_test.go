package spf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/auth/authtest"
	"winnow/pkg/dns"
)

// TestPublishedSuites runs the suite of RFC 7208 as pyspf keeps it, and those that other evaluators add to it. Of each case
// the result is compared: explanations are not fetched.
func TestPublishedSuites(t *testing.T) {
	dir := authtest.Suites(t)
	for _, tt := range []struct {
		name, file string
		cases      int // at least
	}{
		{"rfc7208", "sdgathman+pyspf/test/rfc7208-tests.yml", 203},
		{"rfc7208 of 2014", "postalsys+mailauth/test/fixtures/spf/rfc7208-tests-2014-05.yml", 193},
		{"blitiri", "albertito+spf/testdata/blitirispf-tests.yml", 20},
		{"pyspf", "albertito+spf/testdata/pyspf-tests.yml", 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cases := 0
			for _, scenario := range readSuite(t, filepath.Join(dir, tt.file)) {
				resolver := dns.NewCache(scenario.Zone, nil, dns.DefaultCacheConfig())
				for name, c := range scenario.Tests {
					cases++
					t.Run(name, func(t *testing.T) { c.run(t, tt.name+"/"+name, resolver) })
				}
				resolver.Close()
			}
			if cases < tt.cases {
				t.Errorf("%d cases were read; there should be %d", cases, tt.cases)
			}
		})
	}
}

const (
	oneLabel = "names of one label are no full names of domains (RFC 7208, 4.3 and 7.1)"
	obsolete = "default= is of a draft; a modifier that the RFC does not know changes nothing (RFC 7208, 6)"
)

// different are the cases that have another result here, and why. None of them is of the RFC's own suite.
var different = map[string]struct{ result, reason string }{
	"blitiri/resolution-with-10-lookups": {"permerror", oneLabel},
	"blitiri/mx-resolution-10-terms":     {"none", oneLabel},
	"blitiri/mx-resolution-11-terms":     {"none", oneLabel},
	"blitiri/include-not-found":          {"none", oneLabel},
	"blitiri/redirect-not-found":         {"none", oneLabel},
	"blitiri/one-mx-not-found":           {"none", oneLabel},
	"blitiri/all-mx-not-found":           {"none", oneLabel},
	"pyspf/default-modifier":             {"neutral", obsolete},
	"pyspf/default-modifier-harsh":       {"neutral", obsolete},
}

// A scenario is one document of a suite: zones, and questions about them.
type scenario struct {
	Description string
	Tests       map[string]suiteCase
	Zone        suiteZone `yaml:"zonedata"`
}

type suiteCase struct {
	Helo, Host, MailFrom string
	Result               oneOrMore
}

func (c *suiteCase) run(t *testing.T, name string, resolver dns.Resolver) {
	q := Query{Addr: netip.MustParseAddr(c.Host), Sender: c.MailFrom, Helo: c.Helo}
	if q.Sender == "" {
		q.Sender = "postmaster@" + c.Helo
	}
	q.Domain = q.senderDomain()
	got := Check(t.Context(), resolver, q, World{IPv4: 8, IPv6: 16})
	if want, ok := different[name]; ok {
		if got.Result.String() != want.result {
			t.Errorf("%v (%s), want %s: %s", got.Result, got.Reason, want.result, want.reason)
		}
		return
	}
	if !slices.Contains(c.Result, got.Result.String()) {
		t.Errorf("%v (%s), want %v", got.Result, got.Reason, c.Result)
	}
}

type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*o = oneOrMore{node.Value}
		return nil
	}
	return node.Decode((*[]string)(o))
}

// suiteZone is the zone data of a scenario: names in lower case and, for each, lists by type. "TIMEOUT" makes questions
// for types that are not there fail.
type suiteZone map[string]map[string][][]string

func (z *suiteZone) UnmarshalYAML(node *yaml.Node) error {
	var raw map[string][]yaml.Node
	if err := node.Decode(&raw); err != nil {
		return err
	}
	*z = make(suiteZone)
	for name, list := range raw {
		types := make(map[string][][]string)
		for _, entry := range list {
			if entry.Kind == yaml.ScalarNode { // TIMEOUT
				types[entry.Value] = append(types[entry.Value], nil)
				continue
			}
			var byType map[string]oneOrMore
			if err := entry.Decode(&byType); err != nil {
				return err
			}
			for kind, values := range byType {
				types[kind] = append(types[kind], values)
			}
		}
		if types["TXT"] == nil { // suites write SPF for TXT
			types["TXT"] = types["SPF"]
		}
		(*z)[strings.ToLower(strings.TrimSuffix(name, "."))] = types
	}
	return nil
}

// Resolve answers from the zone data.
func (z suiteZone) Resolve(_ context.Context, q dns.Question) (dns.Answer, error) {
	name := q.Name
	for range 8 {
		types, found := z[name]
		if alias := types["CNAME"]; alias != nil {
			name = strings.ToLower(strings.TrimSuffix(alias[0][0], "."))
			continue
		}
		records := types[q.Type.String()]
		if records == nil && (types["TIMEOUT"] != nil || types["SERVFAIL"] != nil || types["CNAMELOOP"] != nil) || isNone(records) && types["TIMEOUT"] != nil {
			return dns.Answer{}, dns.ErrTimeout
		}
		answer := dns.Answer{NXDomain: !found}
		for _, values := range records {
			switch q.Type {
			case dns.A, dns.AAAA:
				answer.Addrs = append(answer.Addrs, netip.MustParseAddr(values[0]))
			case dns.TXT:
				if text := strings.Join(values, ""); text != "NONE" {
					answer.Texts = append(answer.Texts, text)
				}
			default:
				if host := strings.ToLower(values[len(values)-1]); host != "" || q.Type == dns.MX {
					answer.Names = append(answer.Names, host)
				}
			}
		}
		return answer, nil
	}
	return dns.Answer{}, fmt.Errorf("%w: aliases in a circle", dns.ErrMalformed)
}

func isNone(records [][]string) bool {
	return len(records) == 1 && slices.Equal(records[0], []string{"NONE"})
}

// readSuite reads a file of the corpus.
func readSuite(t *testing.T, file string) []scenario {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []scenario
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var s scenario
		if err := decoder.Decode(&s); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
}

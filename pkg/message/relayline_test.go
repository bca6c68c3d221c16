package message

import (
	"os"
	"strings"
	"testing"
	"time"
)

// received is one field of testdata/received.txt and what SpamAssassin makes of it.
type receivedCase struct{ field, want string }

func receivedCases(t testing.TB) []receivedCase {
	t.Helper()
	text, err := os.ReadFile("testdata/received.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []receivedCase
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if want, found := strings.CutPrefix(line, "\t"); found {
			cases[len(cases)-1].want = want
		} else if line != "" && !strings.HasPrefix(line, "#") {
			cases = append(cases, receivedCase{field: line})
		}
	}
	return cases
}

// receivedText writes what a field tells in the words of testdata/received.txt.
func receivedText(line relayLine, outcome relayOutcome) string {
	switch outcome {
	case relaySkipped:
		if line.scanned && line.envFrom != "" {
			return "skip " + line.envFrom
		}
		return "skip"
	case relayUnparseable:
		return "unparseable"
	}
	relay := line.relay()
	marks := ""
	if relay.Name == "" && relay.Looked {
		marks += "n"
	} else if relay.Name == "" {
		marks += "r"
	}
	if relay.Private {
		marks += "p"
	}
	if relay.hasEnvFrom {
		marks += "e"
	}
	return strings.TrimSpace(relaysText([]Relay{relay}) + " " + marks)
}

func TestReadReceived(t *testing.T) {
	for _, tt := range receivedCases(t) {
		if got := receivedText(readReceived(tt.field)); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.field, got, tt.want)
		}
	}
}

// Long fields that offer many ways to match must not take long.
func TestReadReceivedIsBounded(t *testing.T) {
	for name, field := range map[string]string{
		"parentheses": "from a" + strings.Repeat(" (b)", 2_000) + " with c",
		"qmail":       "from a (192.0.2.1) by b" + strings.Repeat(" (c) with", 1_000),
		"dots":        "from a (" + strings.Repeat("b.", 4_000) + "[x]) by c ",
		"authors":     "from a]) (AUTH: PLAIN" + strings.Repeat(" b, c) by", 900),
		"marks":       "from a by b" + strings.Repeat(" with HTTPx (authenticated as", 280),
		"addresses":   "from a (SquirrelMail authenticated user " + strings.Repeat("192.0.2.1 ", 800),
	} {
		start := time.Now()
		readReceived(field)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func FuzzReadReceived(f *testing.F) {
	for _, tt := range receivedCases(f) {
		f.Add(tt.field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		line, outcome := readReceived(field)
		relay := line.relay()
		for _, value := range []string{relay.IP, relay.Name, relay.Helo, relay.By, relay.Ident} {
			if outcome == relayRead && strings.ContainsAny(value, " \t\r\n[]()<>") {
				t.Errorf("%q: %q would spoil the text of the relays", field, value)
			}
		}
		if outcome == relayRead && relay.IP != "" && !relay.Addr.IsValid() && !strings.Contains(relay.IP, "!") {
			t.Errorf("%q: %q is no address", field, relay.IP)
		}
	})
}

func BenchmarkReadReceived(b *testing.B) {
	cases := receivedCases(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		readReceived(cases[i%len(cases)].field)
	}
}

package message

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/*.want")

// TestGolden holds everything derived from the messages in testdata against what was derived from them before.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages in testdata: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".eml")
		t.Run(name, func(t *testing.T) {
			got := describe(parseFile(t, file))
			want := strings.TrimSuffix(file, ".eml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", want, diff)
			}
		})
	}
}

func parseFile(t *testing.T, file string) *Message {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Parse(f, 0)
	if err != nil {
		t.Fatalf("Parse(%s): %v", file, err)
	}
	return m
}

// describe writes down what rules and lists would see of a message.
func describe(m *Message) string {
	var out strings.Builder
	fmt.Fprintf(&out, "sender %q, size %d, body %d\n", m.Sender, m.Size, len(m.Body))
	for _, f := range m.Header {
		text, _ := m.HeaderText(f.Name, HeaderDecoded)
		fmt.Fprintf(&out, "%s: %q\n", f.Name, text)
	}
	for _, name := range []string{"From", "ToCc", "Reply-To"} {
		if text, found := m.HeaderText(name, HeaderAddr); found {
			fmt.Fprintf(&out, "%s:addr: %q\n", name, text)
		}
		if text, found := m.HeaderText(name, HeaderName); found {
			fmt.Fprintf(&out, "%s:name: %q\n", name, text)
		}
	}
	out.WriteString("\nentities\n")
	for _, p := range m.Entities() {
		fmt.Fprintf(&out, "%s%s charset %q file %q data %d\n", strings.Repeat("  ", p.Depth), p.Type, p.Charset, p.FileName, len(p.Data))
	}
	out.WriteString("\nbody\n")
	for _, line := range m.BodyLines() {
		fmt.Fprintf(&out, "%q\n", line)
	}
	for _, h := range m.HTML() {
		fmt.Fprintf(&out, "html %s\n", describeHTML(h))
	}
	out.WriteString("\nrawbody\n")
	for _, piece := range m.RawBody() {
		fmt.Fprintf(&out, "%q\n", piece)
	}
	out.WriteString("\nuris of rules\n")
	for _, u := range m.URIDetails(&URIRules{}) {
		fmt.Fprintf(&out, "%q %s hosts %q\n", u.Cleaned, u.Types.Names(), u.Hosts)
	}
	out.WriteString("\nuris\n")
	for _, u := range m.URIs() {
		where := u.Host
		if u.Addr.IsValid() {
			where = u.Addr.String()
		}
		fmt.Fprintf(&out, "%s %s host %q domain %q raw %q\n", u.Kind, u.Clean, where, u.Domain, u.Raw)
	}
	return out.String()
}

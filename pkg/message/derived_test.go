package message

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// Stages ask for everything at the same time, and get the same.
func TestConcurrent(t *testing.T) {
	m := parseFile(t, "testdata/04-nested.eml")
	want := describe(parseFile(t, "testdata/04-nested.eml"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			deriveAll(m)
			if got := describe(m); got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
	wg.Wait()
}

// checkInvariants holds what must be true of every message.
func checkInvariants(t *testing.T, m *Message) {
	t.Helper()
	deriveAll(m)
	if len(m.Entities()) == 0 {
		t.Error("no entity at all")
	}
	if n := len(m.Entities()); n > MaxEntities+1 {
		t.Errorf("%d entities", n)
	}
	for i, line := range m.BodyLines() {
		if len(line) > MaxLine+1 {
			t.Errorf("body line %d has %d octets", i, len(line))
		}
		if strings.Contains(strings.TrimSuffix(line, "\n"), "\n") {
			t.Errorf("body line %d has a line end within", i)
		}
	}
	isHTML := func(p *Part) bool { return p.HTML() != nil }
	mayBeLatin := slices.ContainsFunc(m.Parts(), isHTML) // a page whose characters all fit in one octet is written so, as SpamAssassin does
	if body := strings.Join(m.BodyLines(), ""); len(m.BodyLines()) < MaxParagraphs && !mayBeLatin && !utf8.ValidString(body) {
		t.Error("body is not UTF-8")
	}
	for i, piece := range m.RawBody() {
		if len(piece) > 2*MaxLine {
			t.Errorf("rawbody piece %d has %d octets", i, len(piece))
		}
	}
	checkURIs(t, m.URIs())
	for _, u := range m.URIDetails(&URIRules{}) {
		if len(u.Cleaned) == 0 && u.Types != URIDKIM || len(u.Raw) > MaxURILength+len("http://") {
			t.Errorf("%+v", u)
		}
	}
}

func checkURIs(t *testing.T, uris []URI) {
	t.Helper()
	if len(uris) > MaxURIs {
		t.Errorf("%d URIs", len(uris))
	}
	seen := make(map[string]bool)
	for i, u := range uris {
		if seen[u.Clean] {
			t.Errorf("%q twice", u.Clean)
		}
		seen[u.Clean] = true
		if i > 0 && u.Kind < uris[i-1].Kind {
			t.Errorf("%s %q stands behind a %s", u.Kind, u.Clean, uris[i-1].Kind)
		}
		if host, ok := HostASCII(u.Host); u.Host != "" && (!ok || host != u.Host) {
			t.Errorf("%q: host %q", u.Clean, u.Host)
		}
		if strings.IndexFunc(u.Clean, isControl) >= 0 {
			t.Errorf("%q has control characters", u.Clean)
		}
		if u.Domain != Domain(u.Host) && u.Host != "" || u.Host == "" && u.Domain != "" {
			t.Errorf("%q: host %q, domain %q", u.Clean, u.Host, u.Domain)
		}
		if len(u.Clean) > MaxURILength+len("https://") || u.Clean == "" {
			t.Errorf("%.80q: %d octets", u.Clean, len(u.Clean))
		}
		if u.Kind != Link && u.Host == "" && !u.Addr.IsValid() {
			t.Errorf("%s %q without a host", u.Kind, u.Clean)
		}
	}
}

// TestCorpus runs a directory of real messages through everything, where there is one: what WINNOW_CORPUS names.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("WINNOW_CORPUS")
	if dir == "" {
		t.Skip("WINNOW_CORPUS names no directory of messages")
	}
	messages := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		messages++
		checkInvariants(t, parseFile(t, path))
		if t.Failed() {
			t.Fatalf("in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d messages", messages)
}

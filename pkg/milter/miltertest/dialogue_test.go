package miltertest_test

import (
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/pkg/milter/miltertest"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "ab", true},
		{"*b", "ab", true},
		{"a*c*e", "abcde", true},
		{"a*e*c", "abcde", false},
		{"ab*ba", "aba", false},
		{"*", "", true},
		{"a*b*", "ab", true},
	} {
		if got := miltertest.Match(tt.pattern, tt.text); got != tt.want {
			t.Errorf("%q, %q: got %t", tt.pattern, tt.text, got)
		}
	}
}

// filter answers whatever comes with frames of the test's, those between bars at once, and then closes.
func filter(t *testing.T, answers ...string) *miltertest.Client {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		buffer := make([]byte, 4096)
		for _, a := range answers {
			if _, err := far.Read(buffer); err != nil {
				return
			}
			var out []byte
			for frame := range strings.SplitSeq(a, "|") {
				out = append(binary.BigEndian.AppendUint32(out, uint32(len(frame))), frame...)
			}
			if _, err := far.Write(out); err != nil {
				return
			}
		}
		_, _ = far.Read(buffer)
	}()
	t.Cleanup(func() { _ = near.Close() })
	return miltertest.NewClient(near)
}

func dialogue(t *testing.T, text string) (*miltertest.Dialogue, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.dialogue")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return miltertest.ReadDialogue(path)
}

const agreeing = "O\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x00"

// A filter that does not do what a dialogue says is found out.
func TestPlay(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		answers    []string
		want       string // "" for a dialogue that goes well
	}{
		{"goes well", "offer postfix\nhelo a\nquit", []string{agreeing, "c"}, ""},
		{"a change", "offer postfix\neom\n< h A: b\n< a\nquit", []string{agreeing, "hA\x00 b\x00|a"}, ""},
		{"other reply", "offer postfix\nhelo a", []string{agreeing, "y550 no\x00"}, `test.dialogue:2: helo a: got ["y 550 no"], want ["c"]`},
		{"other text", "offer postfix\nhelo a\n< y 551 *", []string{agreeing, "y550 no\x00"}, `want ["y 551 *"]`},
		{"more than was offered", "offer 6 0 0", []string{agreeing}, "actions 0x1 answered to 0x0"},
		{"newer than was offered", "offer 2 1ff 0", []string{"O\x00\x00\x00\x06" + agreeing[5:]}, "version 6 answered to 2"},
		{"not what was expected", "offer postfix\nagreed 31 0", []string{agreeing}, "got actions 1 and protocol 0"},
		{"change that was not agreed on", "offer postfix\neom", []string{agreeing, "qwhy\x00"}, "change that was not agreed on: q why"},
		{"speaks where it should close", "offer postfix\nquit", []string{agreeing, "c"}, "filter says c where it should close"},
		{"goes away", "offer postfix\nhelo a\nhelo b", []string{agreeing, "c"}, "test.dialogue:3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := dialogue(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Play(filter(t, tt.answers...))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestReadDialogue(t *testing.T) {
	for text, want := range map[string]string{
		"< c":        "test.dialogue:1: < c: a reply before any command",
		"# a\n\nhi":  "test.dialogue:3: hi: unknown command",
		"offer a\n!": "test.dialogue:2: !: unknown command",
	} {
		if _, err := dialogue(t, text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestCheckTold(t *testing.T) {
	d, err := dialogue(t, "told message *\ntold connection")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		told []string
		want string
	}{
		{[]string{"message 1", "connection"}, ""},
		{[]string{"message 1"}, "nothing of that was told"},
		{[]string{"connection", "message 1"}, `told "connection"`},
		{[]string{"message 1", "connection", "connection"}, "told more"},
	} {
		err := d.CheckTold(tt.told)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%q: got %v, want %q", tt.told, err, tt.want)
		}
	}
}

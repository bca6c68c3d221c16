package eval

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestUnique shows that short and long lists are treated alike, and that the longest that a mail can hold take no time that
// anybody would notice.
func TestUnique(t *testing.T) {
	for _, n := range []int{0, 1, 16, 17, 200_000} {
		var list, want []string
		for i := range n {
			text := fmt.Sprint(i)
			list, want = append(list, text, text), append(want, text)
		}
		list = append(list, list[:min(1, n)]...)
		if got := unique(list); !slices.Equal(got, want) {
			t.Errorf("of %d texts, each twice: got %d", n, len(got))
		}
	}
}

// TestMailIn shows that addresses are looked for in no more links, and no more lines, than will do.
func TestMailIn(t *testing.T) {
	var links, lines strings.Builder
	for i := range 3 * maxFound {
		fmt.Fprintf(&links, "<a href=\"mailto:a%d@example.com\">x</a>\n", i)
		fmt.Fprintf(&lines, "b%d@example.com\n\n", i)
	}
	for name, text := range map[string]string{"links": "Content-Type: text/html\n\n" + links.String(), "lines": "Subject: x\n\n" + lines.String()} {
		f := factsOf(t, text)
		if got := len(f.mailIn(&hashCall{}, "body")); got < maxFound/2 || got > maxFound+1 {
			t.Errorf("%s: found %d addresses, want about %d", name, got, maxFound)
		}
	}
}

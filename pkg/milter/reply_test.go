package milter_test

import (
	"strings"
	"testing"

	gomilter "github.com/emersion/go-milter"

	"winnow/pkg/filter"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

func matches(pattern, text string) bool { return miltertest.Match(pattern, text) }

// Every action has a row, every row an end, and what refuses a status.
func TestEveryActionHasARow(t *testing.T) {
	for _, action := range filter.Actions {
		row, ok := milter.Rows[action]
		if !ok {
			t.Errorf("no row for %v", action)
			continue
		}
		switch end, status := milter.RowOf(row); end {
		case gomilter.ActReplyCode:
			if len(status) != len("550 5.7.1") || status[0] != status[4] || status[0] != '4' && status[0] != '5' {
				t.Errorf("%v: bad status %q", action, status)
			}
		case gomilter.ActAccept, gomilter.ActDiscard:
		default:
			t.Errorf("%v ends with %q", action, end)
		}
	}
	if len(milter.Rows) != len(filter.Actions) {
		t.Errorf("%d rows for %d actions", len(milter.Rows), len(filter.Actions))
	}
}

// Whatever a text holds, the reply is one line of printable ASCII within RFC 5321's limit.
func TestRefuseIsOneLine(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"plain", "Listed", "550 5.7.1 Listed"},
		{"percent", "100% of it", "550 5.7.1 100% of it"},
		{"line ends", "one\r\n250 two", "550 5.7.1 one  250 two"},
		{"NUL and DEL", "a\x00b\x7fc", "550 5.7.1 abc"},
		{"not ASCII", "später ☃", "550 5.7.1 sp?ter ?"},
		{"not UTF-8", "a\xffb", "550 5.7.1 a?b"},
		{"trailing blanks", "a \r\n", "550 5.7.1 a"},
		{"long", strings.Repeat("x", 1000), "550 5.7.1 " + strings.Repeat("x", 500)},
		{"long and percent", strings.Repeat("%", 1000), "550 5.7.1 " + strings.Repeat("%", 500)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := milter.Refuse("550 5.7.1", tt.text).Response()
			got := miltertest.Reply{Code: m.Code, Data: string(m.Data)}
			if got.Code != 'y' || got.Text() != tt.want {
				t.Errorf("got %c %q, want %q", got.Code, got.Text(), tt.want)
			}
			if !milter.Refuse("550 5.7.1", tt.text).Continue() {
				t.Error("the library would forget the client")
			}
		})
	}
}

func TestIDs(t *testing.T) {
	const n = 50_000
	next := milter.NewIDs()
	seen := make(map[string]bool, n)
	for range n {
		id := next()
		if len(id) != 9 || id[4] != '-' || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz-") != "" {
			t.Fatalf("id %q", id)
		}
		if seen[id] {
			t.Fatalf("id %q comes twice", id)
		}
		seen[id] = true
	}
	if other := milter.NewIDs()(); seen[other] {
		t.Errorf("the first id of another process is among ours: %s", other)
	}
}

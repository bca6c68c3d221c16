package rules

import (
	"slices"
	"strings"
	"testing"
)

// TestOrder shows in which order rules run: by priority, by what they look at, by name.
func TestOrder(t *testing.T) {
	set, _ := loadFiles(map[string]string{"a.cf": `
		meta META BODY && FULL
		meta LATE BODY && NOSUCH
		full FULL /x/
		rawbody RAW /x/
		body CALL eval:check_for_mime_html()
		uri LINK /x/
		body BODY /x/
		body ALSO_BODY /x/
		header HEAD_CALL eval:check_for_missing_to_header()
		header HEAD To =~ /x/
		full EARLY /x/
		priority EARLY -1
		body SETS /(?<TAG>x)/`})
	order, moments := slices.Clone(set.rules), set.moments()
	slices.SortFunc(order, func(a, b *Rule) int {
		if c := moments[set.byName[a.Name]].compare(moments[set.byName[b.Name]]); c != 0 {
			return c
		}
		return before(a, b)
	})
	var names []string
	for _, rule := range order {
		names = append(names, rule.Name)
	}
	const want = "SETS EARLY HEAD HEAD_CALL ALSO_BODY BODY LINK CALL RAW FULL META LATE"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

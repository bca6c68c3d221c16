package rules

import (
	"strings"
	"testing"
)

// TestEmptyLink shows that <a> without href is a link to nothing, which uri rules are run on, too.
func TestEmptyLink(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": `
		uri YES  /^$/
		uri YES2 /^(?!http)/
		uri NO   /./
	`})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	m := mustParse(t, "Content-Type: text/html\n\n<html><body><a name=\"x\">text</a></body></html>\n")
	if got := strings.Join(hitting(set, m), " "); got != "YES YES2" {
		t.Errorf("got %s", got)
	}
}

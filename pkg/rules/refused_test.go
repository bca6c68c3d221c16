package rules

import (
	"strings"
	"testing"
)

// TestOddNumbers shows the metas that SpamAssassin drops because a sign or a dot stands at a number.
func TestOddNumbers(t *testing.T) {
	bad := []string{"A +1", "A-1", "-1", ".5 + A", "A > .5", "1. + A", "3-A", "(A)+2 > 1", "A >= -1"}
	for _, expression := range bad {
		_, faults := loadFiles(map[string]string{"a.cf": "meta M " + expression + "\nbody A /a/\n"})
		if len(faults) == 0 {
			t.Errorf("%s is taken", expression)
		}
	}
	for _, expression := range []string{"A + 1", "A - B2", "A-B2 > 0.5", "2 * A", "2*A", "A+A1+A > 1", "!A", "A>=2", "rules_matching(A1*) > 1", "-A + 2"} {
		_, faults := loadFiles(map[string]string{"a.cf": "meta M " + expression + "\nbody A /a/\nbody A1 /a/\nbody B2 /b/\n"})
		if len(faults) > 0 {
			t.Errorf("%s: %v", expression, faults)
		}
	}
}

// TestKindOfCall shows that a function is called by rules of its own type alone.
func TestKindOfCall(t *testing.T) {
	_, faults := loadFiles(map[string]string{"a.cf": `
		header  WRONG eval:html_tag_exists('form')
		full    WRONG2 eval:html_tag_exists('form')
		body    WRONG3 eval:check_for_missing_to_header()
		body    RIGHT eval:html_tag_exists('form')
		rawbody RIGHT2 eval:html_tag_exists('form')
		header  RIGHT3 eval:check_for_missing_to_header()
		body    RIGHT4 eval:check_https_ip_mismatch()
		rawbody RIGHT5 eval:check_uri_truncated()
	`})
	var got []string
	for _, f := range faults {
		got = append(got, f.Rule)
	}
	if want := "WRONG WRONG2 WRONG3"; strings.Join(got, " ") != want {
		t.Errorf("faults %v, want them in %s", faults, want)
	}
}

package auth

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseTags(t *testing.T) {
	for _, tt := range []struct{ list, want, reason string }{
		{"", "", ""},
		{" \t", "", ""},
		{"a=b", "a:b", ""},
		{"a=b;", "a:b", ""},
		{" a = b c ;\n\td_1=;  ", "a:b c d_1:", ""},
		{"a=b=c==", "a:b=c==", ""},
		{"a=1; A=2", "a:1 A:2", ""},
		{"a=1; a=2", "", "twice"},
		{"a", "", "without a value"},
		{"=b", "", "whose name is none"},
		{"1a=b", "", "whose name is none"},
		{"a-b=c", "", "whose name is none"},
		{"a b=c", "", "whose name is none"},
		{strings.Repeat("a", maxTagName+1) + "=b", "", "whose name is none"},
		{"a=b;;c=d", "", "semicolon"},
		{";a=b", "", "semicolon"},
		{"a=b;;", "", "semicolon"},
		{many(maxTags), "", ""},
		{many(maxTags + 1), "", "more than 64"},
	} {
		tags, f := parseTags(tt.list, false)
		if got := reasonOf(f); tt.reason == "" && f != nil || !strings.Contains(got, tt.reason) {
			t.Errorf("%.40q: got %q, want %q", tt.list, got, tt.reason)
		}
		var got []string
		for _, tag := range tags {
			got = append(got, tag.name+":"+tag.value)
			if trimBlanks(tt.list[tag.at:tag.end]) != tag.value {
				t.Errorf("%.40q: %s= does not stand at %d", tt.list, tag.name, tag.at)
			}
		}
		if tt.want != "" && strings.Join(got, " ") != tt.want {
			t.Errorf("%.40q: got %q, want %q", tt.list, got, tt.want)
		}
	}
	if tags, f := parseTags(";a=b;; c=d;;", true); f != nil || len(tags) != 2 {
		t.Errorf("with gaps: got %v, %v", tags, reasonOf(f))
	}
}

// many is a list of n tags.
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "t%d=x;", i)
	}
	return b.String()
}

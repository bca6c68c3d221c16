package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	table := newTable("LIST", "TITLE", "ZONE", "WHY")
	table.row("zen", "日本語", "zen.example", "")
	table.row("", "plain", "b.example", "what stands last\nmay be long")
	table.row("a", "e\u0301te\u0301", "c.example")
	var out strings.Builder
	if err := table.print(&out); err != nil {
		t.Fatal(err)
	}
	want := "LIST  TITLE   ZONE       WHY\n" +
		"zen   日本語  zen.example\n" +
		"      plain   b.example  what stands last?may be long\n" +
		"a     e\u0301te\u0301     c.example\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

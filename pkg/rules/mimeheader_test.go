package rules

import (
	"strings"
	"testing"
)

const withAttachment = `From: "A B" <a@example.org>
Subject: test mail
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

Hello there
--b
Content-Type: application/octet-stream;
 name="foo.exe"
Content-Disposition: attachment; filename="foo.exe"
Content-Disposition: attachment; filename="bar.exe"
Content-Description: foo foo

xx
--b--
`

// TestMIMEHeader holds mimeheader rules against how often SpamAssassin hits with them.
func TestMIMEHeader(t *testing.T) {
	tests := []struct {
		test, flags string
		want        float64
	}{
		{`Content-Type !~ /multipart/`, "", 1},
		{`Content-Type !~ /text|appl|multi/`, "", 1},
		{`Content-Type:raw =~ /^ application/`, "", 0},
		{`Content-Type:raw =~ /^application/`, "", 1},
		{`Content-Type:raw =~ /exe"\n\z/`, "", 1},
		{`Content-Type:raw =~ /stream;\n /`, "", 1},
		{`Content-Type =~ /^application.*exe"\n\z/`, "", 1},
		{`Content-Type =~ /^application\/octet-stream; name/`, "", 1},
		{`Content-Disposition =~ /^xyz$/ [if-unset: xyz]`, "", 1},
		{`Content-Disposition:raw =~ /^xyz$/ [if-unset: xyz]`, "", 0},
		{`Content-Disposition:raw =~ /^$/`, "", 1},
		{`Content-Disposition =~ /^$/`, "", 1},
		{`Content-Disposition =~ /bar/`, "", 1},
		{`Content-Disposition =~ /foo/`, "", 0},
		{`ALL =~ /Content-Type: app.*\nContent-Disposition: attachment; filename="foo.exe"\nContent-Disp.*bar/`, "", 1},
		{`ALL:raw =~ /Content-Type: app.*\n name/`, "", 0},
		{`Content-Description =~ /foo/`, "multiple", 2},
		{`Content-Type =~ /[aeiou]/`, "multiple", 8},
		{`Content-Type =~ /[aeiou]/`, "multiple maxhits=3", 3},
		{`Content-Type =~ /[aeiou]/`, "maxhits=3", 1},
		{`Content-Type =~ /text/`, "range=2", 1},
		{`Content-Type =~ /text/`, "range=3-", 0},
		{`Content-Type =~ /text/`, "range=-2", 1},
		{`Content-Type =~ /appl/`, "range=1-2", 0},
		{`Content-Type =~ /multi.*\ntext.*\nappli/s`, "concat", 1},
		{`Content-Type =~ /a/`, "concat multiple", 9},
	}
	for _, test := range tests {
		rules := "mimeheader FOO " + test.test
		if test.flags != "" {
			rules += "\ntflags FOO " + test.flags
		}
		set := mustLoad(t, rules)
		run := set.begin(t.Context(), mustParse(t, withAttachment))
		if got := run.ask(0); got != test.want {
			t.Errorf("%s %s: got %v, want %v", test.test, test.flags, got, test.want)
		}
		run.end()
	}
}

func TestPartRange(t *testing.T) {
	for _, bad := range []string{"", "-", "x", "1-2-3", "99999"} {
		if (&Flags{}).partRange(bad) {
			t.Errorf("%q was taken for a range", bad)
		}
	}
}

// TestMIMEHeaderAt shows which text a hit names.
func TestMIMEHeaderDetail(t *testing.T) {
	set := mustLoad(t, `mimeheader EXE Content-Type =~ /name=".*exe"/`)
	hits := NewStage(set).Check(t.Context(), mustParse(t, withAttachment))[0].Hits
	if len(hits) != 1 || !strings.HasPrefix(hits[0].Detail, `Content-Type: "name=\"foo.exe\"`) {
		t.Errorf("got %+v", hits)
	}
}

package rules

import (
	"sort"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestShortCircuit holds what still hits beside a short circuit against SpamAssassin.
func TestShortCircuit(t *testing.T) {
	const early = `
		loadplugin Mail::SpamAssassin::Plugin::Shortcircuit
		header SHORTCIRCUIT eval:check_shortcircuit()
		header H0 Subject =~ /test/
		header HM50 Subject =~ /test/
		priority HM50 -50
		header HM300 Subject =~ /test/
		priority HM300 -300
		body SC /Hello/
		body B200 /Hello/
		priority B200 -200
		header H200 Subject =~ /test/
		priority H200 -200
		uri U200 /example/
		priority U200 -200
		meta M300 HM300
		meta M200 H200
		meta M0 H0
		meta MN !H0
		meta MN2 !HM50
		meta M4 HM300 || H200
		meta M5 HM300 && !M300
	`
	const metas = `
		loadplugin Mail::SpamAssassin::Plugin::Shortcircuit
		header H0 Subject =~ /test/
		header HM300 Subject =~ /test/
		priority HM300 -300
		meta M300 HM300
		shortcircuit M300 ham
		meta M302 HM300
		meta M303 M302
		meta M304 M300
		body B300 /Hello/
		priority B300 -300
		body B200 /Hello/
		priority B200 -200
		askdns ASK x A
		meta M305 HM300 && !ASK
	`
	tests := []struct{ name, rules, want string }{
		{"spam", early + "shortcircuit SC spam", "B200=1 H200=1 HM300=1 M300=1 SC=1 SHORTCIRCUIT=100"},
		{"on", early + "priority SC -200\nshortcircuit SC on\nscore SC -3", "B200=1 H200=1 HM300=1 M300=1 SC=-3 SHORTCIRCUIT=-0.0001"},
		{"another score", early + "shortcircuit SC spam\nshortcircuit_spam_score 7", "B200=1 H200=1 HM300=1 M300=1 SC=1 SHORTCIRCUIT=7"},
		{"off again", early + "shortcircuit SC on\nshortcircuit SC off", "B200=1 H0=1 H200=1 HM300=1 HM50=1 M0=1 M200=1 M300=1 M4=1 SC=1 U200=1"},
		{"a meta", metas, "B300=1 HM300=1 M300=-1 M302=1 M303=1 M304=1 SHORTCIRCUIT=-100"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := mustLoad(t, test.rules)
			var got []string
			for _, result := range set.check(t.Context(), mustParse(t, tagged)) {
				for _, hit := range result.Hits {
					got = append(got, hit.Symbol+"="+strconv.FormatFloat(hit.Score, 'f', -1, 64))
				}
			}
			sort.Strings(got)
			if strings.Join(got, " ") != test.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), test.want)
			}
		})
	}
}

// TestShortCircuitOfAFile shows that the points of a short circuit are those of its rule's file, within its bound, and that
// one that is only observed ends nothing.
func TestShortCircuitOfAFile(t *testing.T) {
	folder := Folder{Name: "rules", FS: fstest.MapFS{
		"a.cf": {Data: []byte("loadplugin Mail::SpamAssassin::Plugin::Shortcircuit\nbody LATE /Hello/")},
		"b.cf": {Data: []byte("header BAD Subject =~ /test/\npriority BAD -100\nshortcircuit BAD spam")},
		"c.cf": {Data: []byte("body LATER /Hello/")},
	}}
	tests := []struct {
		name string
		file FileConfig
		want []string
	}{
		{"as it is", FileConfig{Name: "a.cf", Cap: 50}, []string{"b.cf BAD=1 SHORTCIRCUIT=100"}},
		{"bounded", FileConfig{Name: "b.cf", Cap: 8}, []string{"b.cf BAD=1 SHORTCIRCUIT=100 FILE_CAP=-93"}},
		{"observed", FileConfig{Name: "b.cf", Observe: true}, []string{"a.cf LATE=1", "b.cf BAD=1", "c.cf LATER=1"}},
	}
	for _, test := range tests {
		config := DefaultConfig()
		config.Files = []FileConfig{test.file}
		set, faults := Load([]Folder{folder}, config)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var got []string
		for _, result := range set.check(t.Context(), mustParse(t, tagged)) {
			line := result.Source
			for _, hit := range result.Hits {
				line += " " + hit.Symbol + "=" + strconv.FormatFloat(hit.Score, 'f', -1, 64)
			}
			if len(result.Hits) > 0 {
				got = append(got, line)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestShortCircuitLines(t *testing.T) {
	_, faults := loadFiles(map[string]string{"a.cf": "shortcircuit FOO on\nloadplugin Mail::SpamAssassin::Plugin::Shortcircuit\nshortcircuit FOO maybe\nshortcircuit_ham_score x"})
	want := []string{
		"rules/a.cf:1: ignored: shortcircuit: all rules are run; loadplugin Mail::SpamAssassin::Plugin::Shortcircuit if that is not what you want",
		`rules/a.cf:3: FOO: shortcircuit: "maybe"; write: shortcircuit NAME on, off, spam or ham`,
		`rules/a.cf:4: shortcircuit_ham_score: "x" is no number; write it like 100`,
	}
	if got := faultLines(faults); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseArguments(t *testing.T) {
	tests := []struct {
		text string
		want []string
		ok   bool
	}{
		{"", nil, true},
		{"   ", nil, true},
		{"'a'", []string{"a"}, true},
		{`"a", 'b' ,c`, []string{"a", "b", "c"}, true},
		{"12,34.5,-6", []string{"12", "34.5", "-6"}, true},
		{"'it's', x", []string{"it's", "x"}, true},
		{"'a, b', \"it's\"", []string{"a, b", "it's"}, true},
		{"''", []string{""}, true},
		{"192.0.2.1, 2001:db8::1, example.org", []string{"192.0.2.1", "2001:db8::1", "example.org"}, true},
		{"'a',", []string{"a"}, true},
		{`'127\.0\.0\.[23]'`, []string{`127\.0\.0\.[23]`}, true},
		{"'a", nil, false},
		{"a b", nil, false},
		{"a_b", nil, false},
		{"$x", nil, false},
		{",a", nil, false},
	}
	for _, test := range tests {
		got, ok := parseArguments(test.text)
		if ok != test.ok || !cmp.Equal(got, test.want) {
			t.Errorf("%s: got %q, %v, want %q, %v", test.text, got, ok, test.want, test.ok)
		}
	}
}

// TestCallsOfTheNetworkMiss shows that rules which ask the network are good rules, and that metas which only exclude on
// them fire.
func TestCallsOfTheNetworkMiss(t *testing.T) {
	set := mustLoad(t, `
		header SPF_PASS eval:check_for_spf_pass()
		tflags SPF_PASS net nice
		header __RBL rbleval:check_rbl_sub('zen', '127.0.0.2')
		full DKIM eval:check_dkim_valid()
		body BAYES_99 eval:check_bayes('0.99', '1.00')
		meta UNSIGNED !SPF_PASS && !DKIM && !__RBL`)
	if got := strings.Join(hitting(set, mustParse(t, letter)), " "); got != "UNSIGNED" {
		t.Errorf("got %q, want UNSIGNED", got)
	}
}

func TestCallsThatCannotBe(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": `
		header NONE eval:check_for_nothing()
		header OTHER eval:short_url()
		header ARGS eval:check_for_spf_pass(a b)
		header CALL eval:check_for_spf_pass
		meta USES !NONE`})
	want := []string{
		"rules/a.cf:2: NONE: header: eval function check_for_nothing() is not known; put it between ifplugin and endif; metas take the rule for 0",
		"rules/a.cf:4: ARGS: header: the arguments of check_for_spf_pass() cannot be read; write 'text', \"text\" or a plain word, with commas in between",
		"rules/a.cf:5: CALL: header: not a call of a function; write: eval:function('argument', 2)",
	}
	var got []string
	for _, line := range faultLines(faults) {
		if !strings.Contains(line, "OTHER") {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if got := strings.Join(hitting(set, mustParse(t, letter)), " "); got != "USES" {
		t.Errorf("hits: got %q, want USES", got)
	}
}

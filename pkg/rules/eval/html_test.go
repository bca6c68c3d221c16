package eval

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/rules/pattern"
)

// htmlCalls are what is asked of each message.
var htmlCalls = []string{
	`html_tag_balance body != 0`,
	`html_tag_balance b > 1`,
	`html_tag_balance i >= 1`,
	`html_image_only 0 400`,
	`html_image_only 400 800`,
	`html_image_ratio 0 0.004`,
	`html_tag_exists bgsound`,
	`html_tag_exists title`,
	`html_test html`,
	`html_test font_low_contrast`,
	`html_test embeds`,
	`html_test form_action_mailto`,
	`html_test font_face_bad`,
	`html_test font_invalid_color`,
	`html_eval min_size < 2`,
	`html_eval max_size >= 6`,
	`html_eval closed_extra_ratio > 0`,
	`html_text_match title (?i)untitled`,
	`html_text_match comment ^<!--\s*[a-z]{3}`,
	`html_text_match anchor ^(?!click)`,
	`html_text_not_match title ^Good`,
	`html_title_subject_ratio 3.5`,
	`html_range ratio 0.5 1.0`,
	`html_range bad_tag_ratio 0.1 inf`,
	`html_range obfuscation_ratio .1 .9`,
	`html_range backhair_count 0`,
	`html_range nothing 0 1`,
	`check_iframe_src`,
	`html_charset_faraway`,
	`check_https_http_mismatch 1 10`,
	`check_https_http_mismatch 2`,
	`check_for_http_redirector`,
	`check_https_ip_mismatch`,
	`check_uri_truncated`,
}

// The calls that are listed are those that hit in SpamAssassin 4.0.1.
func TestHTMLAndURIs(t *testing.T) {
	tests := []struct {
		name, kind, body string
		want             []string
	}{
		{"none", "plain", "no HTML at all", nil},
		{"open tags", "html", "<html><body><b><b><b>x</b><i>y</body></html>", []string{
			`html_tag_balance b > 1`,
			`html_tag_balance i >= 1`,
			`html_test html`,
			`html_range ratio 0.5 1.0`,
			`html_range obfuscation_ratio .1 .9`,
			`html_range backhair_count 0`,
		}},
		{"image", "html", "<img src=\"http://a.example/x.gif\" width=300 height=400>hi", []string{
			`html_image_only 0 400`,
			`html_image_ratio 0 0.004`,
			`html_test html`,
			`html_range ratio 0.5 1.0`,
		}},
		{"more HTML around an image", "html", "<p>" + strings.Repeat("word ", 100) + "</p><img src=x.gif>", []string{
			`html_image_only 400 800`,
			`html_test html`,
		}},
		{"hidden", "html", "<font color=white size=1>x</font><font size=6 face=\"1x\">y</font></font><font color=zzz>z</font>", []string{
			`html_test html`,
			`html_test font_low_contrast`,
			`html_test font_face_bad`,
			`html_test font_invalid_color`,
			`html_eval min_size < 2`,
			`html_eval max_size >= 6`,
			`html_eval closed_extra_ratio > 0`,
			`html_range ratio 0.5 1.0`,
			`html_range obfuscation_ratio .1 .9`,
			`html_range backhair_count 0`,
		}},
		{"title", "html", "<title>Untitled document which is long enough</title><a href=\"http://a.example/\">click</a>", []string{
			`html_tag_exists title`,
			`html_test html`,
			`html_text_match title (?i)untitled`,
			`html_text_not_match title ^Good`,
		}},
		{"good title", "html", "<title>Good</title><bgsound src=x><embed src=y><form action=\"MAILTO:x@y.example\"></form>", []string{
			`html_tag_exists bgsound`,
			`html_tag_exists title`,
			`html_test html`,
			`html_test embeds`,
			`html_test form_action_mailto`,
			`html_range ratio 0.5 1.0`,
			`html_range bad_tag_ratio 0.1 inf`,
		}},
		{"comment and anchor", "html", "<!-- abc --><a href=\"http://a.example/\">see</a>", []string{
			`html_test html`,
			`html_text_match comment ^<!--\s*[a-z]{3}`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
		}},
		{"cut words", "html", "v<b></b>i<b></b>a<b></b>g<foo></foo>ra", []string{
			`html_test html`,
			`html_range ratio 0.5 1.0`,
			`html_range bad_tag_ratio 0.1 inf`,
			`html_range obfuscation_ratio .1 .9`,
			`html_range backhair_count 0`,
		}},
		{"frame", "html", "<iframe src=\"http://a.example/\"></iframe>", []string{
			`html_test html`,
			`html_range ratio 0.5 1.0`,
			`check_iframe_src`,
		}},
		{"mismatch", "html", "<a href=\"http://evil.example/\">https://www.bank.test/login</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
			`check_https_http_mismatch 1 10`,
		}},
		{"two mismatches", "html", "<a href=\"http://evil.example/\">https://www.bank.test/login</a><a href=\"http://other.example/\">x</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
			`html_range obfuscation_ratio .1 .9`,
			`html_range backhair_count 0`,
			`check_https_http_mismatch 1 10`,
			`check_https_http_mismatch 2`,
		}},
		{"same domain", "html", "<a href=\"http://www.bank.test/\">https://login.bank.test/</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
		}},
		{"address", "html", "<a href=\"http://u@192.0.2.7/x\">see HTTPS://bank.test</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
			`check_https_ip_mismatch`,
		}},
		{"address shown", "html", "<a href=\"http://192.0.2.7/x\">https://192.0.2.7/</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
		}},
		{"redirector", "plain", "see http://go.test/?u=http://evil.example/ now", []string{
			`check_for_http_redirector`,
		}},
		{"redirector to itself", "plain", "see http://go.test/?u=http://www.go.test/ now", nil},
		{"long", "html", "<a href=\"http://a.example/" + strings.Repeat("x", 8200) + "\">t</a>", []string{
			`html_test html`,
			`html_text_match anchor ^(?!click)`,
			`html_range ratio 0.5 1.0`,
			`check_uri_truncated`,
		}},
	}
	for _, tt := range tests {
		f := factsOf(t, "Subject: A good one\nContent-Type: text/"+tt.kind+"\n\n"+tt.body+"\n", "util_rb_tld example test")
		var got []string
		for _, line := range htmlCalls {
			if callWith(t, f, line) > 0 {
				got = append(got, line)
			}
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// callWith is call for functions whose last argument has blanks in it.
func callWith(t *testing.T, f *Facts, line string) int {
	t.Helper()
	words := strings.Fields(line)
	if words[0] == "html_tag_balance" || words[0] == "html_eval" {
		words = append(words[:2], strings.Join(words[2:], " "))
	}
	check, err := allPlugins().Function(words[0]).Bind(words[1:], f.Settings)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return check(f)
}

func TestComparison(t *testing.T) {
	tests := []struct {
		text  string
		value float64
		want  bool
	}{
		{"> 0", 1, true}, {"> 0", 0, false}, {"!= 2", 2, false}, {"<= 5", 5, true}, {"< -1", -2, true}, {"+ 1 >= 3", 2, true},
		{"- 2 == 1 + 1", 4, true}, {">1", 2, true},
	}
	for _, tt := range tests {
		holds, err := comparison(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		} else if got := holds(tt.value); got != tt.want {
			t.Errorf("%v %s: got %v, want %v", tt.value, tt.text, got, tt.want)
		}
	}
	for _, text := range []string{"", "1", ">", "=> 1", "> x", "> 1 > 2 )", "> +"} {
		if _, err := comparison(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestURIDirectives(t *testing.T) {
	s := settingsOf(t, "util_rb_tld com uk", "util_rb_2tld co.uk", "util_rb_3tld a.co.uk", `redirector_pattern m'^http://go\.test/(.*)$'i`)
	rules := s.URIRules()
	for host, want := range map[string]string{"x.y.com": "y.com", "x.y.co.uk": "y.co.uk", "x.y.a.co.uk": "y.a.co.uk", "co.uk": "co.uk"} {
		if got := rules.Domain(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
	if target, ok := NewFacts(nil, s, new(pattern.Machine)).redirect("http://go.test/www.evil.com"); !ok || target != "www.evil.com" {
		t.Errorf("got %q %v", target, ok)
	}
	if rules.IsValidDomain("a.example") {
		t.Error("example is no top-level domain here")
	}
	for _, line := range []string{"util_rb_tld", "util_rb_tld co.uk", "util_rb_2tld uk", "util_rb_3tld a..uk", "clear_util_rb all", "redirector_pattern /(/"} {
		key, value, _ := strings.Cut(line, " ")
		if err := allPlugins().Directive(key)(NewSettings(), value); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

package message

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// htmlOf reads HTML as that of a message of its own.
func htmlOf(html string) (*Part, *HTML) {
	p := htmlMessage(html).Parts()[0]
	return p, p.HTML()
}

// describeHTML writes down all that rules can ask of HTML, but for what is as it is without any.
func describeHTML(h *HTML) string {
	var out []string
	for _, name := range []string{"length", "non_space_len", "ratio", "image_area", "min_size", "max_size", "closed_extra_ratio", "bad_tag_ratio", "non_element_ratio", "obfuscation_ratio", "backhair_count", "font_low_contrast", "font_invalid_color", "font_face_bad", "form_action_mailto", "embeds"} {
		if value, found := h.Number(name); found && value != 0 && !(value == 3 && strings.HasSuffix(name, "_size")) {
			out = append(out, fmt.Sprintf("%s %.3g", name, value))
		}
	}
	for _, name := range []string{"comment", "script", "title", "anchor"} {
		for _, text := range h.Texts(name) {
			out = append(out, name+" "+text)
		}
	}
	var open, uris []string
	for name, count := range h.Open {
		open = append(open, fmt.Sprintf("%s:%d", name, count))
	}
	if slices.Sort(open); open != nil {
		out = append(out, "open "+strings.Join(open, " "))
	}
	for _, u := range h.URIs {
		names := u.Types.Names()
		slices.Sort(names)
		text := "uri " + u.URI + " " + strings.Join(names, ",")
		for _, anchor := range u.Anchors {
			text += " [" + anchor + "]"
		}
		uris = append(uris, text)
	}
	slices.Sort(uris)
	return strings.Join(append(out, uris...), "; ")
}

// What is wanted here is what SpamAssassin 4.0.1 says of the same HTML.
func TestHTML(t *testing.T) {
	tests := []struct{ name, html, text, want string }{
		{"plain", "hello",
			"hello",
			"length 5; non_space_len 5"},
		{"inline elements", "ex<b>am</b>ple<!-- x -->.<i></i>org",
			"example.org",
			"length 35; non_space_len 11; ratio 0.686; obfuscation_ratio 0.5; backhair_count 2; comment <!-- x -->; open b:0 i:0"},
		{"white space", "a \t\n b",
			"a b",
			"length 6; non_space_len 2; ratio 0.5"},
		{"break", "a <br> b<BR/>c",
			"a\nb\nc",
			"length 14; non_space_len 3; ratio 0.643; open br:2"},
		{"paragraphs", "<p>a</p><p>b</p>",
			"\n\na\n\n\n\nb\n\n",
			"length 16; non_space_len 2; ratio 0.375; open p:0"},
		{"block takes the blanks next to it", "a <div> b </div> c",
			"a\nb\nc",
			"length 18; non_space_len 3; ratio 0.722; open div:0"},
		{"cells and items", "<td>a</td><td>b</td><li>c",
			" a  b  c",
			"length 25; non_space_len 3; ratio 0.68; open li:1 td:0"},
		{"only the blank of the last text", "<h2>a</h2>\n<p>b",
			" a \n\nb",
			"length 15; non_space_len 2; ratio 0.6; open h2:0 p:1"},
		{"entities", "&lt;a&gt; &amp;amp; &#65;&#x42; &eacute;&nbsp;x &copy",
			"<a> &amp; AB \xe9 x \xa9",
			"length 53; non_space_len 13; ratio 0.66"},
		{"no-break space", "a\u00a0b",
			"a\u00a0b",
			"length 3; non_space_len 2; ratio 0.25"},
		{"curly quotes", "“x”",
			"\"x\"",
			"length 3; non_space_len 3; ratio 0.571"},
		{"script and style", "a<script>b<c</script>d<style>e</style>f",
			"adf",
			"length 39; non_space_len 3; ratio 0.923; obfuscation_ratio 0.5; backhair_count 1; script b<c; open script:0 style:0"},
		{"script without end", "a<script>b",
			"a",
			"length 10; non_space_len 1; ratio 0.9; script b; open script:0"},
		{"title", "<title>a</title>b",
			"\n\na\n\nb",
			"length 17; non_space_len 2; ratio 0.647; title a; open title:0"},
		{"noscript", "<noscript><b>a</b></noscript>",
			"a",
			"length 29; non_space_len 1; ratio 0.966; open b:0 noscript:0"},
		{"broken tags", "a <b",
			"a ",
			"length 4; non_space_len 1; ratio 0.5; comment <b"},
		{"less than", "a < b <3 c",
			"a < b <3 c",
			"length 10; non_space_len 6"},
		{"unknown tags", "<o:p>a</o:p><x-y>b</x-y>",
			"ab",
			"length 24; non_space_len 2; ratio 0.917; bad_tag_ratio 0.5; non_element_ratio 0.5; obfuscation_ratio 0.25; backhair_count 1; open o:p:0 x-y:0"},
		{"self-closing style element ends nothing", "a<div/>b",
			"a\nb",
			"length 8; non_space_len 2; ratio 0.625; open div:1"},
		{"display none", "a<span style=\"display:none\">b</span>c",
			"abc",
			"length 37; non_space_len 3; ratio 0.919; obfuscation_ratio 1; backhair_count 1; open span:0"},
		{"visibility hidden", "a<span style=\"Visibility : HIDDEN !important\">b</span>c",
			"abc",
			"length 55; non_space_len 3; ratio 0.945; obfuscation_ratio 1; backhair_count 1; open span:0"},
		{"inherited", "<div style=\"display:none\"><b>a</b><p>b</p></div>c",
			"\na\n\nb\n\n\nc",
			"length 49; non_space_len 3; ratio 0.816; open b:0 div:0 p:0"},
		{"same colour", "<font color=white>a</font>b",
			"ab",
			"length 27; non_space_len 2; ratio 0.926; obfuscation_ratio 0.5; backhair_count 1; font_low_contrast 1; open font:0"},
		{"nearly the same", "<font color=\"#fdfdfd\">a</font>b",
			"ab",
			"length 31; non_space_len 2; ratio 0.935; obfuscation_ratio 0.5; backhair_count 1; font_low_contrast 1; open font:0"},
		{"another colour", "<font color=red>a</font>b",
			"ab",
			"length 25; non_space_len 2; ratio 0.92; obfuscation_ratio 0.5; backhair_count 1; open font:0"},
		{"on a background", "<td bgcolor=\"#fff\" style=\"background: url(x) black\"><font color=\"rgb(0,0,0)\">a</font></td>b",
			" a b",
			"length 91; non_space_len 2; ratio 0.956; font_low_contrast 1; open font:0 td:0"},
		{"transparent", "<span style=\"color: transparent\">a</span>b",
			"ab",
			"length 42; non_space_len 2; ratio 0.952; obfuscation_ratio 0.5; backhair_count 1; font_low_contrast 1; open span:0"},
		{"inherit", "<span style=\"color: inherit; background-color: inherit\">a</span>b",
			"ab",
			"length 65; non_space_len 2; ratio 0.969; obfuscation_ratio 0.5; backhair_count 1; open span:0"},
		{"no colour at all", "<font color=nosuch>a</font>b",
			"ab",
			"length 28; non_space_len 2; ratio 0.929; obfuscation_ratio 0.5; backhair_count 1; font_invalid_color 1; open font:0"},
		{"size 1", "<font size=\"1\">a</font><font size=-2>b</font><font size=\"+1\">c</font>",
			"abc",
			"length 69; non_space_len 3; ratio 0.957; min_size 1; max_size 4; obfuscation_ratio 0.333; backhair_count 1; open font:0"},
		{"small in small", "<small><small>a</small>b</small>c",
			"abc",
			"length 33; non_space_len 3; ratio 0.909; obfuscation_ratio 0.5; backhair_count 1; open small:0"},
		{"font-size nothing", "<span style=\"font-size:0\">a<span style=\"font-size:12px\">b</span></span>",
			"ab",
			"length 71; non_space_len 2; ratio 0.972; obfuscation_ratio 0.25; backhair_count 1; open span:0"},
		{"tiny before a block", "<span style=\"font-size:0\">a </span><div>b",
			"a\nb",
			"length 41; non_space_len 2; ratio 0.927; open div:1 span:0"},
		{"hidden blanks stay", "a<span style=\"display:none\"> b</span>",
			"a b",
			"length 37; non_space_len 2; ratio 0.919; open span:0"},
		{"cells end without tags", "<table><tr><td style=\"display:none\">a<td>b<tr><td>c</table>",
			" a b c",
			"length 59; non_space_len 3; ratio 0.898; open table:0 td:3 tr:2"},
		{"</body> does not end it", "<body text=white>a</body>b",
			"ab",
			"length 26; non_space_len 2; ratio 0.923; obfuscation_ratio 0.5; backhair_count 1; font_low_contrast 1; open body:0"},
		{"links and anchors", "<base href=\"http://b.example/d/f.html\"><a href=\"../x?y#z\">one</a> <a href=\"HTTP://c.example/\">two<img src=i.png></a><a>three</a>",
			"one twothree",
			"length 128; non_space_len 11; ratio 0.906; obfuscation_ratio 0.125; backhair_count 1; anchor one; anchor two<img>\n; anchor three; open a:0 base:1 img:1; uri   [three]; uri ../x?y#z  [one]; uri HTTP://c.example/ a [two<img>\n]; uri http://b.example/d/f.html base; uri http://b.example/d/i.png img; uri http://b.example/x?y#z a"},
		{"an attribute behind a slash", "<a x/href=\"http://a.example/\">t</a><img alt/src=i.gif>",
			"t",
			"length 54; non_space_len 1; ratio 0.981; anchor t; open a:0 img:1; uri http://a.example/ a [t]; uri i.gif img"},
		{"images", "<img src=a width=100 height=50><img src=b width=50% height=x>",
			"",
			"length 61; ratio 1; image_area 8.5e+04; open img:2; uri a img; uri b img"},
		{"obfuscation", "via<b></b>gra ci<!-- x -->al<i>is</i>, a <b>b</b>",
			"viagra cialis, a b",
			"length 49; non_space_len 15; ratio 0.633; obfuscation_ratio 0.5; backhair_count 2; comment <!-- x -->; open b:0 i:0"},
		{"backhair", "ab<x>cd</x>e fgh<y>ijk",
			"abcde fghijk",
			"length 22; non_space_len 11; ratio 0.455; obfuscation_ratio 1; backhair_count 3; open x:0 y:1"},
		{"faces", "<font face=\"Arial, Helvetica\">a</font><font face=\"1x\">b</font>",
			"ab",
			"length 62; non_space_len 2; ratio 0.968; obfuscation_ratio 0.25; backhair_count 1; font_face_bad 1; open font:0"},
		{"forms, objects", "<form action=\"MailTo:a@b.example\"><embed src=x></form></form>",
			" ",
			"length 61; ratio 0.984; closed_extra_ratio 0.25; bad_tag_ratio 0.25; non_element_ratio 0.5; form_action_mailto 1; embeds 1; open embed:1 form:0; uri MailTo:a@b.example form; uri x embed"},
		{"refresh", "<meta http-equiv=Refresh content=\"0; URL = http://m.example/ ; x\">",
			"",
			"length 66; ratio 1; open meta:1; uri http://m.example/ meta"},
		{"titles and scripts", "<title>a&amp;b</title><script>x<y</script><script>z",
			"\n\na&b\n\n",
			"length 51; non_space_len 3; ratio 0.863; script x<y; script z; title a&b; open script:0 title:0"},
		{"doctype and unknown tags", "<!DOCTYPE html><foo>a</foo><o:p></o:p></b>",
			"a",
			"length 42; non_space_len 1; ratio 0.976; closed_extra_ratio 0.167; bad_tag_ratio 0.333; non_element_ratio 0.333; open !doctype:0 b:0 foo:0 o:p:0"},
		{"font sizes", "<basefont size=5><font size=+2>a</font><font size=\"-4\">b</font>",
			"ab",
			"length 63; non_space_len 2; ratio 0.968; min_size 1; max_size 7; obfuscation_ratio 0.2; backhair_count 1; open basefont:1 font:0"},
		{"octets", "&copy; x&#150;&#160;y",
			"\xa9 x\x96\xa0y",
			"length 21; non_space_len 5; ratio 0.714"},
		{"characters", "&copy; x &hellip;",
			"© x …",
			"length 17; non_space_len 3; ratio 0.706"},
		{"backgrounds in layers", "<span style=\"background: url(a,b) red, #fff\"><font color=white>a</font></span>",
			"a",
			"length 78; non_space_len 1; ratio 0.987; font_low_contrast 1; open font:0 span:0"},
		{"colours of rgb", "<span style=\"color: rgb(250, 250, 250)\">a</span><p style=\"color:rgba(1,2,3,.5)\">b",
			"a\n\nb",
			"length 81; non_space_len 2; ratio 0.951; font_low_contrast 1; open p:1 span:0"},
		{"conditional comment", "<!--[if mso]>a<![endif]-->b<![if !mso]>c<![endif]>",
			"bc",
			"length 50; non_space_len 2; ratio 0.96; backhair_count 1; comment <!--[if mso]>a<![endif]-->; comment <![if !mso]>; comment <![endif]>"},
		{"marked section", "<![CDATA[a<b]]>c",
			"a<bc",
			"length 16; non_space_len 4; ratio 0.75; backhair_count 1"},
		{"unfinished comment", "a<!-- b > c",
			"a c",
			"length 11; non_space_len 2; ratio 0.727; comment <!-- b >"},
		{"last words", "hello big world",
			"hello big world",
			"length 15; non_space_len 13"},
		{"data and mail", "<a href=\"mailto:x@y.example\">m</a><img src=\"data:x\"><a href=\"javascript:x\">",
			"m",
			"length 75; non_space_len 1; ratio 0.987; anchor m; anchor ; open a:1 img:1; uri data:x img; uri javascript:x a []; uri mailto:x@y.example a [m]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, h := htmlOf(tt.html)
			if got := h.octets(h.Text); got != tt.text {
				t.Errorf("text: got %q, want %q", got, tt.text)
			}
			if diff := cmp.Diff(tt.want, h.octets(describeHTML(h))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.html, diff)
			}
		})
	}
}

func TestParseColor(t *testing.T) {
	tests := []struct {
		text string
		want color
	}{
		{"white", 0xffffff}, {" Red ", 0xff0000}, {"#0f0", 0x00ff00}, {"#102030", 0x102030}, {"#10203040", 0x102030},
		{"#1", 0x110000}, {"rgb(1, 2,3)", 0x010203}, {"rgb(100%, 0%,0%)", 0xff0000}, {"rgb(100% 0% 0%)", invalidColor}, {"rgba(300,-5,0,0.5)", invalidColor},
		{"rgb(1,2)", invalidColor}, {"rgb(a,b,c)", invalidColor}, {"#", emptyColor}, {"#xyz", invalidColor}, {"", invalidColor}, {"102030", invalidColor},
		{"#fé0000", invalidColor},
	}
	for _, tt := range tests {
		if got := parseColor(tt.text); got != tt.want {
			t.Errorf("%q: got %06x, want %06x", tt.text, got, tt.want)
		}
	}
}

func TestPageLinks(t *testing.T) {
	tests := []struct {
		name, html string
		want       []string
	}{
		{"attributes", `<a href=http://a.example><img src=http://b.example><form action=http://c.example><td background=http://d.example><object data=http://e.example>`,
			[]string{"http://a.example", "http://b.example", "http://c.example", "http://d.example", "http://e.example"}},
		{"data is no link elsewhere", `<div data="http://a.example">`, nil},
		{"blanks", "<a href=' \n http://a.ex\tample '>", []string{"http://a.example"}},
		{"relative without base", `<a href="x.html"><a href="/x"><a href="?x"><a href="#x"><a href=""><a href="./x">`, []string{"x.html"}},
		{"without scheme", `<a href="//a.example/"><a href="\\b.example"><a href="www.c.example">`, []string{"http://a.example/", `http:\\b.example`, "www.c.example"}},
		{"base", `<base href="https://a.example/b/c?d"><a href="e"><a href="/f"><a href="//g.example"><a href="http://h.example"><a href="?i">`,
			[]string{"https://a.example/b/c?d", "https://a.example/b/e", "https://a.example/f", "https://g.example", "http://h.example", "https://a.example/b/?i"}},
		{"base without path", `<base href="http://a.example"><a href="b">`, []string{"http://a.example", "http://a.example/b"}},
		{"base that is none", `<base href="/x"><base href="mailto:x"><a href="b">`, []string{"mailto:x", "b"}},
		{"refresh", `<meta http-equiv=" refresh " content="0;URL = 'http://a.example/'"><meta http-equiv=refresh content=5><meta http-equiv=refresh content="0; url=http://b.example/;x">`,
			[]string{"http://a.example/", "http://b.example/;x"}},
		{"no refresh", `<meta name=x content="url=http://a.example/">`, nil},
		{"in upper case", `<A HREF="HTTP://A.EXAMPLE/">`, []string{"HTTP://A.EXAMPLE/"}},
		{"the first of two", `<a href=http://a.example href=http://b.example>`, []string{"http://a.example"}},
		{"in raw text", `<script src=http://a.example>"<a href=http://b.example>"</script><noframes><a href=http://c.example></noframes>`, []string{"http://a.example", "http://c.example"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, linksOf(tt.html)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodyLines(t *testing.T) {
	long := strings.Repeat("x", MaxLine)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"one paragraph", "a\nb  c\t\vd", []string{"a b c d"}},
		{"paragraphs", "a\n\nb\n \n\nc\n", []string{"a\n", "b\n", "c "}},
		{"blanks around the break", "a \n\n b", []string{"a \n", " b"}},
		{"leading and trailing", "\n\na\n\n", []string{"\n", "a\n"}},
		{"unicode blanks", "a\u00a0\u2003\u3000b\u2028c", []string{"a b c"}},
		{"no blank: zero width space", "a\u200bb", []string{"a\u200bb"}},
		{"NUL", "a\x00b", []string{"a\n", "b"}},
		{"long word", long + "yz", []string{long, "yz"}},
		{"long line", long[1:] + " " + long, []string{long[1:] + " ", long}},
		{"just too long", long + " y", []string{long + " ", "y"}},
		{"invalid UTF-8", "a\xffb", []string{"aÿb"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &Message{Header: Header{{"Subject", "s"}}, Body: []byte(tt.text)}
			if diff := cmp.Diff(append([]string{"s\n"}, tt.want...), m.BodyLines()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSplitPieces(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{""}},
		{"short", x(MaxLine), []string{x(MaxLine)}},
		{"not yet cut", x(2 * MaxLine), []string{x(2 * MaxLine)}},
		{"at a line end", x(3000) + "\n" + x(3000), []string{x(3000) + "\n", x(3000)}},
		{"line end before tag", x(2500) + ">" + x(500) + "\n" + x(3000), []string{x(2500) + ">" + x(500) + "\n", x(3000)}},
		{"tag before blank", x(2500) + " " + x(500) + ">" + x(3000), []string{x(2500) + " " + x(500) + ">", x(3000)}},
		{"blank", x(2500) + " " + x(3000), []string{x(2500) + " ", x(3000)}},
		{"nowhere", x(5000), []string{x(MaxLine + 1), x(5000 - MaxLine - 1)}},
		{"too early", x(100) + "\n" + x(5000), []string{x(100) + "\n" + x(MaxLine-100), x(5000 - MaxLine + 100)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, splitPieces(nil, tt.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No piece is longer than twice MaxLine, and none is lost.
func TestSplitPiecesLosesNothing(t *testing.T) {
	for _, unit := range []string{"x", "x ", "some <b>text</b> ", "line\n", strings.Repeat("y", 3000) + "\n"} {
		text := strings.Repeat(unit, 20_000/len(unit))
		pieces := splitPieces(nil, text)
		if strings.Join(pieces, "") != text {
			t.Errorf("%.10q: pieces do not make up the text", unit)
		}
		for _, p := range pieces {
			if len(p) > 2*MaxLine {
				t.Errorf("%.10q: piece of %d octets", unit, len(p))
			}
		}
	}
}

func linksOf(html string) []string {
	_, h := htmlOf(html)
	return h.links
}

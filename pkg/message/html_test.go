package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenderHTML(t *testing.T) {
	tests := []struct{ name, html, text, visible string }{
		{"plain", "hello", "hello", "hello"},
		{"inline elements", "ex<b>am</b>ple<!-- x -->.<i></i>org", "example.org", ""},
		{"white space", "a \t\n b", "a b", ""},
		{"break", "a <br> b<BR/>c", "a\nb\nc", ""},
		{"paragraphs", "<p>a</p><p>b</p>", "\n\na\n\n\n\nb\n\n", ""},
		{"block takes the blanks next to it", "a <div> b </div> c", "a\nb\nc", ""},
		{"cells and items", "<td>a</td><td>b</td><li>c", " a  b  c", ""},
		{"only the blank of the last text", "<h2>a</h2>\n<p>b", " a \n\nb", ""},
		{"entities", "&lt;a&gt; &amp;amp; &#65;&#x42; &eacute;&nbsp;x &copy", "<a> &amp; AB é x ©", ""},
		{"no-break space", "a\u00a0b", "a\u00a0b", ""},
		{"curly quotes", "\u201cx\u201d", `"x"`, ""},
		{"script and style", "a<script>b<c</script>d<style>e</style>f", "adf", ""},
		{"script without end", "a<script>b", "a", ""},
		{"title", "<title>a</title>b", "\n\na\n\nb", ""},
		{"noscript", "<noscript><b>a</b></noscript>", "a", ""},
		{"broken tags", "a <b", "a ", ""},
		{"less than", "a < b <3 c", "a < b <3 c", ""},
		{"unknown tags", "<o:p>a</o:p><x-y>b</x-y>", "ab", ""},
		{"self-closing style element ends nothing", "a<div/>b", "a\nb", ""},
		{"display none", `a<span style="display:none">b</span>c`, "abc", "ac"},
		{"visibility hidden", `a<span style="Visibility : HIDDEN !important">b</span>c`, "abc", "ac"},
		{"inherited", `<div style="display:none"><b>a</b><p>b</p></div>c`, "\na\n\nb\n\n\nc", "\n\n\n\n\n\nc"},
		{"same colour", `<font color=white>a</font>b`, "ab", "b"},
		{"nearly the same", `<font color="#fdfdfd">a</font>b`, "ab", "b"},
		{"another colour", `<font color=red>a</font>b`, "ab", "ab"},
		{"on a background", `<td bgcolor="#fff" style="background: url(x) black"><font color="rgb(0,0,0)">a</font></td>b`, " a b", "  b"},
		{"transparent", `<span style="color: transparent">a</span>b`, "ab", "b"},
		{"inherit", `<span style="color: inherit; background-color: inherit">a</span>b`, "ab", "ab"},
		{"no colour at all", `<font color=nosuch>a</font>b`, "ab", "b"},
		{"size 1", `<font size="1">a</font><font size=-2>b</font><font size="+1">c</font>`, "abc", "c"},
		{"small in small", "<small><small>a</small>b</small>c", "abc", "bc"},
		{"font-size nothing", `<span style="font-size:0">a<span style="font-size:12px">b</span></span>`, "ab", "b"},
		{"tiny before a block", `<span style="font-size:0">a </span><div>b`, "a\nb", "\nb"},
		{"hidden blanks stay", `a<span style="display:none"> b</span>`, "a b", "a"},
		{"cells end without tags", `<table><tr><td style="display:none">a<td>b<tr><td>c</table>`, " a b c", "  b c"},
		{"</body> does not end it", `<body text=white>a</body>b`, "ab", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := renderHTML(tt.html)
			if p.text != tt.text {
				t.Errorf("text: got %q, want %q", p.text, tt.text)
			}
			if len(p.hidden) == 0 && (tt.visible == "" || tt.visible == tt.text) {
				return
			}
			if got := p.visible(); got != tt.visible {
				t.Errorf("visible: got %q, want %q", got, tt.visible)
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
		{"#1", 0x110000}, {"rgb(1, 2,3)", 0x010203}, {"rgb(100% 0% 0%)", 0xff0000}, {"rgba(300,-5,0,0.5)", 0xff0000},
		{"rgb(1,2)", invalidColor}, {"rgb(a,b,c)", invalidColor}, {"#", invalidColor}, {"#xyz", invalidColor}, {"", invalidColor},
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
			if diff := cmp.Diff(tt.want, renderHTML(tt.html).links); diff != "" {
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

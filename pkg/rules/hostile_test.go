package rules

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"winnow/pkg/message"
)

// Mails that were made to wear a filter out. What is held against them is work that can be counted, so that the test says
// the same on every machine: steps of patterns, octets allocated, texts that rules are matched against.

const (
	hostileOctets = 64 << 10 // of each mail
	hostileAlloc  = 400      // octets that may be allocated for each octet of a mail; the worst takes 160
	hostileSteps  = 20       // steps of all patterns for each octet of a mail; the worst takes 2
	hostileTexts  = 80       // octets of texts that are matched against, for each octet of a mail; the worst has 39
	hostileFixed  = 4 << 20  // octets that may be allocated whatever the mail is
)

// hostileRules has every type of rule and every function that rules can call.
const hostileRules = "../../test/conformance/rules"

const (
	hostileHead = "From: Ann <ann@example.org>\nTo: ben@example.net\nSubject: hello\nMIME-Version: 1.0\n"
	asText      = hostileHead + "Content-Type: text/plain; charset=utf-8\n\n"
	asHTML      = hostileHead + "Content-Type: text/html; charset=utf-8\n\n"
	asMixed     = hostileHead + "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nhello\n"
)

// repeated is units one after the other.
func repeated(before, unit string) string {
	return before + strings.Repeat(unit, hostileOctets/len(unit))
}

// numbered is the same of units with a number in them, so that no two are the same.
func numbered(before, format string) string {
	var b strings.Builder
	b.WriteString(before)
	for i := 0; b.Len() < hostileOctets; i++ {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// attached is a file in a mail, in lines of base64.
func attached(kind, name, unit string) string {
	data := base64.StdEncoding.EncodeToString([]byte(repeated("", unit))[:hostileOctets*7/10])
	var b strings.Builder
	fmt.Fprintf(&b, "%s--b\nContent-Type: %s; name=%s\nContent-Transfer-Encoding: base64\n\n", asMixed, kind, name)
	for len(data) > 76 {
		b.WriteString(data[:76] + "\n")
		data = data[76:]
	}
	return b.String() + data + "\n--b--\n"
}

func hostileMails() map[string]string {
	mails := map[string]string{
		"one line":             repeated(asText, "a"),
		"words":                numbered(asText, "w%d "),
		"lines":                numbered(asText, "line %d\n\n"),
		"blank lines":          repeated(asText, "\n"),
		"not utf-8":            repeated(asText, "\xff"),
		"cyrillic":             repeated(asText, "\xd0\xb0"),
		"invisible":            repeated(asText, "a\xe2\x80\x8b"),
		"nul":                  repeated(asText, "\x00"),
		"spaced word":          repeated(asText, "v i a g r a "),
		"money":                repeated(asText, "$1,000,000 million dollars "),
		"uris":                 numbered(asText, "http://w%d.example/ "),
		"uris in a row":        numbered(asText, "http://w%d.example/,"),
		"bare hosts":           numbered(asText, "w%d.com/a "),
		"addresses":            numbered(asText, "a%d@gmail.com,"),
		"at signs":             repeated(asText, "@"),
		"redirections":         repeated(asText, "http://a.example/?u=http://b.example/?"),
		"bitcoin":              numbered(asText, "1BvBMSEYstWetqTFn5Au4m4GFg7xJaN%04d "),
		"uuencoded":            repeated(asText, "begin 644 a.exe\nM35G\n"),
		"tags":                 repeated(asHTML, "<a>"),
		"open tags":            repeated(asHTML, "<"),
		"comments":             repeated(asHTML, "<!--"),
		"declarations":         repeated(asHTML, "<!"),
		"attributes":           numbered(asHTML+"<p ", "a%d=b "),
		"styles":               numbered(asHTML+"<p style='", "a%d:b;"),
		"fonts":                numbered(asHTML, "<font color=#%06x>x"),
		"tables":               repeated(asHTML, "<table><tr><td>"),
		"names of tags":        numbered(asHTML, "<t%d>"),
		"entities":             repeated(asHTML, "&#46;"),
		"open entities":        repeated(asHTML, "&aaaaaaaaaa"),
		"titles":               repeated(asHTML, "<title>x</title>"),
		"links":                numbered(asHTML, "<a href=http://w%d.example/>x</a>\n"),
		"open links":           numbered(asHTML, "<a href=http://w%d.example/>x"),
		"texts of a link":      numbered(asHTML, "<a href=http://w.example/>x%d</a>\n"),
		"relative links":       numbered(asHTML+"<base href=http://b.example/"+strings.Repeat("c/", 3000)+">", "<a href=../x%d>y</a>"),
		"bases":                numbered(asHTML, "<base href=http://b%d.example/c/><a href=x>y</a>"),
		"escaped links":        numbered(asHTML, "<a href='http://%%2561.example/%%2525%%2525%d'>x</a>"),
		"images":               numbered(asHTML, "<img src=http://a.example/%d.png width=1 height=1>"),
		"parts":                repeated(asMixed, "--b\n"),
		"parts with links":     repeated(asMixed, "--b\nContent-Type: text/html\n\n<a href=http://a.example/>x</a>\n"),
		"messages in messages": repeated(hostileHead, "Content-Type: message/rfc822\n\n"),
		"fields of a part":     numbered(asMixed+"--b\n", "X-%d: y\n"),
		"parameters":           numbered(hostileHead+"Content-Type: text/plain; ", "name*%d*=%%41; ") + "\n\nx",
		"fields":               numbered("", "X-%d: y\n") + "\nx",
		"encoded words":        repeated("Subject: ", "=?utf-8?q?a?=\n ") + "\n\nx",
		"recipients":           numbered("From: a@b.example\nTo: ", "a%d@gmail.com, ") + "\n\nx",
		"comments in fields":   repeated("To: ", "(") + "\n\nx",
		"quotes in fields":     repeated("From: ", "\"") + "\n\nx",
		"received":             numbered("", "Received: from a%d.example (b.example [1.2.3.4]) by c.example (Postfix) with ESMTP id abc; Mon, 2 Jan 2023 10:00:00 +0000\n") + "\nx",
		"references":           numbered("References: ", "<%d@example.org> ") + "\n\nx",
		"no header":            repeated("", "not a header\n"),
		"pdf":                  attached("application/pdf", "a.pdf", "%PDF-1.4\n/URI (http://a.example/)\n<< /Width 99999 /Height 99999\n"),
		"ole":                  attached("application/msword", "a.doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00Attribut\x00AutoOpen"),
		"png":                  attached("image/png", "a.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff"),
		"jpeg":                 attached("image/jpeg", "a.jpg", "\xff\xd8\xff\xe0\x00\x02"),
		"bounce":               "From: <>\nSubject: failure notice\n" + repeated("Content-Type: multipart/report; boundary=b\n\n--b\n\n", "Received: from a by b\nMessage-ID: <a@b.c>\n"),
	}
	for _, charset := range []string{"utf-7", "utf-16", "iso-2022-jp", "gb18030", "big5", "nosuch"} {
		mails["charset "+charset] = repeated(hostileHead+"Content-Type: text/plain; charset="+charset+"\n\n", "\x810\x810+AGE\x1b$B")
	}
	for _, encoding := range []string{"base64", "quoted-printable", "x-uuencode"} {
		mails["encoding "+encoding] = repeated(hostileHead+"Content-Type: text/html\nContent-Transfer-Encoding: "+encoding+"\n\n", "PGE+\n=3D\nM35G\n")
	}
	return mails
}

func TestHostileMails(t *testing.T) {
	set, faults := Load([]Folder{Dir(hostileRules)}, DefaultConfig()) // some want files that only SpamAssassin has
	if len(set.rules) < 150 {
		t.Fatalf("%d rules: %v", len(set.rules), faults)
	}
	for name, text := range hostileMails() {
		t.Run(name, func(t *testing.T) {
			steps, alloc, texts := hostileWork(t, set, text)
			size := uint64(len(text))
			for more := 0; more < 5 && alloc > hostileFixed+hostileAlloc*size; more++ { // it may have made what is kept for the next
				_, again, _ := hostileWork(t, set, text)
				alloc = min(alloc, again)
			}
			if steps > hostileSteps*size {
				t.Errorf("%d steps for %d octets: %d for each, want %d at most", steps, size, steps/size, hostileSteps)
			}
			if alloc > hostileFixed+hostileAlloc*size {
				t.Errorf("%d octets allocated for %d octets: %d for each, want %d at most", alloc, size, alloc/size, hostileAlloc)
			}
			if texts > hostileTexts*size {
				t.Errorf("%d octets of texts for %d octets: %d for each, want %d at most", texts, size, texts/size, hostileTexts)
			}
			t.Logf("steps %d, allocated %d, texts %d for each octet", steps/size, alloc/size, texts/size)
		})
	}
}

// hostileWork runs all rules on a mail, and counts.
func hostileWork(t *testing.T, set *Set, text string) (steps, alloc, texts uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := message.Parse(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	r := set.begin(context.Background(), m)
	defer r.end()
	for i := range set.rules {
		r.try(i)
	}
	runtime.ReadMemStats(&after)
	for i := range r.sections {
		for _, text := range r.sections[i].texts {
			texts += uint64(len(text))
		}
	}
	if r.over || r.failures != nil {
		t.Errorf("over %v, failures %v", r.over, r.failures)
	}
	return uint64(maxWork - r.steps), after.TotalAlloc - before.TotalAlloc, texts
}

// TestHostilePatterns shows that many patterns which go back on themselves are given up, all together after a bounded
// number of steps, and that other rules still hit.
func TestHostilePatterns(t *testing.T) {
	const many = 50
	for name, pattern := range map[string]string{
		"back-references": `/(a+)\1+\1+[b-z]{1,%d}/`,
		"loops in loops":  `/(?:a{1,3}a{0,4}){2,99}(?=[b-z]{1,%d})/`,
		"lookaheads":      `/(?:(?=(a+))a\1?){3,99}[b-z]{1,%d}/`,
		"long runs":       `/a.*a.*a(.*)a\1\1[b-z]{1,%d}/`,
	} {
		for _, kind := range []string{"body", "full", "mimeheader", "uri_detail"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				before := map[string]string{"mimeheader": "X =~ ", "uri_detail": "raw =~ "}[kind]
				var text strings.Builder
				for i := range many {
					fmt.Fprintf(&text, kind+" EVIL%d "+before+pattern+"\n", i, i+1)
				}
				set, _ := loadFiles(map[string]string{"a.cf": text.String() + "body GOOD /hello/\n"})
				hostilePatterns(t, set, many)
			})
		}
	}
}

func hostilePatterns(t *testing.T, set *Set, many int) {
	as := strings.Repeat("a", 1900)
	m := mustParse(t, "Subject: x\nX: "+as+"\nContent-Type: multipart/mixed; boundary=b\n\n"+strings.Repeat("--b\nX: "+as+"\n\n"+as+" http://a.example/"+as+"\n\nhello\n", 20))
	r := set.begin(context.Background(), m)
	defer r.end()
	r.steps = 1_000_000 // as if other rules had taken the rest
	hits := 0
	for i := range set.rules {
		if r.try(i) != 0 {
			hits++
		}
	}
	if good := set.byName["GOOD"]; r.state[good] != hit || r.over {
		t.Errorf("%d hits, GOOD is not among them; over %v", hits, r.over)
	}
	if got := len(set.Bounded()); got < many/2 {
		t.Errorf("%d of %d rules were given up", got, many)
	}
	const ordinary = 2_000_000 // steps of one pattern, where there are enough
	if most := ordinary + many*2*fewSteps; -r.steps > most {
		t.Errorf("%d steps beyond the limit, want %d at most", -r.steps, most)
	}
}

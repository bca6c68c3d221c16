package rules

import (
	"slices"
	"strings"
	"testing"
)

const tagged = `From: "A B" <a@example.org>
To: hans@example.com, Foo <foo@example.net>
Subject: test there mail xFoo
X-Foo: xFoo

Hello there

there again  name=one name=two xonex xtwox a%{NAME} opt

xlly xamy cap:a.b axbd a.bd

http://www.example.com/x#hans@example.com
`

// TestTags holds rules that set and use tags against how often SpamAssassin hits with them.
func TestTags(t *testing.T) {
	set, _ := loadFiles(map[string]string{"a.cf": `
		header __TO To:addr =~ /(?<TOADDR>.*)/
		uri __U1 /\#%{TOADDR}$/
		uri __U2 /\#%{NOSUCH}$/
		body __NAME /Hello (?<NAME>\w+)/
		body __USE1 /^%{NAME} again/
		header __USE2 Subject =~ /%{NAME}/i
		body __MN /name=(?<MN>\w+)/
		tflags __MN multiple
		body __USE3 /x%{MN}x/
		tflags __USE3 multiple
		meta __M1 !__U2
		body __OPT /opt(?<OPT>z?)/
		body __USE4 /%{OPT}x/
		header __H1 Subject =~ /%{HEADER(X-Foo)}/
		body __TWO /Hello (?<A1>\w+)|(?<A1>Goodbye)/
		body __USE5 /%{A1} again/
		body __LATE /%{LATER}/
		rawbody __CAPL /Hello (?<LATER>\w+)/
		priority __CAPL 10
		body __RE1 /n(?<RR>am)e/
		body __RE2 /He(?<RR>ll)o/
		priority __RE2 -9999
		body __USE6 /x%{RR}y/
		rawbody __EARLY /%{LATER}/
		header __NEG2 Subject !~ /%{NAME}/
		header __NEG3 Subject !~ /%{NOSUCH}/
		header __NEG4 X-Foo !~ /%{NAME}/
		header __IFU X-None =~ /%{NAME}/ [if-unset: there]
		body __ESC /%{DOT}d/
		body __CAPDOT /cap:(?<DOT>a.b)/
		mimeheader __MIME Subject =~ /mail (?<MIMED>\w+)/
		priority __MIME -1
		header __LATE2 X-Foo =~ /^%{MIMED}$/
		header __DOMAIN To:addr =~ /\@%{AUTHORDOMAIN}/`})
	run := set.begin(t.Context(), mustParse(t, tagged))
	defer run.end()
	want := map[string]float64{
		"__CAPDOT": 1, "__CAPL": 1, "__ESC": 1, "__H1": 1, "__IFU": 1, "__M1": 1, "__MN": 2, "__NAME": 1, "__OPT": 1, "__RE1": 1, "__RE2": 1,
		"__TO": 1, "__TWO": 1, "__U1": 1, "__USE1": 1, "__USE2": 1, "__USE3": 2, "__USE5": 1, "__USE6": 1, "__NEG4": 1, "__MIME": 1, "__LATE2": 1,
	}
	for i, rule := range set.rules {
		if got := run.ask(i); got != want[rule.Name] {
			t.Errorf("%s: got %v, want %v", rule.Name, got, want[rule.Name])
		}
	}
}

// TestTagsOfTheFirstMessage shows that what one message held has no effect on the next, unless it is to be as with SpamAssassin.
func TestTagsOfTheFirstMessage(t *testing.T) {
	const rules = "header __TO To =~ /(?<ADDR>\\S+)/\nbody MINE /for %{ADDR}/\nfull MINE2 /for %{ADDR}/"
	for _, fresh := range []bool{false, true} {
		config := DefaultConfig()
		config.FreshTags = fresh
		set, faults := Load([]Folder{mapFolder("rules", map[string]string{"a.cf": rules})}, config)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var got []int
		for _, to := range []string{"", "one", "two", "one"} {
			hits := set.check(t.Context(), mustParse(t, "To: "+to+"\n\nfor "+to+"\n"))[0].Hits
			got = append(got, len(hits))
		}
		want := []int{0, 2, 1, 2}
		if fresh {
			want = []int{0, 2, 2, 2}
		}
		if !slices.Equal(got, want) {
			t.Errorf("fresh %v: got hits %v, want %v", fresh, got, want)
		}
	}
}

// TestTagsAreQuoted shows that a value is no pattern, and that hostile ones are bounded.
func TestTagsAreQuoted(t *testing.T) {
	set := mustLoad(t, `
		header __ALL Subject =~ /(?<WORD>\S+)/
		tflags __ALL multiple
		body YES /<%{WORD}>\s?$/`)
	for _, test := range []struct {
		subject, body string
		want          bool
	}{
		{"(a+)+$ x", "<(a+)+$>", true},
		{"(a+)+$ x", "<aaa>", false},
		{".*", "<abc>", false},
		{"\u00e9|", "<\u00e9|>", true},
		{strings.Repeat("x ", 5000), "<y>", false},
		{strings.Repeat("x", 2000), "<" + strings.Repeat("x", 2000) + ">", false},
	} {
		m := mustParse(t, "Subject: "+test.subject+"\nContent-Type: text/plain; charset=utf-8\n\n\n"+test.body+"\n")
		got := strings.Contains(strings.Join(hitting(set, m), " "), "YES")
		if got != test.want {
			t.Errorf("%.40s: got %v, want %v", test.subject, got, test.want)
		}
	}
}

// TestTagWork shows that to look for what a tag stands for, and to make the pattern, counts as what patterns take, and ends
// with the message's time: what was not looked at is then no match, nor none.
func TestTagWork(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": `
		header __TO To =~ /(?<ADDR>\S+)/
		header NEVER Subject !~ /%{ADDR} (a+)\1+x(y)/
		body FOUND /for %{ADDR}/
		body ELSEWHERE /not %{ADDR}/`})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	mail := "To: ann\nSubject: ann " + strings.Repeat("a", 600) + "\n\nfor ann\n\n" + strings.Repeat("ben ", 20_000) + "\n"
	i, ended := set.byName["NEVER"], 0
	for looks := range 20 {
		r := set.begin(&shortContext{t.Context(), looks}, mustParse(t, mail))
		if r.try(i); r.over {
			ended++
		}
		if r.over != (r.state[i] == unknown) || !r.over && r.state[i] != hit {
			t.Errorf("after %d looks at the clock: over %v, state %v", looks, r.over, r.state[i])
		}
		r.end()
	}
	if ended < 5 || ended == 20 {
		t.Errorf("it ended early %d of 20 times", ended)
	}
	r := set.begin(t.Context(), mustParse(t, mail))
	defer r.end()
	for name, least := range map[string]int{"FOUND": len("for (?:ann)") * compileSteps, "ELSEWHERE": 80_000 / 8} {
		before := r.steps
		r.try(set.byName[name])
		if took := before - r.steps; took < least || took > 3*least {
			t.Errorf("%s: %d steps were counted, want about %d", name, took, least)
		}
	}
	if r.steps = 0; r.try(i) != 0 || set.Bounded()["NEVER"] != 1 {
		t.Errorf("given up: %v", set.Bounded())
	}
}

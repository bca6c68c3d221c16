package rules

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const letter = `Received: from mail.example.net by mx.example.org; Wed, 14 Dec 2016 12:00:00 +0000
From: "Erika Muster" <erika@example.net>
To: Hans <hans@example.org>, Inge <inge@example.com>
Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?= from
 Erika
Message-ID: <1@example.net>
X-Note: first
X-Note: second
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Dear Hans, see http://www.example.com/a%20b?x=3D1 and
http://www.example.com/c for more.

Fran=C3=A7ois says: one two one two one.
The end
`

// TestMeaning holds the rules of each case against the letter above: those named in want hit, and no others.
func TestMeaning(t *testing.T) {
	tests := []struct {
		name, rules, want string
	}{
		{"header, decoded and unfolded", `
			header YES Subject =~ /^Gr\xC3\xBC\xC3\x9Fe from Erika$/
			header NO  Subject =~ /=\?UTF-8/`, "YES"},
		{"header names do not tell cases apart", `header YES sUBJECT =~ /Erika/`, "YES"},
		{"raw", `
			header YES Subject:raw =~ /=\?UTF-8\?Q\?.*\?= from\n Erika/
			header NO  Subject:raw =~ /from Erika/`, "YES"},
		{"addr and name", `
			header YES  From:addr =~ /^erika\@example\.net$/
			header YES2 From:name =~ /^Erika Muster$/
			header YES3 To:addr   =~ /^inge\@/m
			header NO   From:addr =~ /Muster/`, "YES YES2 YES3"},
		{"several fields, one text", `
			header YES  X-Note =~ /first\nsecond\n$/
			header YES2 X-Note =~ /^second/m
			header YES3 X-Note:last =~ /^second/
			header NO   X-Note =~ /^second/`, "YES YES2 YES3"},
		{"an absent field is empty", `
			header YES  X-None !~ /a/
			header YES2 X-None =~ /^$/
			header NO   X-None =~ /a/`, "YES YES2"},
		{"if-unset", `
			header YES  X-None =~ /^UNSET$/ [if-unset: UNSET]
			header NO   X-None !~ /^UNSET$/ [if-unset: UNSET]
			header NO2  From   =~ /^UNSET$/ [if-unset: UNSET]`, "YES"},
		{"exists", `
			header YES exists:X-Note
			header YES2 exists:message-id:
			header NO  exists:X-None`, "YES YES2"},
		{"!~ hits where nothing matches", `
			header YES From !~ /hans/
			header NO  From !~ /erika/i`, "YES"},
		{"pseudo headers", `
			header YES  ALL =~ /^X-Note: first$/m
			header YES2 ToCc =~ /Inge/
			header YES3 MESSAGEID =~ /^<1\@/
			header YES4 EnvelopeFrom =~ /^$/`, "YES YES2 YES3 YES4"},
		{"body: decoded paragraphs, the subject first", `
			body YES  /^Gr\xC3\xBC\xC3\x9Fe/
			body YES2 /see http:\S+ and http:\S+ for more/
			body YES3 /Fran\xC3\xA7ois/
			body YES4 /François/
			body NO   /more\. Fran/`, "YES YES2 YES3 YES4"},
		{"nosubject", `
			body   NO /Erika/
			tflags NO nosubject
			body   YES /Erika/`, "YES"},
		{"rawbody: transfer-decoded, lines as they are", `
			rawbody YES  /and\nhttp/
			rawbody YES2 /x=1 and$/m
			rawbody NO   /x=3D1/
			rawbody NO2  /Subject/`, "YES YES2"},
		{"uri: as it stood, and cleaned", `
			uri YES  m{/a%20b}
			uri YES2 m{^http://www\.example\.com/c$}
			uri NO   m{mailto:hans}`, "YES YES2"},
		{"full: as it came", `
			full YES  /\nX-Note: first\nX-Note: second\n/
			full YES2 /x=3D1 and\n/
			full YES3 /^Received:.*The end$/s`, "YES YES2 YES3"},
		{"a rule hits once", `
			body __ONE /\bone\b/
			meta YES __ONE == 1`, "YES __ONE"},
		{"multiple", `
			body   __ONE /\bone\b/
			tflags __ONE multiple
			meta   YES __ONE == 3`, "YES __ONE"},
		{"maxhits", `
			body   __ONE /\bone\b/
			tflags __ONE multiple maxhits=2
			meta   YES __ONE == 2`, "YES __ONE"},
		{"multiple counts over lines", `
			body   __E /\bErika|\bend\b/
			tflags __E multiple
			meta   YES __E == 2`, "YES __E"},
		{"score 0 is not run and counts 0", `
			body   OFF  /Hans/
			score  OFF  0
			meta   NO   OFF
			meta   YES  !OFF
			body   __SUB /Hans/
			score  __SUB 0
			meta   NO2  __SUB`, "YES"},
		{"rules that need the network or Bayes", `
			body   NET   /Hans/
			tflags NET   net
			body   LEARN /Hans/
			tflags LEARN learn`, "LEARN NET"},
		{"eval rules that need what is not there do not run", `
			body   BAYES eval:check_bayes(0, 1)
			tflags BAYES learn
			meta   YES !BAYES`, "YES"},
		{"the value of a meta counts in others", `
			body __A /Hans/
			body __B /François/
			meta __TWO __A + __B
			meta YES __TWO + __TWO == 4
			meta YES2 (__A - 3) && 1
			meta __NEG __A - 3
			meta YES3 __NEG == 1`, "YES YES2 YES3 __A __B __NEG __TWO"},
		{"rules_matching", `
			body __X_1 /Hans/
			body __X_2 /François/
			body __X_3 /nowhere/
			meta YES  rules_matching(__X_*) == 2
			meta YES2 rules_matching( __X_? ) == 2
			meta NO   rules_matching(__Y*)`, "YES YES2 __X_1 __X_2"},
		{"conditions", `
			if version >= 3.004002 && perl_version > 5.01
			body YES /Hans/
			else
			body NO /Hans/
			endif
			ifplugin Mail::SpamAssassin::Plugin::RelayCountry
			body NO2 /(/
			  if (1)
			  body NO3 /Hans/
			  else
			  body NO4 /Hans/
			  endif
			else
			body YES2 /Hans/
			endif
			if !(can(Mail::SpamAssassin::Conf::feature_bug6558_free)) || local_tests_only
			body NO5 /Hans/
			endif
			if has(Mail::SpamAssassin::Conf::has_tflags_nosubject) && !plugin (Foo::Bar)
			body YES3 /Hans/
			endif`, "YES YES2 YES3"},
		{"lang", `
			body YES /Hans/
			lang en describe YES english
			lang de body NO /Hans/`, "YES"},
		{"comments and escaped hashes", `
			body YES /H\#?ans/ # a comment
			# body NO /Hans/
			body YES2 /Hans/x # /)`, "YES YES2"},
		{"words in any case, with - or _", `
			BODY YES /Hans/
			require-version @@VERSION@@`, "YES"},
		{"delimiters", `
			body YES  m{H[a]{1}ns}
			body YES2 m!Hans!i
			body YES3 m(Hans)
			body YES4 qr/Hans/
			body YES5 m<Hans>
			body YES6 m,Hans,`, "YES YES2 YES3 YES4 YES5 YES6"},
		{"a meta with nothing in it never hits", `meta NO ()`, ""},
		{"a rule that is not run counts as 0", `
			body Z /Hans/
			score Z 0
			meta YES !Z
			askdns ASK _X_.example.org A 127.0.0.1
			meta YES2 !ASK`, "YES YES2"},
		{"a meta that is not run keeps those from running that name it", `
			body __H /Hans/
			meta Z __H
			score Z 0
			meta NO !Z
			meta NO2 Z || __H
			meta NO3 NO || __H
			meta NO4 rules_matching(NO*) || __H`, "__H"},
		{"values of metas", `
			body __TWO /\btwo\b/
			tflags __TWO multiple
			meta YES __TWO / 4
			meta NO !YES
			meta YES2 YES < 1
			meta YES3 __TWO ^ 1
			meta YES4 YES3 == 3
			meta YES5 __TWO ? 5 : 0
			meta NO2 (__TWO - 3) < - 1`, "YES YES2 YES3 YES4 YES5 __TWO"},
		{"a later definition replaces the earlier", `
			body FOO /Hans/
			if 0
			body FOO /nothing/
			endif`, "FOO"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := mustLoad(t, test.rules)
			got := hitting(set, mustParse(t, letter))
			if diff := cmp.Diff(strings.Fields(test.want), got, cmp.Transformer("none", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
				t.Errorf("rules that hit (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScores(t *testing.T) {
	const text = `
		body PLAIN /a/
		body T_TRIAL /a/
		body NICE /a/
		tflags NICE nice
		body ONE /a/
		score ONE 2.5
		body FOUR /a/
		score FOUR 1 2 3 4
		body MORE /a/
		score MORE 1
		score MORE (0.5)
		score MORE (1) (2) (3) (-4)
		score LATER 7
		body LATER /a/`
	tests := []struct {
		rule string
		want [4]float64
	}{
		{"PLAIN", [4]float64{1, 1, 1, 1}},
		{"T_TRIAL", [4]float64{0.01, 0.01, 0.01, 0.01}},
		{"NICE", [4]float64{-1, -1, -1, -1}},
		{"ONE", [4]float64{2.5, 2.5, 2.5, 2.5}},
		{"FOUR", [4]float64{1, 2, 3, 4}},
		{"MORE", [4]float64{2.5, 3.5, 4.5, -2.5}},
		{"LATER", [4]float64{7, 7, 7, 7}},
	}
	for i, config := range []Config{{}, {Network: true}, {Bayes: true}, {Network: true, Bayes: true}} {
		set, faults := Load([]Folder{mapFolder("rules", map[string]string{"a.cf": text})}, config)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		for _, test := range tests {
			if got := set.Rule(test.rule).Score; got != test.want[i] {
				t.Errorf("score set %d: %s: got %v, want %v", i, test.rule, got, test.want[i])
			}
		}
	}
}

package rules

import (
	"strings"
	"testing"
)

func TestLanguages(t *testing.T) {
	const load = "loadplugin Mail::SpamAssassin::Plugin::TextCat\n"
	const text = "ok_languages en\ntextcat_max_ngrams 12\nbody FOREIGN eval:check_language()\nheader GERMAN X-Languages =~ /^de$/\nheader FRENCH X-Languages =~ /fr/\n"
	const models = "e\nn\nr\nen\ner\nd\ni\ns\nt\nch\n0 de\ne\nt\no\na\nth\nhe\nthe\nn\ni\ns\n0 en\n"
	set, faults := loadFiles(map[string]string{"a.pre": load, "a.cf": text, "languages": models})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	m := mustParse(t, "Subject: x\n\n"+strings.Repeat("der die und in den von zu das mit sich des auf ist im dem nicht ein eine als auch ", 8))
	if got := strings.Join(hitting(set, m), " "); got != "FOREIGN GERMAN" {
		t.Errorf("got %q", got)
	}

	_, faults = loadFiles(map[string]string{"a.pre": load, "a.cf": text})
	if len(faults) != 1 || !strings.Contains(faults[0].String(), "beside the rules") {
		t.Errorf("without the file: got %v", faults)
	}
}

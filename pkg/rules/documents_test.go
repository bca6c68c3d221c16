package rules

import (
	"strings"
	"testing"
)

// Links in a PDF are URIs of the message where the plugin is loaded that reads PDFs.
func TestDocumentURIs(t *testing.T) {
	mail := "Subject: x\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n<</S/URI/URI(http://www.example.org/pay)>>\n"
	for load, want := range map[string]string{"PDFInfo": "LINK", "TextCat": ""} {
		set, faults := loadFiles(map[string]string{"a.pre": "loadplugin Mail::SpamAssassin::Plugin::" + load + "\n", "a.cf": "uri LINK m{^http://www\\.example\\.org/pay$}\n"})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if got := strings.Join(hitting(set, mustParse(t, mail)), " "); got != want {
			t.Errorf("%s: got %q, want %q", load, got, want)
		}
	}
}

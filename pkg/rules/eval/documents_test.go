package eval

import "testing"

// TestDocumentsAreReadOnce shows that functions find the documents as they were read for the links in them.
func TestDocumentsAreReadOnce(t *testing.T) {
	f := factsOf(t, "Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n<</S/URI/URI(http://www.example.org/pay)>>\n")
	f.Settings.UseDocuments(allPlugins())
	if got := f.uris(); len(got) != 1 || got[0].Raw != "http://www.example.org/pay" {
		t.Fatalf("URIs %v", got)
	}
	pdfs, office := f.pdfSet, f.documents
	if pdfs == nil || office == nil || call(t, f, "pdf_count 1") != 1 || call(t, f, "check_olemacro") != 0 {
		t.Fatal("the documents were not read for links")
	}
	if f.pdfSet != pdfs || f.documents != office {
		t.Error("they were read again")
	}
}

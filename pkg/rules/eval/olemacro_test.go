package eval

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"winnow/pkg/rules/pattern"
)

// everyOLE is all functions but those that are named.
func everyOLE(but ...string) []string {
	var names []string
	for _, f := range oleMacroFunctions {
		if !slices.Contains(but, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

func oleTest(name, text string, hits []string, settings ...string) callTest {
	return callTest{name: name, text: text, hits: hits, misses: everyOLE(hits...), settings: settings}
}

func TestOLEMacro(t *testing.T) {
	const word, any = "application/msword", "application/octet-stream"
	ole := oleMark + strings.Repeat("\x00", 600) + "W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00" + strings.Repeat("\x00", 2000)
	macro := ole + attributeName + "VB_Name\x00Sub Auto_Open()"
	openXML := zipped(t, "[Content_Types].xml", "<Types/>", "word/vbaProject.bin", "x Document_Open x", "word/media/a.rtf", "x", "xl/embeddings/b.bin", "x")
	relations := zipped(t, "_rels/.rels", `<?xml?><Relationships xmlns="x"><Relationship Id="1" Target="https://example.org/a.dotm" TargetMode="External"/>`+
		`<Relationship Target="mhtml:http://example.org/" TargetMode="External"/></Relationships>`)
	one := func(kind, name string, data string) string {
		return mail("multipart/mixed", attached(kind, name, []byte(data)))
	}
	runCalls(t, []callTest{
		oleTest("nothing", mail("multipart/mixed", "Content-Type: text/plain\n\nx"), nil),
		oleTest("letter without macro", one(word, "a.doc", ole), nil),
		oleTest("macro", one(word, "a.doc", macro), []string{"check_olemacro", "check_olemacro_malice"}),
		oleTest("macro in a document named in capitals", one(word, "A.DOC", macro), nil),
		oleTest("macro under another name", one(any, "a.dat", macro), nil),
		oleTest("macro under another name, looked for", one(any, "a.dat", macro), []string{"check_olemacro", "check_olemacro_malice", "check_olemacro_renamed"}, "olemacro_extended_scan 1"),
		oleTest("not encoded", mail("multipart/mixed", "Content-Type: application/rtf; name=a.rtf\n\n{\\rtf\\objdat"), nil),
		oleTest("RTF object", one("application/rtf", "a.rtf", `{\rtf\objdat`), []string{"check_olemacro"}),
		oleTest("declared text", one("text/rtf", "a.rtf", `{\rtf\objdat`), nil),
		oleTest("named for macros", one(any, "a.docm", "x"), []string{"check_olemacro"}),
		oleTest("Office Open XML", one(any, "a.docx", string(openXML)), []string{"check_olemacro", "check_olemacro_malice", "check_oleobject", "check_olertfobject"}),
		oleTest("RTF in Word", one(any, "a.docx", string(zipped(t, "word/a.rtf", "x"))), []string{"check_olertfobject"}),
		oleTest("macros declared", one(any, "a.xlsx", string(zipped(t, "[Content_Types].xml", `<x ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>`))), []string{"check_olemacro"}),
		oleTest("relations", one(any, "a.docx", string(relations)), []string{"check_olemacro_redirect_uri", "check_olemacro_mhtml_uri"}),
		oleTest("skipped name", one(any, "a.pptx", string(openXML)), nil),
		oleTest("zip", one(any, "a.zip", string(zipped(t, "readme.txt", "x", "a.doc", macro))), []string{"check_olemacro", "check_olemacro_malice"}),
		oleTest("zip in zip", one(any, "a.zip", string(zipped(t, "b.zip", string(zipped(t, "a.doc", macro))))), []string{"check_olemacro", "check_olemacro_malice"}),
		oleTest("zip in zip in zip", one(any, "a.zip", string(zipped(t, "b.zip", string(zipped(t, "c.zip", string(zipped(t, "a.doc", macro))))))), nil),
		oleTest("zip with password", one(any, "a.zip", string(locked(zipped(t, "a.doc", macro)))), []string{"check_olemacro_zip_password"}),
		oleTest("macro in zip with password", one(any, "a.zip", string(locked(zipped(t, "a.docm", macro)))), []string{"check_olemacro_zip_password", "check_olemacro"}),
		oleTest("no more than so many", mail("multipart/mixed", attached(word, "a.doc", []byte(ole)), attached(word, "b.doc", []byte(macro))), nil, "olemacro_num_mime 1"),
		oleTest("no zips", one(any, "a.zip", string(zipped(t, "a.doc", macro))), nil, "olemacro_num_zip 0"),
		oleTest("cut", one(word, "a.doc", macro), nil, "olemacro_max_file 2000"),
		oleTest("encrypted package", one(any, "a.xlsx", oleMark+strings.Repeat("\x00", 600)+encryptedName), []string{"check_olemacro_encrypted"}),
		oleTest("encrypted workbook", one(any, "a.xls", oleMark+strings.Repeat("\x00", 0x204)+"\xfe\x00\x00"), []string{"check_olemacro_encrypted"}),
		oleTest("download", one(any, "a.xls", ole+"\x00http://example.org/folder/program.exe\x00"), []string{"check_olemacro_download_exe"}),
		oleTest("another download", one(any, "a.xls", ole+"cmd.exe /c ms^h^ta ht^tps:/^/x"), []string{"check_olemacro_download_exe"}),
		oleTest("no download", one(any, "a.xls", ole+"\x00http://example.org/folder/program.exes\x00\x00http://a.exe\x00"), nil),
		oleTest("table", one("application/csv", "a.csv", "=MSEXCEL|'\\..\\..\\Windows\\System32\\cmd.exe' /c"), []string{"check_olemacro_csv"}),
		oleTest("table far off", one("application/csv", "a.csv", "=MSEXCEL|"+strings.Repeat("x", 21)+"Windows\\System32\\cmd.exe"), nil),
		oleTest("own names", one(any, "a.foo", macro), []string{"check_olemacro", "check_olemacro_malice"}, "olemacro_exts foo$"),
		oleTest("name of Content-Type", "Content-Type: application/x; name=a.doc\nContent-Disposition: attachment; filename=a.txt\nContent-Transfer-Encoding: quoted-printable\n\n\\objdat\n",
			[]string{"check_olemacro"}, "olemacro_prefer_contentdisposition 0"),
		oleTest("name of Content-Disposition", "Content-Type: application/x; name=a.doc\nContent-Disposition: attachment; filename=a.txt\nContent-Transfer-Encoding: quoted-printable\n\n\\objdat\n", nil),
	})
}

// What comes out of zips is bounded, however little goes in.
func TestInflateIsBounded(t *testing.T) {
	bomb := strings.Repeat("x", maxZipMember+1000)
	files := []string{}
	for range 6 {
		files = append(files, "a.bin", bomb, "word/vbaProject.bin", "x")
	}
	o := &office{match: new(pattern.Machine).Match}
	o.lookOpenXML("a.docx", zipped(t, files...))
	if !o.macro || o.inflated > maxInflated {
		t.Errorf("macro %v, inflated %d octets, at most %d are allowed", o.macro, o.inflated, maxInflated)
	}
}

func FuzzOLEMacro(f *testing.F) {
	f.Add("a.doc", []byte(oleMark+attributeName+"\x00http://example.org/program.exe\x00"))
	f.Add("a.zip", zipped(f, "a.docx", string(zipped(f, "[Content_Types].xml", "<Types/>", "word/vbaProject.bin", "AutoOpen"))))
	f.Add("a.docx", zipped(f, "_rels/.rels", `<Relationship Target="http://a/" TargetMode="External"/>`))
	f.Add("a.csv", []byte("MSEXCEL|xWindows\\System32\\cmd.exe"))
	s := newOLEMacroSettings()
	s.renamed = true
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		o := &office{match: new(pattern.Machine).Match}
		o.look(&s, name, data, 0)
		if o.inflated > maxInflated {
			t.Errorf("inflated %d octets", o.inflated)
		}
		isProgramAddress(bytes.TrimPrefix(data, []byte("\x00")))
	})
}

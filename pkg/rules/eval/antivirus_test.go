package eval

import "testing"

func TestAntiVirus(t *testing.T) {
	const program, name = "check_microsoft_executable", "check_suspect_name"
	both := []string{program, name}
	part := func(header, body string) string { return mail("multipart/mixed", header+"\n\n"+body) }
	runCalls(t, []callTest{
		{name: "text", text: part("Content-Type: text/plain; name=a.txt", "x"), misses: both},
		{name: "program by its name", text: part("Content-Type: application/octet-stream; name=\"A.EXE\"", "x"), hits: []string{program}, misses: []string{name}},
		{name: "name of Content-Disposition", text: part("Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=a.exe", "x"), misses: both},
		{name: "program in base64", text: part("Content-Type: application/x; name=a.dat\nContent-Transfer-Encoding: base64", "TVqQAAMAAAAEAAAA"), hits: []string{program}, misses: []string{name}},
		{name: "not in the first line", text: part("Content-Type: application/x\nContent-Transfer-Encoding: base64", "AAAA\nTVqQAAMAAAAEAAAA"), misses: both},
		{name: "uuencoded", text: part("Content-Type: text/plain", "begin 644 a\nM35J0``,````$````x"), hits: []string{program}},
		{name: "picture that is HTML", text: part("Content-Type: text/html; name=a.gif", "x"), hits: []string{name}, misses: []string{program}},
		{name: "picture", text: part("Content-Type: image/x-png; name=a.png", "x"), misses: both},
		{name: "screen saver", text: part("Content-Type: audio/x-wav; name=a.scr", "x"), hits: both},
		{name: "letter", text: part("Content-Type: application/vnd.ms-word; name=a.doc", "x"), misses: both},
		{name: "letter that is a picture", text: part("Content-Type: image/gif; name=a.doc", "x"), hits: []string{name}},
		{name: "presentation", text: part("Content-Type: application/vnd.ms-powerpoint; name=a.ppt", "x"), misses: both},
		{name: "sheet", text: part("Content-Type: application/msexcel2; name=a.xls", "x"), hits: []string{name}},
		{name: "card", text: part("Content-Type: text/x-vcard; name=a.vcf", "x"), misses: both},
		{name: "card that is text", text: part("Content-Type: text/plain; name=a.vcf", "x"), hits: []string{name}},
		{name: "page", text: part("Content-Type: application/x-html; name=a.html", "x"), hits: []string{name}},
	})
}

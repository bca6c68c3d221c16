package eval

import (
	"bytes"
	"strings"
)

// What the old binary formats, compound files (MS-CFB), begin with, and names of streams in them, in UTF-16.
const (
	oleMark         = "\xd0\xcf\x11\xe0"
	attributeName   = "\x00Attribut\x00" // in the source of a macro
	nativeName      = "\x01\x00O\x00l\x00e\x001\x000\x00N\x00a\x00"
	encryptedName   = "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e"
	workbookName    = "W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00"
	maxOLEDirectory = 2000 // octets in which names are looked for
)

func isOLE(data []byte) bool { return bytes.HasPrefix(data, []byte(oleMark)) }

// lookBinary looks for macros and objects in what is no Office Open XML.
func (o *office) lookBinary(data []byte) bool {
	if !hasMacroMarks(data) {
		return false
	}
	o.macro = true
	o.malice = o.malice || runsByItself(data)
	return true
}

func hasMacroMarks(data []byte) bool {
	if isOLE(data) {
		return containsAnyOf(data, attributeName, nativeName)
	}
	return containsAnyOf(data, `\objemb`, `\objdat`, `\ objdat`, `w:macrosPresent="yes"`, "vbaProject.bin.rels") // RTF, and XML
}

func containsAnyOf(data []byte, marks ...string) bool {
	for _, mark := range marks {
		if bytes.Contains(data, []byte(mark)) {
			return true
		}
	}
	return false
}

// runsByItself tells whether a macro has the name of one that Office runs when it opens a document.
func runsByItself(data []byte) bool {
	for at := nextFold(data, 0, "open"); at >= 0; at = nextFold(data, at+1, "open") {
		before := bytes.TrimSuffix(data[:at], []byte("_"))
		for _, name := range []string{"document", "auto", "workbook"} {
			if len(before) >= len(name) && bytes.EqualFold(before[len(before)-len(name):], []byte(name)) {
				return true
			}
		}
	}
	return false
}

// nextFold finds word, which is in lower case, in either case at from or behind; -1 where it is not.
func nextFold(data []byte, from int, word string) int {
	for i := from; i+len(word) <= len(data); i++ {
		if data[i]|0x20 == word[0]|0x20 && bytes.EqualFold(data[i:i+len(word)], []byte(word)) {
			return i
		}
	}
	return -1
}

// lookEncrypted looks for a document that wants a password.
func (o *office) lookEncrypted(data []byte) bool {
	found := isEncrypted(data)
	o.encrypted = o.encrypted || found
	return found
}

func isEncrypted(data []byte) bool {
	if !isOLE(data) {
		return false
	}
	head := data[:min(len(data), maxOLEDirectory)]
	switch {
	case nextFold(data, 0, "<encryption xmlns") >= 0, bytes.Contains(head, []byte(encryptedName)):
		return true
	case containsAnyOf(head, "E n c r y p t e d P a c k a g e", `E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e`):
		return true
	case bytes.Contains(head, []byte(workbookName)):
		return false
	}
	return octetAt(data, 0x208) == 0xfe || octetAt(data, 0x214) == 0x2f || octetAt(data, 0x20b) == 0x13
}

func octetAt(data []byte, at int) byte {
	if at < len(data) {
		return data[at]
	}
	return 0
}

// lookDownload looks for the address of a program, or a script that fetches one.
func (o *office) lookDownload(s *oleMacroSettings, data []byte) {
	o.download = o.download || hasProgramAddress(data) || o.match(s.downloads, string(data))
}

const (
	minAddressHalf = 5    // octets of an address before those of its last name, and of that
	maxAddressHalf = 1000 // the same
)

// hasProgramAddress tells whether data has the address of a program between NULs, as a macro's texts are.
func hasProgramAddress(data []byte) bool {
	if !bytes.HasPrefix(data, []byte("URLDownloadToFileA")) { // that SpamAssassin wants it elsewhere is its way
		for at := nextFold(data, 0, "\x00http"); at >= 0; at = nextFold(data, at+1, "\x00http") {
			if isProgramAddress(data[at+1:]) {
				return true
			}
		}
	}
	return false
}

// isProgramAddress tells whether data begins with the address of a program, and it ends there.
func isProgramAddress(data []byte) bool {
	rest, found := cutWebScheme(string(data[:min(len(data), 2*maxAddressHalf+len("https://")+len(".exe")+1)]))
	if !found {
		return false
	}
	name := 0 // octets of the last name so far
	for i := range len(rest) {
		if rest[i] == '.' && name >= minAddressHalf && i-minAddressHalf >= minAddressHalf && i <= maxAddressHalf+min(name, maxAddressHalf) && isProgramEnd(rest[i+1:]) {
			return true
		}
		switch {
		case isAddressOctet(rest[i]):
			name++
		case bytes.IndexByte([]byte("?!:,.;"), rest[i]) >= 0:
			name = 0
		default:
			return false
		}
	}
	return false
}

// isAddressOctet tells whether an octet may stand anywhere in an address, its end included.
func isAddressOctet(c byte) bool {
	return isWordRune(rune(c)) && c < 0x80 || bytes.IndexByte([]byte("-+&@#/%=~|"), c) >= 0
}

func isProgramEnd(text string) bool {
	if len(text) < len("exe|") || text[3] != 0 && text[3] != '\x06' && text[3] != '|' {
		return false
	}
	switch strings.ToLower(text[:3]) {
	case "exe", "cmd", "bat":
		return true
	}
	return false
}

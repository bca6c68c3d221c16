// Package rulestest makes sets of rules for benchmarks.
package rulestest

import (
	"io/fs"
	"regexp"
	"strings"
)

// Large returns rules like those of a folder that has a good 1,100 simple ones, such as SpamAssassin's: files of rules with
// the same patterns, each letter of a word replaced by another one. With them the folder is about as large as the stock rules
// and KAM's together, which have 4,250 patterns. The keys are file names.
func Large(folder fs.FS) (map[string]string, error) {
	files := map[string]string{}
	for name, shift := range map[string]byte{"90_turned_a.cf": 3, "90_turned_b.cf": 7, "90_turned_c.cf": 11} {
		most := 1 << 20
		if shift == 11 {
			most = 400
		}
		text, err := turned(folder, shift, most)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

var simpleRule = regexp.MustCompile(`^\s*(body|rawbody|uri|header)\s+(\S+)\s+((?:\S+\s*=~\s*)?)(/.+/)([ismx]*)\s*$`)

// turned returns at most so many of the simple rules of a folder, turned.
func turned(folder fs.FS, shift byte, most int) (string, error) {
	files, err := fs.Glob(folder, "*.cf")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			parts := simpleRule.FindStringSubmatch(line)
			if parts == nil || strings.Contains(line, "<") || strings.Contains(line, "%{") {
				continue
			}
			if most--; most < 0 {
				break
			}
			out.WriteString(parts[1] + " " + parts[2] + "_" + string('A'+rune(shift)) + " " + parts[3] + turn(parts[4], shift) + parts[5] + "\n")
		}
	}
	return out.String(), nil
}

// letters finds those that stand for themselves: three or more, with no backslash or opening of a group before.
var letters = regexp.MustCompile(`[^\\a-z?:^<][a-z]{3,}`)

func turn(pattern string, shift byte) string {
	return letters.ReplaceAllStringFunc(pattern, func(word string) string {
		turned := []byte(word)
		for i := 1; i < len(turned); i++ {
			turned[i] = 'a' + (turned[i]-'a'+shift)%26
		}
		return string(turned)
	})
}

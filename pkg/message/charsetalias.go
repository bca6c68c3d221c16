package message

import "regexp"

// charsetAliases are the ways to write a charset that Perl knows beside its names. Most of them look at the end of the
// name alone, so that a charset is found behind what a broken generator put before it: 3D"iso-8859-1.
var charsetAliases = []struct {
	written *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`\biso[-_]?8859[-_](\d+)$`), "iso-8859-$1"},
	{regexp.MustCompile(`\biso8859(\d+)$`), "iso-8859-$1"},
	{regexp.MustCompile(`\b(?:iso[-_]?)?latin[-_]?(1)$`), "iso-8859-$1"},
	{regexp.MustCompile(`\b(?:iso[-_]?)?latin[-_]?2$`), "iso-8859-2"},
	{regexp.MustCompile(`\b(?:iso[-_]?)?latin[-_]?9$`), "iso-8859-15"},
	{regexp.MustCompile(`\btis-?620\b`), "tis-620"},
	{regexp.MustCompile(`\b(?:cp|ibm|ms|windows)[-_ ]?(125\d)$`), "windows-$1"},
	{regexp.MustCompile(`\b(?:cp|ibm|ms|windows)[-_ ]?(437|85\d|86\d)$`), "ibm$1"},
	{regexp.MustCompile(`\b(?:cp|ibm|ms|windows)[-_ ]?(93\d|949)$`), "cp$1"},
	{regexp.MustCompile(`\bkoi8[\s\-_]*([ru])$`), "koi8-$1"},
	{regexp.MustCompile(`\b(?:euc.*cn|cn.*euc)$`), "euc-cn"},
	{regexp.MustCompile(`\bgb[-_ ]?2312`), "euc-cn"},
	{regexp.MustCompile(`\b(?:euc.*jp|jp.*euc|ujis)$`), "euc-jp"},
	{regexp.MustCompile(`\b(?:shift.*jis|sjis)$`), "shift_jis"},
	{regexp.MustCompile(`\bwindows-31j$`), "windows-31j"},
	{regexp.MustCompile(`\b(?:euc.*kr|kr.*euc)$`), "euc-kr"},
	{regexp.MustCompile(`uhc$|windows-949$|\bks_c_5601-1987$`), "cp949"},
	{regexp.MustCompile(`\b(?:big-?5(?:-?et(?:en)?)?|tca[-_]?big5|big5-?hk(?:scs)?)$`), "big5"},
	{regexp.MustCompile(`\butf-8$|cp65001`), "utf-8"},
}

// aliasedCharset returns the charset that a name in lower case stands for, "" where there is none.
func aliasedCharset(written string) string {
	if len(written) > maxCharsetName {
		return ""
	}
	for _, alias := range charsetAliases {
		if m := alias.written.FindStringSubmatchIndex(written); m != nil {
			return string(alias.written.ExpandString(nil, alias.name, written, m))
		}
	}
	return ""
}

const maxCharsetName = 100 // octets

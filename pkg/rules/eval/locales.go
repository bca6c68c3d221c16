package eval

import (
	"slices"
	"strings"
)

// localeSettings says by ok_locales in which languages mail may be: mail in charsets of others is looked at with suspicion.
type localeSettings struct {
	ok []string // nil for all
}

func setOKLocales(s *Settings, value string) error {
	s.locales.ok = strings.Fields(value)
	if slices.Contains(s.locales.ok, "all") {
		s.locales.ok = nil
	}
	return nil
}

// allow tells whether one of the locales uses a charset. Those of the whole world are always allowed.
func (l *localeSettings) allow(charset string) bool {
	if l.ok == nil {
		return true
	}
	name := charsetKey(charset)
	if isWorldwide(name) {
		return true
	}
	for _, locale := range l.ok {
		if len(locale) > 2 && isLowerLetter(locale[0]) && isLowerLetter(locale[1]) {
			locale = locale[:2]
		}
		if slices.Contains(localeCharsets(locale), name) {
			return true
		}
	}
	return false
}

// charsetKey is the name of a charset in capitals and digits only. 3D before it is what quoted-printable left.
func charsetKey(charset string) string {
	name := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(charset))
	return strings.TrimPrefix(name, "3D")
}

func isWorldwide(name string) bool {
	for _, prefix := range []string{"ISO8859", "ISO10646", "UTF", "UCS", "CP125", "WINDOWS", "UNICODE11UTF7", "UNICODE11UTF8"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "USASCII", "ASCII", "IBM852", "XUNKNOWN", "ISO":
		return true
	}
	return false
}

func isLowerLetter(c byte) bool { return 'a' <= c && c <= 'z' }

var (
	japanese = strings.Fields(`EUCJP JISX020119760 JISX020819830 JISX020819900 JISX020819970 JISX021219900 JISX021320001 JISX021320002
		SHIFT_JIS SHIFTJIS ISO2022JP SJIS JIS7 JISX0201 JISX0208 JISX0212`)
	korean   = strings.Fields(`EUCKR KSC56011987`)
	cyrillic = strings.Fields(`KOI8R KOI8U KOI8T ISOIR111 CP1251 GEORGIANPS PT154 CP866`)
	thai     = strings.Fields(`TIS620`)
	chinese  = strings.Fields(`GB1988 GB2312 GB231219800 GB18030 GBK BIG5HKSCS BIG5 EUCTW ISO2022CN`)
)

// localeCharsets is the charsets of a language besides those of the whole world.
func localeCharsets(locale string) []string {
	switch locale {
	case "ja":
		return japanese
	case "ko":
		return korean
	case "ru", "ka", "tg", "be", "uk", "bg":
		return cyrillic
	case "th":
		return thai
	case "zh":
		return chinese
	}
	return nil
}

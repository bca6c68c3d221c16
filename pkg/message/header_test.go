package message

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeText(t *testing.T) {
	tests := []struct{ name, text, charset, want string }{
		{"ASCII", "abc", "utf-8", "abc"},
		{"ASCII in an unknown charset", "abc", "x-none", "abc"},
		{"UTF-8 wins", "\xc3\xa9", "iso-8859-1", "é"},
		{"latin 1 is windows-1252", "\x80 \xe9", "ISO-8859-1", "€ é"},
		{"latin 9", "\xa4", "iso-8859-15", "€"},
		{"undeclared", "caf\xe9", "", "café"},
		{"broken UTF-8", "\xc3\xa9 \xe9 x", "utf-8", "Ã© é x"},
		{"UTF-8 cut off within a character", "\xc3\xa9 \xe2\x82", "utf-8", "Ã© â‚"},
		{"cut off within a Chinese character", "\xd6\xd0\xce", "gb2312", "中"},
		{"not in GB 2312", "\x81\x40\xd6\xd0", "gb2312", "\uFFFD@ÖÐ"},
		{"in GBK", "\x81\x40\xd6\xd0", "gbk", "丂中"},
		{"control characters of ISO 8859", "\x93\xb1", "iso-8859-2", "\u0093ą"},
		{"ISO 8859-1 is windows-1252", "\x93\xb1", "iso-8859-1", "“±"},
		{"but not by its other name", "\x93\xb1", "latin1", "\u0093±"},
		{"Thai", "\x84\xc5", "tis-620", "\u0084ล"},
		{"a code point that Unicode keeps for itself", "\xc3\xa9 \xef\xbf\xbe", "utf-8", "Ã© ï¿¾"},
		{"the last before them", "\xc3\xa9 \xef\xbf\xbd", "utf-8", "é \uFFFD"},
		{"not cut off, but latin", "caf\xe9", "utf-8", "café"},
		{"invalid in the declared charset", "\x81", "shift_jis", "\uFFFD"},
		{"shift-jis", "\x93\xfa\x96{", "Shift_JIS", "日本"},
		{"gb2312", "\xd6\xd0\xce\xc4", "gb2312", "中文"},
		{"big5", "\xa4\xa4\xa4\xe5", "big5", "中文"},
		{"euc-kr", "\xc7\xd1", "ks_c_5601-1987", "한"},
		{"koi8-r", "\xf2", "KOI8-R", "Р"},
		{"cp850", "\x82", "cp850", "é"},
		{"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "iso-2022-jp", "日本"},
		{"hz", "~{VPND~}", "hz-gb-2312", "中文"},
		{"utf-7", "+ZeVnLA-", "utf-7", "日本"},
		{"broken utf-7", "+A-", "utf-7", "+A-"},
		{"utf-16 by its mark", "\xff\xfea\x00\xe9\x00", "utf-16", "aé"},
		{"utf-16 against its name", "a\x00b\x00", "utf-16be", "ab"},
		{"utf-16 with half a character", "\x00a\x00b\x00", "utf-16", "ab"},
	}
	for _, tt := range tests {
		if got := decodeText([]byte(tt.text), tt.charset); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDecodeField(t *testing.T) {
	tests := []struct{ name, field, value, want string }{
		{"plain", "Subject", " hello", "hello"},
		{"folds", "Subject", " a\n\t b\n c\t\td ", "a b c\t\td"},
		{"fold without a blank", "Subject", " a\nb", "ab"},
		{"Q", "Subject", "=?utf-8?Q?a_b=3Dc?=", "a b=c"},
		{"B", "Subject", "=?UTF-8?b?w6k=?=", "é"},
		{"among text", "Subject", "x =?utf-8?q?=C3=A9?= y", "x é y"},
		{"no blank around", "Subject", "x=?utf-8?q?=C3=A9?=y", "xéy"},
		{"neighbours", "Subject", "=?utf-8?q?a?= \t =?utf-8?q?b?=", "ab"},
		{"neighbours over a fold", "Subject", "=?utf-8?q?a?=\n =?iso-8859-1?q?=E9?=", "aé"},
		{"a character cut in two", "Subject", "=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"},
		{"base64 cut in two", "Subject", "=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"},
		{"language", "Subject", "=?us-ascii*en?q?a?=", "a"},
		{"latin 1 in UTF-8 clothes", "Subject", "=?utf-8?q?caf=E9?=", "caf\uFFFD"},
		{"unknown charset", "Subject", "=?x-none?q?caf=E9?=", "café"},
		{"blank inside", "Subject", "=?utf-8?q?a b?=", "a b"},
		{"unknown encoding", "Subject", "=?utf-8?x?a?=", "=?utf-8?x?a?="},
		{"open", "Subject", "=?utf-8?q?a", "=?utf-8?q?a"},
		{"open, then one", "Subject", "=?=?utf-8?q?a?=", "=?a"},
		{"no charset", "Subject", "=??q?a?=", "=??q?a?="},
		{"8 bit", "Subject", "caf\xc3\xa9", "café"},
		{"8 bit, not UTF-8", "Subject", "caf\xe9", "café"},
		{"not in a Message-ID", "Message-Id", "<=?utf-8?q?a?=>", "<=?utf-8?q?a?=>"},
		{"nor in a Received", "received", "=?utf-8?q?a?=", "=?utf-8?q?a?="},
		{"nor in a list's", "List-Unsubscribe", "=?utf-8?q?a?=", "=?utf-8?q?a?="},
		{"nor in a resent one", "Resent-Date", "=?utf-8?q?a?=", "=?utf-8?q?a?="},
	}
	for _, tt := range tests {
		if got := decodeField(tt.field, tt.value); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestHeaderText(t *testing.T) {
	m := &Message{Sender: "bounce@example.org", Header: Header{
		{"Received", " from mail.example.org (mail.example.org [192.0.2.1])"},
		{"From", "\t=?utf-8?q?Ann?=\n <Ann@Mail.Example.ORG>"},
		{"To", " bob@example.net, Carol <carol@example.net>"},
		{"Cc", " dave@example.com (Dave)"},
		{"X-Twice", " one"},
		{"x-twice", " two"},
		{"Resent-Message-Id", " <2@example.org>"},
		{"Message-Id", " <1@example.org>"},
		{"X-Empty", ""},
		{"X-IP", " [IPv6:2001:db8::1] then 192.0.2.7"},
	}}
	tests := []struct {
		name  string
		mod   HeaderMod
		want  string
		found bool
	}{
		{"From", HeaderDecoded, "Ann <Ann@Mail.Example.ORG>\n", true},
		{"from", HeaderRaw, "\t=?utf-8?q?Ann?=\n <Ann@Mail.Example.ORG>\n", true},
		{"From", HeaderAddr, "Ann@Mail.Example.ORG", true},
		{"From", HeaderName, "Ann", true},
		{"From", HeaderName | HeaderRaw, "=?utf-8?q?Ann?=\n ", true},
		{"From", HeaderAddr | HeaderHost, "Mail.Example.ORG", true},
		{"From", HeaderAddr | HeaderDomain, "example.org", true},
		{"ToCc", HeaderDecoded, "bob@example.net, Carol <carol@example.net>\ndave@example.com (Dave)\n", true},
		{"ToCc", HeaderAddr, "bob@example.net\ncarol@example.net\ndave@example.com", true},
		{"ToCc", HeaderName, "Carol\nDave", true},
		{"tocc", HeaderDecoded, "bob@example.net, Carol <carol@example.net>\ndave@example.com (Dave)\n", true},
		{"MessageID", HeaderDecoded, "", false},
		{"X-Twice", HeaderDecoded, "one\ntwo\n", true},
		{"X-Twice", HeaderFirst, "one\n", true},
		{"X-Twice", HeaderLast, "two\n", true},
		{"X-Empty", HeaderDecoded, "\n", true},
		{"X-Empty", HeaderAddr, "", false},
		{"MESSAGEID", HeaderDecoded, "<2@example.org>\n<1@example.org>\n", true},
		{"EnvelopeFrom", HeaderDecoded, "bounce@example.org", true},
		{"EnvelopeFrom", HeaderAddr | HeaderDomain, "example.org", true},
		{"Received", HeaderHost, "mail.example.org", true},
		{"Received", HeaderIP, "192.0.2.1", true},
		{"Received", HeaderRevIP, "1.2.0.192", true},
		{"X-IP", HeaderIP, "IPv6:2001:db8::1", true},
		{"X-IP", HeaderRevIP, "", false},
		{"X-Twice", HeaderIP, "", false},
		{"X-Twice", HeaderHost, "", false},
		{"X-Absent", HeaderDecoded, "", false},
		{"X-Absent", HeaderFirst, "", false},
	}
	for _, tt := range tests {
		for range 2 { // the second time from memory
			if got, found := m.HeaderText(tt.name, tt.mod); got != tt.want || found != tt.found {
				t.Errorf("%s %d: got %q %v, want %q %v", tt.name, tt.mod, got, found, tt.want, tt.found)
			}
		}
	}
}

func TestHeaderTextAll(t *testing.T) {
	m := &Message{Header: Header{{"Subject", " =?utf-8?q?a?=\n b"}, {"To", "x"}}}
	if got, _ := m.HeaderText("ALL", HeaderDecoded); got != "Subject: a b\nTo: x\n" {
		t.Errorf("decoded: got %q", got)
	}
	if got, _ := m.HeaderText("ALL", HeaderRaw); got != "Subject: =?utf-8?q?a?=\n b\nTo:x\n" {
		t.Errorf("raw: got %q", got)
	}
}

func TestNullSender(t *testing.T) {
	if got, found := new(Message).HeaderText("EnvelopeFrom", HeaderDecoded); got != "" || !found {
		t.Errorf("got %q %v, want the empty text, found", got, found)
	}
}

func TestParseAddresses(t *testing.T) {
	tests := []struct {
		value string
		want  []address
	}{
		{"ann@example.org", []address{{addr: "ann@example.org"}}},
		{"<ann@example.org>", []address{{addr: "ann@example.org"}}},
		{"Ann <ann@example.org>", []address{{name: "Ann ", addr: "ann@example.org"}}},
		{`"Doe, Ann" <ann@example.org>`, []address{{name: "Doe, Ann ", addr: "ann@example.org"}}},
		{`"a \"b\" c"<ann@example.org>`, []address{{name: "a \"b\" c", addr: "ann@example.org"}}},
		{"Doe, Ann <ann@example.org>", []address{{name: "Doe"}, {name: "Ann ", addr: "ann@example.org"}}},
		{"ann@example.org (Ann (the first))", []address{{name: "ann@example.org (Ann )"}}},
		{`"bank@example.com" <ann@example.org>`, []address{{name: "bank@example.com ", addr: "ann@example.org"}}},
		{"ann@example.org <ann@example.org>", []address{{name: "ann@example.org ", addr: "ann@example.org"}}},
		{"a@example.org, b@example.org; c@example.org", []address{{addr: "a@example.org"}, {addr: "b@example.org"}, {addr: "c@example.org"}}},
		{"friends: a@example.org, B <b@example.org>;", []address{{addr: "a@example.org"}, {name: "B ", addr: "b@example.org"}}},
		{"undisclosed-recipients:;", nil},
		{"=?utf-8?q?a,_b?= <ann@example.org>", []address{{name: "=?utf-8?q?a"}, {name: "_b?= ", addr: "ann@example.org"}}},
		{`"quoted local"@example.org`, []address{{addr: "\"quoted local\"@example.org"}}},
		{"<ann@example.org", nil},
		{"Ann <not an address>", []address{{name: "Ann "}}},
		{"Ann <a(x)nn@exam(y)ple.org(z)>", []address{{name: "Ann ", addr: "ann@example.org"}}},
		{"Ann <ann@[192.0.2.1]>", []address{{name: "Ann ", addr: "ann@[192.0.2.1]"}}},
		{"Ann <ann(comment)@example.org>", []address{{name: "Ann ", addr: "ann@example.org"}}},
		{"'ann@example.org'", []address{{addr: "'ann@example.org'"}}},
		{`"open <ann@example.org>`, []address{{addr: "ann@example.org"}}},
		{"(open", []address{{name: "(open"}}},
		{",,;,", nil},
		{"a <x@y.example> <z@y.example>", []address{{name: "a ", addr: "x@y.example"}}},
		{"Ann <a@example.org>,<b@example.org>", []address{{name: "Ann "}}},
		{"\"woie\"q_x@example.com", []address{{addr: "\"woie\"q_x@example.com"}}},
		{"\"x@example.com\"@", []address{{addr: "x@example.com"}}},
		{"list:a@b.c, d@e.f", []address{{addr: "a@b.c"}, {addr: "d@e.f"}}},
		{"\"a\\\\b\" <c@d.ef>", []address{{name: "ab ", addr: "c@d.ef"}}},
		{"<a b@example.org>", []address{{}}},
		{"a@b.example (x) , ", []address{{name: "x", addr: "a@b.example", comment: "x"}}},
		{"=?utf-8?Q?\"Foo\"?=<foo@example.com>", []address{{name: "=?utf-8?Q?Foo?=", addr: "foo@example.com"}}},
		{"", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, parseAddresses(tt.value), cmp.AllowUnexported(address{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.value, diff)
		}
	}
}

func TestSplitAddress(t *testing.T) {
	tests := []struct{ addr, local, domain string }{
		{"Ann@Example.ORG", "Ann", "example.org"},
		{" <ann@example.org> ", "ann", "example.org"},
		{"ann@example.org.", "ann", "example.org"},
		{`"a@b"@example.org`, `"a@b"`, "example.org"},
		{"ann@bücher.example", "ann", "xn--bcher-kva.example"},
		{"ann@[192.0.2.1]", "ann", "[192.0.2.1]"},
		{"ann@[IPv6:2001:DB8::1]", "ann", "[ipv6:2001:db8::1]"},
		{"postmaster", "postmaster", ""},
		{"ann@exa mple.org", "ann", ""},
		{"ann@", "ann", ""},
		{"<>", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		if local, domain := SplitAddress(tt.addr); local != tt.local || domain != tt.domain {
			t.Errorf("%q: got %q %q, want %q %q", tt.addr, local, domain, tt.local, tt.domain)
		}
	}
}

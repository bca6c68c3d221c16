package dns

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var expiry = time.UnixMilli(1481673600123)

func TestCodec(t *testing.T) {
	tests := []struct {
		name   string
		typ    Type
		answer Answer
		size   int
	}{
		{"no such name", A, Answer{NXDomain: true}, 12},
		{"no such type", A, Answer{}, 12},
		{"addresses", A, Answer{Addrs: addrs("127.0.0.2", "127.0.0.4")}, 24},
		{"IPv6", AAAA, Answer{Addrs: addrs("2001:db8::1", "::ffff:192.0.2.1")}, 48},
		{"texts", TXT, Answer{Texts: []string{"why", "", "\x00\xff"}}, 23},
		{"the longest text", TXT, Answer{Texts: []string{strings.Repeat("x", maxText)}}, 12 + 2 + maxText},
		{"names", MX, Answer{Names: []string{"a.example", "."}}, 26},
		{"as many as there may be", A, Answer{Addrs: addrsUpTo(maxRecords)}, 12 + 6*maxRecords},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value := encode(&tt.answer, expiry)
			if len(value) != tt.size {
				t.Errorf("got %d octets, want %d", len(value), tt.size)
			}
			got, expires, err := decode(value, tt.typ)
			if err != nil || !expires.Equal(expiry) {
				t.Fatalf("got error %v, expiry %v, want %v", err, expires, expiry)
			}
			if diff := cmp.Diff(tt.answer, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Error(diff)
			}
			for cut := range value {
				if _, _, err := decode(value[:cut], tt.typ); err == nil {
					t.Errorf("taken though cut to %d octets", cut)
				}
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, answer := range map[string]Answer{
		"a text too long":  {Texts: []string{strings.Repeat("x", maxText+1)}},
		"too many records": {Addrs: addrsUpTo(maxRecords + 1)},
	} {
		if value := encode(&answer, expiry); value != nil {
			t.Errorf("%s: got %d octets, want none", name, len(value))
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	value := func(a Answer, change func([]byte) []byte) []byte { return change(encode(&a, expiry)) }
	two := Answer{Addrs: addrs("127.0.0.2", "127.0.0.4")}
	tests := []struct {
		name  string
		value []byte
		typ   Type
	}{
		{"nothing", nil, A},
		{"another version", value(two, func(v []byte) []byte { v[0]++; return v }), A},
		{"an unknown flag", value(two, func(v []byte) []byte { v[1] |= 2; return v }), A},
		{"records of a name that does not exist", value(two, func(v []byte) []byte { v[1] |= flagNXDomain; return v }), A},
		{"fewer records than it says", value(two, func(v []byte) []byte { v[11]++; return v }), A},
		{"more records than it says", value(two, func(v []byte) []byte { v[11]--; return v }), A},
		{"something behind it", value(two, func(v []byte) []byte { return append(v, 0) }), A},
		{"a record that is too long", value(two, func(v []byte) []byte { v[19] = 5; return v }), A},
		{"more records than there may be", value(two, func(v []byte) []byte {
			v[10] = 0xff
			return append(v, bytes.Repeat([]byte{0, 4, 127, 0, 0, 2}, 70000)...)
		}), A},
		{"IPv4 for AAAA", value(two, bytes.Clone), AAAA},
		{"IPv6 for A", value(Answer{Addrs: addrs("2001:db8::1")}, bytes.Clone), A},
		{"an address of five octets", value(Answer{Texts: []string{"12345"}}, bytes.Clone), A},
		{"a name without content", value(Answer{Names: []string{""}}, bytes.Clone), PTR},
		{"a name too long", value(Answer{Names: []string{strings.Repeat("x", maxEscapedName+1)}}, bytes.Clone), PTR},
	}
	for _, tt := range tests {
		if got, _, err := decode(tt.value, tt.typ); err != errValue || !got.Empty() {
			t.Errorf("%s: got %+v, error %v, want %v", tt.name, got, err, errValue)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for typ, a := range map[Type]Answer{
		A:    {Addrs: addrs("127.0.0.2", "127.0.0.4")},
		AAAA: {Addrs: addrs("2001:db8::1")},
		TXT:  {Texts: []string{"why", ""}},
		MX:   {Names: []string{"a.example", "."}},
		PTR:  {NXDomain: true},
	} {
		f.Add(encode(&a, expiry), uint16(typ))
	}
	f.Fuzz(func(t *testing.T, value []byte, typ uint16) {
		a, expires, err := decode(value, Type(typ))
		if err != nil {
			if !a.Empty() {
				t.Fatalf("got %+v with error %v", a, err)
			}
			return
		}
		if again := encode(&a, expires); !bytes.Equal(again, value) {
			t.Fatalf("got %x from %+v, want %x", again, a, value)
		}
	})
}

package dns

import (
	"errors"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	label := strings.Repeat("x", maxLabel)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".")
	tests := []struct {
		name, ask, want string
		fault           bool
	}{
		{name: "as it is", ask: "2.0.0.127.zen.example", want: "2.0.0.127.zen.example"},
		{name: "upper case", ask: "WWW.Example.ORG", want: "www.example.org"},
		{name: "trailing dot", ask: "example.org.", want: "example.org"},
		{name: "one label", ask: "test", want: "test"},
		{name: "characters of SPF macros", ask: "user+tag=x_y!#$%&'*/?^`{|}~@\"-._spf.example", want: "user+tag=x_y!#$%&'*/?^`{|}~@\"-._spf.example"},
		{name: "blank", ask: "a b.example", want: "a b.example"},
		{name: "longest label", ask: label + ".example", want: label + ".example"},
		{name: "longest name", ask: longest, want: longest},
		{name: "nothing", ask: "", fault: true},
		{name: "the root", ask: ".", fault: true},
		{name: "empty label", ask: "a..example", fault: true},
		{name: "empty first label", ask: ".example", fault: true},
		{name: "two trailing dots", ask: "example..", fault: true},
		{name: "label too long", ask: label + "x.example", fault: true},
		{name: "last label too long", ask: "a." + label + "x", fault: true},
		{name: "name too long", ask: longest + "x", fault: true},
		{name: "control", ask: "secret\n.example", fault: true},
		{name: "octet above ASCII", ask: "secret\xe4.example", fault: true},
		{name: "escape", ask: `secret\046.example`, fault: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Question{Name: tt.ask, Type: A}.canonical()
			if tt.fault != (err != nil) || tt.fault && !errors.Is(err, ErrName) {
				t.Fatalf("got error %v, want one: %v", err, tt.fault)
			}
			if err != nil {
				if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "example") {
					t.Errorf("error shows the name: %v", err)
				}
				return
			}
			if got.Name != tt.want {
				t.Errorf("got %q, want %q", got.Name, tt.want)
			}
		})
	}
}

func TestCanonicalType(t *testing.T) {
	for _, typ := range []Type{0, 5, 41, 255, 65535} {
		if _, err := (Question{Name: "a.example", Type: typ}).canonical(); !errors.Is(err, ErrName) {
			t.Errorf("%v: got error %v, want %v", typ, err, ErrName)
		}
	}
}

func TestTypeString(t *testing.T) {
	for typ, want := range map[Type]string{A: "A", AAAA: "AAAA", TXT: "TXT", PTR: "PTR", MX: "MX", NS: "NS", SOA: "SOA", 257: "TYPE257"} {
		if got := typ.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

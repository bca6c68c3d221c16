package pattern

import "testing"

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		source string
		want   bool
	}{
		{`^https?://.{10,128}#qzxj`, true},
		{`(?:a|b)qzxj(?:c|d)`, true},
		{`(?:qzxj|b)`, false},
		{`a(?:qzxj)?`, false},
		{`a(?!qzxj)`, false},
		{`(?:xqzxj|qzxjy)`, true},
		{`a(?:qzxj)+`, true},
	} {
		if got, err := Holds(c.source, "i", "qzxj"); err != nil || got != c.want {
			t.Errorf("%s: got %v (error %v), want %v", c.source, got, err, c.want)
		}
	}
}

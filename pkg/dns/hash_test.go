package dns

import "testing"

func TestHash(t *testing.T) {
	tests := []struct {
		hash       Hash
		text, want string
	}{
		{NoHash, "example.com", "example.com"},
		{MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},                           // RFC 1321, A.5
		{MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},                        // the same
		{SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},               // RFC 3174, 7.3
		{SHA1, "bit.do/e3s49", "bb395cece75455415de5f3b6f75c13352586788c"},      // docs.abusix.com, shorthash
		{SHA256, "abc", "xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq"}, // FIPS 180-2, B.1, in base 32
		{SHA256, "", "4oymiquy7qobjgx36tejs35zeqt24qpemsnzgtfeswmrw6csxbkq"},    // no padding
	}
	for _, test := range tests {
		got := test.hash.Of(test.text)
		if got != test.want {
			t.Errorf("%s of %q: got %s, want %s", test.hash, test.text, got, test.want)
		}
		if len(got) > maxLabel {
			t.Errorf("%s of %q: %q is no label", test.hash, test.text, got)
		}
	}
}

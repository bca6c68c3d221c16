package auth

import (
	"crypto/rsa"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// Mail that was made to wear us out costs little time and memory, and asks the DNS little, whatever it holds. The limits
// are far above what is measured (a few milliseconds), and far below what it would be without bounds.
func TestHostile(t *testing.T) {
	zones := keyZones()
	zones["big._domainkey.a.example"] = dnstest.TXT(keyRecord("", modulus(16384)))
	zones["even._domainkey.a.example"] = dnstest.TXT(keyRecord("", &rsa.PublicKey{N: modulus(4096).N, E: 1<<31 - 1}))
	const tags = " v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.example; bh=" + emptyBody + "; "
	field := func(name, value string) message.Field { return message.Field{Name: name, Value: value} }
	signature := func(value string) message.Field { return field("DKIM-Signature", value) }
	signed := parseMail(t, signTags(t, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from"))
	for _, tt := range []struct {
		name      string
		header    message.Header
		body      string
		questions int // at most
	}{
		{"1,000 signatures", times(1000, func(i int) message.Field {
			return signature(fmt.Sprintf("%s h=from; s=s%d; b=AAAA", tags, i))
		}), "", 8},
		{"signatures of a megabyte", times(8, func(int) message.Field {
			return signature(tags + "h=from; s=r; b=" + strings.Repeat("A", 1<<20))
		}), "", 0},
		{"signatures of a megabyte of tags", times(8, func(int) message.Field {
			return signature(tags + "h=from; s=r; b=AAAA;" + strings.Repeat("x=;", 1<<20/3))
		}), "", 0},
		{"100,000 fields, all of them signed", append(times(8, func(int) message.Field {
			return signature(tags + "h=from" + strings.Repeat(":x", maxSignedNames-1) + "; s=r; b=AAAA")
		}), times(100_000, func(int) message.Field { return field("X", " "+strings.Repeat("x ", 4)) })...), "", 1},
		{"100,000 fields of different names", append(signed.Header[:1:1], times(100_000, func(i int) message.Field {
			return field(fmt.Sprint("X-", i), " x")
		})...), "", 1},
		{"10,000 names", message.Header{signature(tags + "h=from" + strings.Repeat(":x", 10_000) + "; s=r; b=AAAA")}, "", 0},
		{"a megabyte in one field", message.Header{
			signature(tags + "h=from:x; s=r; b=AAAA"), field("X", strings.Repeat("\n ", 1<<19))}, "", 1},
		{"giant keys", times(8, func(int) message.Field {
			return signature(tags + "h=from; s=big; b=" + strings.Repeat("A", 2732))
		}), "", 1},
		{"keys of a giant exponent", times(8, func(int) message.Field {
			return signature(tags + "h=from; s=even; b=" + strings.Repeat("A", 682) + "A==")
		}), "", 1},
		{"lengths", times(8, func(i int) message.Field {
			return signature(fmt.Sprintf("%s h=from; s=r; l=%d; b=AAAA", tags, i))
		}), strings.Repeat(" \r\n", 1<<20), 1},
		{"a body of blanks", message.Header{signature(tags + "h=from; s=r; b=AAAA")}, strings.Repeat("\t ", 2<<20), 1},
		{"10,000 sets", times(30_000, func(i int) message.Field {
			return field(arcNames[i%3], fmt.Sprintf(" i=%d; cv=none; a=rsa-sha256; d=a.example; s=s%d; b=AAAA", i/3+1, i))
		}), "", 0},
		{"sets of a megabyte", times(3, func(i int) message.Field {
			return field(arcNames[i], " i=1; cv=none; a=rsa-sha256; d=a.example; s=r; b="+strings.Repeat("A", 1<<20))
		}), "", 0},
		{"50 sets as large as may be", times(150, func(i int) message.Field {
			cv := "pass"
			if i < 3 {
				cv = "none"
			}
			value := fmt.Sprintf(" i=%d; a=rsa-sha256; d=a.example; s=s%d; b=AAAA; z=%s", i/3+1, i, strings.Repeat("A ", maxSignature/2-100))
			switch i % arcFields {
			case arcSignature:
				value += "; bh=" + emptyBody + "; h=from"
			case arcSeal:
				value += "; cv=" + cv
			}
			return field(arcNames[i%3], value)
		}), "", 51},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := dnstest.Record(zones)
			c, m := newTestChecker(asked), &message.Message{Header: tt.header, Body: []byte(tt.body)}
			before, start := allocated(), time.Now()
			for _, s := range c.dkim(t.Context(), m) {
				if s.Result == message.AuthPass && tt.header[0] != signed.Header[0] {
					t.Errorf("got %+v", s)
				}
			}
			if got := c.arc(t.Context(), m); got.Result == message.AuthPass {
				t.Errorf("got %+v", got)
			}
			took, memory := time.Since(start), allocated()-before
			if n := len(asked.Questions()); n > tt.questions {
				t.Errorf("%d questions, want at most %d", n, tt.questions)
			}
			if took > 2*time.Second || memory > 32<<20 {
				t.Errorf("took %v and %d KiB", took, memory>>10)
			}
			t.Logf("%v, %d KiB", took, memory>>10)
		})
	}
}

// emptyBody is the hash of an empty body in relaxed form.
const emptyBody = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func times(n int, one func(i int) message.Field) message.Header {
	h := make(message.Header, n)
	for i := range h {
		h[i] = one(i)
	}
	return h
}

// allocated is how many octets were allocated so far.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

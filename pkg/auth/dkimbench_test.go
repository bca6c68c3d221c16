package auth

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"winnow/pkg/message"
)

// BenchmarkDKIM verifies a message of 14 KB, as most are, whose keys are known to the resolver.
func BenchmarkDKIM(b *testing.B) {
	mail := letter + strings.Repeat("This is one of many lines of a letter; they have nothing that would change.\n", 180)
	for _, n := range []int{1, 3} {
		for _, forms := range []string{"simple/simple", "relaxed/relaxed"} {
			signed := mail
			for i := range n {
				signed = signTags(b, signed, "v=1; a=rsa-sha256; c="+forms+"; d="+[]string{"a.example", "b.example", "list.example"}[i]+"; s=r; h=from:to:subject:date:message-id")
			}
			b.Run(fmt.Sprintf("%d/%s", n, forms), func(b *testing.B) {
				c, m := newTestChecker(keyZones()), parseMail(b, signed)
				b.ReportAllocs()
				for b.Loop() {
					if got := c.dkim(context.Background(), m); got[n-1].Result != message.AuthPass {
						b.Fatal(got)
					}
				}
			})
		}
	}
	b.Run("0", func(b *testing.B) {
		c, m := newTestChecker(keyZones()), parseMail(b, mail)
		b.ReportAllocs()
		for b.Loop() {
			c.dkim(context.Background(), m)
		}
	})
}

// BenchmarkARC validates a chain of three sets.
func BenchmarkARC(b *testing.B) {
	mail := letter + strings.Repeat("This is one of many lines of a letter; they have nothing that would change.\n", 180)
	for i, cv := range []string{"none", "pass", "pass"} {
		mail = seal(b, mail, []string{"a.example", "list.example", "relay.example"}[i], i+1, cv, "spf=pass smtp.mailfrom=a.example; dkim=pass header.d=a.example")
	}
	c, m := newTestChecker(keyZones()), parseMail(b, mail)
	b.ReportAllocs()
	for b.Loop() {
		if got := c.arc(context.Background(), m); got.Result != message.AuthPass {
			b.Fatal(got)
		}
	}
}

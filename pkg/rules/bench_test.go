package rules

import (
	"fmt"
	"strings"
	"testing"
)

// newsletter is an ordinary message: a page of text in plain and in HTML, twenty links, the header of today.
func newsletter() string {
	var plain, html strings.Builder
	for i := range 20 {
		fmt.Fprintf(&plain, "Our offer number %d is better than last week's: fresh bread, cheese from the Alps and a bottle of red.\nSee https://shop.example.org/offer/%d for the price, which is valid until Sunday.\n\n", i, i)
		fmt.Fprintf(&html, "<tr><td style=\"font-family:sans-serif\"><p>Our offer number %d is better than last week&#39;s: fresh bread, <b>cheese</b> from the Alps and a bottle of red.</p><a href=\"https://shop.example.org/offer/%d?u=1\">See the price</a>, which is valid until Sunday.</td></tr>\n", i, i)
	}
	return `Received: from out.example.net (out.example.net [192.0.2.7]) by mx.example.org (Postfix) with ESMTPS id 3tdwzs; Wed, 14 Dec 2016 12:00:00 +0000
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1; h=from:to:subject; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=` + strings.Repeat("AuUoFEfDxTDkHlLX", 10) + `
From: Example Shop <news@example.net>
To: hans@example.org
Subject: =?utf-8?Q?This_week=E2=80=99s_offers?=
Date: Wed, 14 Dec 2016 12:00:00 +0000
Message-ID: <20161214120000.4711@example.net>
List-Unsubscribe: <https://shop.example.org/u>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

` + plain.String() + `
--b1
Content-Type: text/html; charset=utf-8

<html><head><title>Offers</title></head><body><table>
` + html.String() + `</table></body></html>
--b1--
`
}

// BenchmarkMessage matches the shipped rules with a message whose text was derived before.
func BenchmarkMessage(b *testing.B) {
	set := shippedSet(b)
	for _, c := range []struct{ name, text string }{
		{"newsletter", newsletter()},
		{"letter", letter},
		{"large", strings.Replace(newsletter(), "</table>", strings.Repeat("<p>A long story of two hundred and fifty-six octets, name=\"x\".</p>\n", 2000)+"</table>", 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := mustParse(b, c.text)
			set.check(b.Context(), m)
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				set.check(b.Context(), m)
			}
		})
	}
}

// BenchmarkLoad loads the shipped rules: what a reload costs.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		shippedSet(b)
	}
}

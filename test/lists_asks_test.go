package test

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/rig"
)

const askedLists = `
- {name: signers, title: Signers, zone: signers.example, ask: [dkim], probe: none, codes: [{value: any, symbol: LIST_SIGNERS, score: 0.1}]}
- {name: names, title: Names, zone: names.example, ask: [author, reply-to], probe: none, codes: [{value: any, symbol: LIST_NAMES, score: 0.1}]}
- {name: hashes, title: Hashes, zone: hashes.example, ask: [author, reply-to, mail], form: mailbox, hash: sha1, probe: none, codes: [{value: any, symbol: LIST_HASHES, score: 0.1}]}
- {name: relays, title: Relays, zone: relays.example, ask: [relays], probe: none, codes: [{value: any, symbol: LIST_RELAYS, score: 0.1}]}
- {name: behind, title: Behind, zone: behind.example, ask: [uri-address, uri-ns], probe: none, codes: [{value: any, symbol: LIST_BEHIND, score: 0.1}]}
`

// Lists are asked about everything that a message holds, signers included, and all of it is accounted for.
func TestListsAskedThroughPostfix(t *testing.T) {
	day := utcDay()
	zones := identityZones(t)
	sum := sha1.Sum([]byte("answers@drop.example"))
	for name, host := range map[string]dnstest.Host{
		"signed.example.signers.example":               dnstest.A("127.0.0.2"),
		"reply.example.names.example":                  dnstest.A("127.0.0.2"),
		hex.EncodeToString(sum[:]) + ".hashes.example": dnstest.A("127.0.0.2"),
		"77.100.51.198.relays.example":                 dnstest.A("127.0.0.2"),
		"80.100.51.198.behind.example":                 dnstest.A("127.0.0.2"),
		"www.shop.example":                             dnstest.A("198.51.100.80"),
		"served.example":                               {NS: []string{"ns.served.example"}},
		"ns.served.example":                            dnstest.A("198.51.100.80"),
	} {
		zones[name] = host
	}
	path := filepath.Join(t.TempDir(), "lists.yaml")
	must(t, os.WriteFile(path, []byte(askedLists), 0o600))
	s := newIdentitySite(t, zones, func(c *app.Config) { c.Lists.ExtraFiles = []string{path} })

	const author = "writer@signed.example"
	replaced := func(data []byte, text string) []byte { return bytes.Replace(data, []byte("shed"), []byte(text), 1) }
	mails := map[string][]byte{
		"LIST_SIGNERS": sign(t, authored(author, "LIST_SIGNERS"), "signed.example"),
		"LIST_NAMES":   authored(author, "LIST_NAMES", "Reply-To: somebody@mail.reply.example"),
		"LIST_HASHES":  authored(author, "LIST_HASHES", "Reply-To: Answers+12@drop.example"),
		"LIST_RELAYS": authored(author, "LIST_RELAYS",
			"Received: from a.example (a.example [198.51.100.77]) by client.sender.example.net (Postfix) with ESMTP id 1; Wed, 14 Dec 2016 12:00:00 +0000"),
		"LIST_BEHIND":                replaced(authored(author, "LIST_BEHIND"), "http://www.shop.example/"),
		"LIST_BEHIND by its servers": replaced(authored(author, "LIST_BEHIND by its servers"), "http://www.served.example/"),
		"nothing":                    authored(author, "nothing"),
		"nothing, forged":            replaced(sign(t, authored(author, "nothing, forged"), "signed.example"), "barn"),
	}
	for subject, data := range mails {
		if reply := s.send(t, rig.Mail{Sender: "writer@allow.example", Data: data}).Final(); !reply.OK() {
			t.Errorf("%s: %v", subject, reply)
			continue
		}
		s.delivered(t, subject)
		var got, want []string
		s.made(t, subject).verdict.Each(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) {
			if strings.HasPrefix(hit.Symbol, "LIST_") {
				got = append(got, hit.Symbol)
			}
		})
		if symbol, _, _ := strings.Cut(subject, " "); strings.HasPrefix(symbol, "LIST_") {
			want = append(want, symbol)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", subject, diff)
		}
	}
	s.stop(t)
	if day != utcDay() {
		t.Skip("midnight has cut the account in two")
	}
	type account struct{ Asked, Hits, Errors int64 }
	got := map[string]account{}
	for _, row := range s.report(t, day).Sources {
		if strings.Contains(askedLists, "name: "+row.Name+",") {
			got[row.Name] = account{row.Asked, row.Hits, row.Errors}
		}
	}
	n := int64(len(mails))
	want := map[string]account{
		"signers": {1, 1, 0},     // only one signature is valid
		"names":   {n + 2, 1, 0}, // the author, and two Reply-To
		"hashes":  {n + 2, 1, 0},
		"relays":  {1, 1, 0},
		"behind":  {2, 2, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
}

func utcDay() string { return time.Now().UTC().Format(time.DateOnly) }

package test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
	"winnow/pkg/trail"
)

// The worked example of docs/replay.md is worked: on a day that is made here, the configuration of the page makes of it what the
// page prints.
func TestDocsReplay(t *testing.T) {
	page := parseDocument("docs/replay.md", repoFile(t, "docs/replay.md"))
	var change, want string
	for _, b := range page.blocks {
		switch {
		case b.file() == etc+"/new.yaml":
			change = b.text
		case b.is("text replay"):
			want = b.text
		}
	}
	if change == "" || want == "" {
		t.Fatal("the page has no configuration new.yaml, or shows no replay of it")
	}
	dir := t.TempDir()
	settings := fmt.Sprintf("state_dir: %s\ndns:\n  servers: [%s]\n", filepath.Join(dir, "state"), dnstest.Serve(t, docsDay).Addr)
	writeFile(t, filepath.Join(dir, "winnow.yaml"), settings)
	writeFile(t, filepath.Join(dir, "new.yaml"), settings+change)
	recordDocsDay(t, filepath.Join(dir, "winnow.yaml"))

	got := command(t, "replay", "--config", filepath.Join(dir, "new.yaml"), "--running", filepath.Join(dir, "winnow.yaml"), "--from", "all", "--most", "2")
	if got.code != 0 || got.stderr != "" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("docs/replay.md is not what it prints (-page +got):\n%s\nall of it:\n%s", diff, got.stdout)
	}
}

// docsDay is what the DNS has on the day of the example: of each /24 the clients that a list has.
var docsDay = dnstest.Zones{
	"*.100.51.198.zen.spamhaus.org":     dnstest.A("127.0.0.4"),
	"pills.example.multi.uribl.com":     dnstest.A("127.0.0.2"),
	"www.pills.example.multi.surbl.org": dnstest.A("127.0.0.8"),
	"shop.example.multi.uribl.com":      dnstest.A("127.0.0.2"),
	"sender.example":                    {MX: []string{"mx.sender.example"}, A: []string{"203.0.113.1"}},
	"mx.sender.example":                 dnstest.A("203.0.113.1"),
	"*.113.0.203.in-addr.arpa":          {PTR: []string{"mx.sender.example"}},
}

// recordDocsDay records the day of the example: 60 clients that only call, 20 that are listed and try to send, and 100 messages.
func recordDocsDay(t *testing.T, conf string) {
	t.Helper()
	c, err := app.LoadConfig(conf)
	must(t, err)
	a, err := app.New(t.Context(), c, app.Options{ReadOnly: true})
	must(t, err)
	at := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	kept, err := trail.Open(c.Trail, trail.Options{StateDir: c.StateDir, Now: func() time.Time { return at }})
	must(t, err)
	kept.InForce(a.InForce())
	ctx := context.Background()
	for i := range 60 {
		client := message.Client{Addr: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), Helo: "host.example"}
		kept.Connection(client, a.Pipeline().Connect(ctx, client))
	}
	letter := func(n int, network [3]byte, link string) {
		at = at.Add(time.Minute)
		text := fmt.Sprintf("From: Writer <writer@sender.example>\r\nTo: Alice <alice@our.example>\r\nSubject: news\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <%d@sender.example>\r\n\r\nHello Alice,\r\nsee %s for more.\r\n", n, link)
		m, err := message.Parse(strings.NewReader(text), 0)
		must(t, err)
		m.Stored, m.ID, m.Time, m.Sender = false, fmt.Sprintf("aaaa-%04d", n), at, "writer@sender.example"
		m.Client = message.Client{Addr: netip.AddrFrom4([4]byte{network[0], network[1], network[2], 1}), Name: "mx.sender.example", Helo: "mx.sender.example"}
		kept.Message(m, a.Pipeline().Check(ctx, m, []string{"alice@our.example"}))
	}
	listed, clean := [3]byte{198, 51, 100}, [3]byte{203, 0, 113}
	for n := range 120 {
		switch {
		case n%6 == 0:
			letter(n, listed, "http://www.pills.example/")
		case n%10 == 1:
			letter(n, clean, "http://www.pills.example/")
		case n%10 == 3:
			letter(n, clean, "http://www.shop.example/")
		default:
			letter(n, clean, "http://www.partner.example/")
		}
	}
	must(t, kept.Close(ctx))
	must(t, a.Close())
}

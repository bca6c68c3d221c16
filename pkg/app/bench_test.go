package app

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/milter/miltertest"
)

// benchConfig is the default but for where things are: the shipped lists and rules, the embedded store, DNS on loopback.
func benchConfig(b *testing.B) *Config {
	b.Helper()
	zones := dnstest.Zones{
		"4.2.0.192.zen.spamhaus.org":     dnstest.A("127.0.0.4"),
		"black.example.dbl.spamhaus.org": dnstest.A("127.0.1.2"),
	}
	dir := b.TempDir()
	c := DefaultConfig()
	c.StateDir = filepath.Join(dir, "state")
	c.Milter.Listen = []string{"unix:" + filepath.Join(dir, "milter.sock")}
	c.DNS.Servers = []string{dnstest.Serve(b, zones).Addr}
	return &c
}

func benchApp(b *testing.B) *App {
	b.Helper()
	a, err := New(context.Background(), benchConfig(b), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	return a
}

var (
	unlisted = message.Client{Addr: netip.MustParseAddr("198.51.100.7"), Helo: "client.example.net"}
	listed   = message.Client{Addr: netip.MustParseAddr("192.0.2.4"), Helo: "client.example.net"}
)

// A connect verdict whose DNS answers are in the cache.
func BenchmarkConnect(b *testing.B) {
	a := benchApp(b)
	for name, client := range map[string]message.Client{"unlisted": unlisted, "listed": listed} {
		b.Run(name, func(b *testing.B) {
			a.Pipeline().Connect(context.Background(), client)
			b.ReportAllocs()
			for b.Loop() {
				a.Pipeline().Connect(context.Background(), client)
			}
		})
	}
}

// A recipient's verdict: no entries, one question to the embedded store.
func BenchmarkRecipient(b *testing.B) {
	a := benchApp(b)
	m := &message.Message{Client: unlisted, Sender: "bob@example.org", Recipient: "alice@our.example"}
	b.ReportAllocs()
	for b.Loop() {
		a.Pipeline().Recipient(context.Background(), m, filter.NewVerdict("id", nil))
	}
}

var letter = strings.Repeat("Hello Alice,\r\n\r\nthe room is taken on Thursday; see https://www.meeting.example/board/ for more.\r\n\r\nBob\r\n", 8)

// A small message through the milter socket: connection, HELO, MAIL, RCPT, ten fields, a body of 1 KB with one link, all
// shipped rules and lists, log and account. The client's share is in the figure.
func BenchmarkSmallMessage(b *testing.B) {
	a := benchApp(b)
	s, err := a.Start(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Stop(); err != nil {
			b.Error(err)
		}
	})
	mail := &miltertest.Mail{QueueID: "Q1", Sender: "bob@example.org", Recipients: []string{"alice@our.example"}, Body: []byte(letter)}
	for _, field := range []string{"Received", "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "User-Agent", "X-One", "X-Two"} {
		mail.Header = append(mail.Header, [2]string{field, " a value of a usual length, such as fields have"})
	}
	addr := s.Addrs()[0]
	b.ReportAllocs()
	for b.Loop() {
		if err := deliver(addr.Network(), addr.String(), mail); err != nil {
			b.Fatal(err)
		}
	}
}

func deliver(network, address string, mail *miltertest.Mail) error {
	c, err := miltertest.Dial(network, address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Negotiate(miltertest.Postfix); err != nil {
		return err
	}
	if _, err := c.Connect("[198.51.100.7]", '4', "198.51.100.7"); err != nil {
		return err
	}
	if _, err := c.Helo("client.example.net"); err != nil {
		return err
	}
	if _, err := c.Deliver(mail); err != nil {
		return err
	}
	return c.Quit()
}

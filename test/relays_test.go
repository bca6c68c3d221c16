package test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap/zaptest/observer"

	"winnow/pkg/app"
	"winnow/pkg/rig"
)

// A site with a backup MX, a forwarder that it believes, a host that hides who connects, and mail that is fetched.
const (
	backupMX  = "198.18.128.25" // ZEN lists it, which must not matter
	forwarder = "198.18.20.3"
	balancer  = "198.18.128.80" // the same
)

var relaysDay = time.Date(2025, 2, 3, 10, 0, 0, 0, time.UTC)

func relaysSite(t *testing.T, lines ...string) (*site, *observer.ObservedLogs) {
	log, logs := observed(t)
	s := newSiteFor(t, sitePlan{postfix: lines, options: app.Options{Log: log, Now: func() time.Time { return relaysDay }}, change: func(c *app.Config) {
		c.Networks.Own = append(c.Networks.Own, netip.MustParsePrefix("198.18.128.16/28"))
		c.Networks.Relays = []netip.Prefix{netip.MustParsePrefix(backupMX + "/32"), netip.MustParsePrefix("127.0.0.1/32")}
		c.Networks.Trusted = []netip.Prefix{netip.MustParsePrefix("198.18.20.0/28")}
		c.Networks.Blind = []netip.Prefix{netip.MustParsePrefix(balancer + "/32")}
	}})
	return s, logs
}

func receivedFrom(helo, addr, by string) string {
	return "Received: from " + helo + " (unknown [" + addr + "])\r\n\tby " + by + " (Postfix) with ESMTP id 4QxYz12abc\r\n\tfor <user@our.example>; Mon, 03 Feb 2025 10:11:12 +0100 (CET)"
}

// What a relay hands on is judged by who gave it to the relay, and tagged where others are refused.
func TestBehindRelay(t *testing.T) {
	s, logs := relaysSite(t)
	const listedOrigin, cleanOrigin = onZen + "7", clean + "7"
	byBackup := func(addr string) string { return receivedFrom("mail.sender.example.net", addr, "backup.our.example") }
	tests := []struct {
		name, client, sender string
		points               int
		fields               []string
		code                 int
		origin               string // as the log has it
		status               string // pattern
	}{
		{"good", backupMX, "", 0, []string{byBackup(cleanOrigin)}, 250, cleanOrigin, `^No, score=0\.0 .*tests=none`},
		{"its origin is listed", backupMX, "", 0, []string{byBackup(listedOrigin)}, 250, listedOrigin, `^Yes, .*tests=ZEN_XBL`},
		{"its origin is on two lists", backupMX, "", 0, []string{byBackup(onZenIVM + "7")}, 250, onZenIVM + "7", `^Yes, .*tests=ZEN_SBL,\s*IVM_SIP`},
		{"its origin is on a list for points", backupMX, "", 0, []string{byBackup(onBRBL + "7")}, 250, onBRBL + "7", `^No, .*tests=BARRACUDA`},
		{"points to refuse", backupMX, "", 16, []string{byBackup(cleanOrigin)}, 250, cleanOrigin, `^Yes, score=16\.0 `},
		{"over the forwarder, too", backupMX, "", 0, []string{byBackup(forwarder), receivedFrom("x", listedOrigin, "forwarder.example")}, 250, listedOrigin, `^Yes, .*tests=ZEN_XBL`},
		{"the forwarder", forwarder, "", 0, []string{receivedFrom("x", listedOrigin, "forwarder.example")}, 250, listedOrigin, `^Yes, .*tests=ZEN_XBL`},
		{"what is below the origin does not matter", backupMX, "", 0, []string{byBackup(cleanOrigin), receivedFrom("x", listedOrigin, "y")}, 250, cleanOrigin, `^No, .*tests=none`},
		{"a name in HELO for another's address", backupMX, "", 0, []string{receivedFrom("x ["+cleanOrigin+"] by y", listedOrigin, "backup.our.example")}, 250, listedOrigin, `^Yes, .*tests=ZEN_XBL`},
		{"nobody wrote down who it was", backupMX, "", 0, []string{"Received: from x by backup.our.example with SMTP", byBackup(listedOrigin)}, 250, "invalid IP", `^No, .*tests=none`},
		{"blacklisted", backupMX, "black@pests.example", 0, []string{byBackup(cleanOrigin)}, 250, cleanOrigin, `class=blacklisted`},
		{"blacklisted, from a stranger", cleanOrigin, "black@pests.example", 0, nil, 550, "", ""},
		{"a stranger", listedOrigin, "", 0, []string{byBackup(cleanOrigin)}, 550, "", ""},
		{"behind a host that hides", balancer, "", 0, []string{byBackup(listedOrigin)}, 250, "", `^No, .*tests=none`},
		{"points, behind a host that hides", balancer, "", 16, nil, 550, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.sender == "" {
				test.sender = "writer@sender.example.net"
			}
			subject := "relays: " + test.name
			data := append([]byte(strings.Join(append(test.fields, ""), "\r\n")), letter(subject, test.points)...)
			reply := s.send(t, rig.Mail{Client: rig.Client{Addr: netip.MustParseAddr(test.client), Name: "host.example"}, Sender: test.sender, Data: data}).Final()
			if reply.Code != test.code {
				t.Fatalf("got %v, want %d", reply, test.code)
			}
			if test.code != 250 {
				return
			}
			d := s.delivered(t, subject)
			status := strings.Join(d.Header("X-Spam-Status"), "|")
			matches(t, "X-Spam-Status", status, test.status)
			tagged := strings.HasPrefix(test.status, "^Yes") || test.status == "class=blacklisted"
			if got := len(d.Header("X-Spam-Flag")) > 0; got != tagged {
				t.Errorf("X-Spam-Flag: got %v, want %v", got, tagged)
			}
			if test.origin != "" {
				line := logs.FilterMessage("message").All()
				if got := line[len(line)-1].ContextMap()["origin"]; got != test.origin {
					t.Errorf("origin in the log: got %v, want %s", got, test.origin)
				}
			}
		})
	}
	s.stop(t)
	r := s.report(t, relaysDay.Format(time.DateOnly))
	messages, relayed := r.Messages, int64(0)
	for _, test := range tests {
		if test.origin != "" {
			relayed++
		}
	}
	if messages.Relayed != relayed {
		t.Errorf("relayed: got %d, want %d", messages.Relayed, relayed)
	}
	balances(t, r)
	if r.Connections.Total != int64(len(tests)) || r.Connections.Accepted != int64(len(tests))-1 {
		t.Errorf("connections: got %+v, want all but one of %d accepted", r.Connections, len(tests))
	}
}

// A second Postfix takes mail for the first, which is down as it were, and hands it on: nothing comes back to the sender.
func TestBackupMX(t *testing.T) {
	s, _ := relaysSite(t, "smtpd_milter_maps =") // our Postfix shows winnow the other, which comes from 127.0.0.1
	backup, err := s.rig.Postfix(t.Context(), rig.PostfixConfig{
		Domains: []string{"our.example"},
		Lines:   []string{"myhostname = backup.our.example", "relay_transport = smtp:[127.0.0.1]:" + portOf(s.postfix.Addr()), "smtp_bind_address = 127.0.0.1"},
	})
	must(t, err)
	send := func(subject, client, helo string, points int) *rig.Delivery {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		got, err := rig.Send(ctx, backup.Addr(), rig.Mail{
			Client: rig.Client{Addr: netip.MustParseAddr(client), Helo: helo}, Sender: "writer@sender.example.net", Recipients: []string{"user@our.example"}, Data: letter(subject, points),
		})
		must(t, err)
		if !got.Accepted() {
			t.Fatalf("%s: the backup MX: %v", subject, got.Final())
		}
		return s.delivered(t, subject)
	}
	for _, test := range []struct {
		name, client, helo string
		points             int
		status             string
	}{
		{"good", clean + "7", "", 0, `^No, .*tests=none`},
		{"listed", onZen + "7", "mail.sender.example.net", 0, `^Yes, .*tests=ZEN_XBL`},
		{"listed, with a clever name", onZen + "8", "x [" + clean + "7] by y", 0, `^Yes, .*tests=ZEN_XBL`},
		{"listed, over IPv6", "2001:db8:c55::7", "", 0, `tests=ZEN_CSS`},
		{"spam", clean + "7", "", 16, `^Yes, score=16\.0 `},
	} {
		d := send("backup: "+test.name, test.client, test.helo, test.points)
		matches(t, test.name, strings.Join(d.Header("X-Spam-Status"), "|"), test.status)
		if d.Sender != "writer@sender.example.net" {
			t.Errorf("%s: got a bounce: %s", test.name, d.Data)
		}
	}
	// fetchmail hands over by SMTP at the same address
	fetched := "Received: from pop.provider.example [198.18.20.1]\r\n\tby localhost with IMAP (fetchmail-6.4.37)\r\n\tfor <user@our.example> (single-drop); Mon, 03 Feb 2025 10:11:12 +0100 (CET)\r\n" +
		receivedFrom("x", onZen+"9", "mx.provider.example") + "\r\n"
	got, err := rig.Send(t.Context(), s.postfix.Addr(), rig.Mail{Sender: "writer@sender.example.net", Recipients: []string{"user@our.example"}, Data: append([]byte(fetched), letter("fetched", 0)...)})
	must(t, err)
	if !got.Accepted() {
		t.Errorf("fetched: %v", got.Final())
	}
	matches(t, "fetched", strings.Join(s.delivered(t, "fetched").Header("X-Spam-Status"), "|"), `^Yes, .*tests=ZEN_XBL`)
	if log := backup.Log(); strings.Contains(log, "status=bounced") || strings.Contains(log, "status=deferred") {
		t.Errorf("the backup MX could not get rid of it all:\n%s", log)
	}
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

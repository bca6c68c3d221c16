package test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/rig"
)

// id is what a reply names the transaction by.
const id = `\[[0-9a-z]+-[0-9a-z]+\]`

// Every action: the reply that the client reads, and what becomes of the mail.
func TestActions(t *testing.T) {
	s := newSite(t, nil)
	tests := []struct {
		name      string
		points    int
		reply     string // a pattern
		delivered bool
		headers   map[string]string // patterns; "" is absent
	}{
		{"accept", 0, `^250 2\.0\.0 `, true, map[string]string{"X-Spam-Status": `^No, score=0\.0 required=5\.0 class=scanned`, "X-Spam-Flag": "", "X-Spam-Level": "", "X-Spam-Score": `^0\.0$`}},
		{"accept with points", 3, `^250 2\.0\.0 `, true, map[string]string{"X-Spam-Status": `^No, score=3\.0 .*tests=POINTS_3$`, "X-Spam-Flag": "", "X-Spam-Level": `^\*\*\*$`}},
		{"tag", 6, `^250 2\.0\.0 `, true, map[string]string{"X-Spam-Status": `^Yes, score=6\.0 required=5\.0 .*tests=POINTS_6$`, "X-Spam-Flag": "^YES$", "X-Spam-Level": `^\*{6}$`, "X-Spam-Score": `^6\.0$`}},
		{"quarantine", 9, `^250 2\.0\.0 `, false, nil},
		{"defer", 12, `^451 4\.7\.1 ` + id + ` `, false, nil},
		{"reject", 16, `^550 5\.7\.1 ` + id + ` Message looks like spam`, false, nil},
		{"discard", 21, `^250 2\.0\.0 `, false, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			subject := "action " + test.name
			reply := s.send(t, rig.Mail{Sender: "writer@sender.example.net", Data: letter(subject, test.points)}).Final()
			matches(t, "reply", reply.String(), test.reply)
			if !test.delivered {
				if s.isDelivered(t, subject) {
					t.Error("it was delivered")
				}
				return
			}
			d := s.delivered(t, subject)
			for name, want := range test.headers {
				got := strings.Join(d.Header(name), "|")
				if want == "" && got != "" {
					t.Errorf("%s: got %q, want none", name, got)
				} else if want != "" {
					matches(t, name, got, want)
				}
			}
		})
	}
	held, err := s.postfix.Held(t.Context())
	must(t, err)
	if len(held) != 1 {
		t.Errorf("got %d messages on hold, want the one that was quarantined", len(held))
	}
}

func matches(t testing.TB, what, got, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(got) {
		t.Errorf("%s: got %q, want %s", what, got, pattern)
	}
}

// A listed client is refused at RCPT, in words that its postmaster can act on.
func TestListedClient(t *testing.T) {
	s := newSite(t, nil)
	client := func(addr string) rig.Client { return rig.Client{Addr: netip.MustParseAddr(addr)} }
	tests := []struct{ name, client, want string }{
		{"ZEN", onZen + "7", `^550 5\.7\.1 ` + id + ` Client host \[198\.18\.128\.7\] .*Spamhaus ZEN \(XBL\).* https://www\.spamhaus\.org/query/ip/198\.18\.128\.7$`},
		{"ivmSIP", onIVM + "7", `^550 5\.7\.1 ` + id + ` Client host \[198\.18\.32\.7\] .*Invaluement ivmSIP`},
		{"both: the first", onZenIVM + "7", `^550 5\.7\.1 ` + id + ` .*Spamhaus ZEN \(SBL\)`},
		{"CSS over IPv6 is worth points", onCSS + "7", `^250 `},
		{"points only", onBRBL + "7", `^250 `},
		{"not listed", clean + "7", `^250 `},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			transcript := s.send(t, rig.Mail{Client: client(test.client), Sender: "a@sender.example.net", Data: letter(test.name, 0)})
			matches(t, "reply", transcript.Final().String(), test.want)
			if refused := transcript.Final().Refused(); refused != transcript.Rcpts[0].Refused() {
				t.Errorf("refused %v, but at RCPT %v", refused, transcript.Rcpts[0])
			}
		})
	}
	if log := s.postfix.Log(); !strings.Contains(log, "milter-reject: RCPT from") || !strings.Contains(log, "to=<user@our.example>") {
		t.Error("Postfix's log does not say who the refusals were for")
	}
	for _, exempt := range []string{"postmaster@our.example", "abuse@our.example"} {
		reply := s.send(t, rig.Mail{Client: client(onZen + "7"), Sender: "a@sender.example.net", Recipients: []string{exempt}, Data: letter("complaint", 16)}).Final()
		if !reply.OK() {
			t.Errorf("%s: got %v, want it never refused", exempt, reply)
		}
	}
}

func TestRejectAtConnect(t *testing.T) {
	s := newSite(t, func(c *app.Config) { must(t, c.Milter.RejectAt.UnmarshalText([]byte("connect"))) })
	reply := s.send(t, rig.Mail{Client: rig.Client{Addr: netip.MustParseAddr(onZen + "7")}, Sender: "a@sender.example.net", Data: letter("x", 0)}).Final()
	if !reply.Refused() || reply.Code/100 != 5 {
		t.Errorf("got %v, want 5yz", reply)
	}
	if reply := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: letter("y", 0)}).Final(); !reply.OK() {
		t.Errorf("not listed: got %v", reply)
	}
}

// Recipients of one message who want different things: the most lenient decides, and the blacklist is each one's own.
func TestMixedRecipients(t *testing.T) {
	s := newSite(t, nil)
	const scan, white, off, black = "user@our.example", "anna@our.example", "quiet@optout.example", "anna@our.example"
	tests := []struct {
		name       string
		sender     string
		recipients []string
		rcpts      string // codes at RCPT
		content    string // pattern
		tagged     bool   // delivered with YES
		class      string
	}{
		{"scanned", "a@sender.example.net", []string{scan}, "250", "^550 ", false, ""},
		{"two scanned", "a@sender.example.net", []string{scan, "second@our.example"}, "250 250", "^550 ", false, ""},
		{"not enabled", "a@sender.example.net", []string{off}, "250", "^250 ", false, "not enabled"},
		{"whitelisted", "for-anna@friends.example", []string{white}, "250", "^250 ", false, "whitelisted"},
		{"scanned and not enabled", "a@sender.example.net", []string{scan, off}, "250 250", "^250 ", true, "scanned"},
		{"scanned and whitelisted", "for-anna@friends.example", []string{scan, white}, "250 250", "^250 ", true, "scanned"},
		{"whitelisted and not enabled", "for-anna@friends.example", []string{white, off}, "250 250", "^250 ", false, "not enabled"},
		{"all three", "for-anna@friends.example", []string{scan, white, off}, "250 250 250", "^250 ", true, "scanned"},
		{"blacklisted", "for-anna@pests.example", []string{black}, "550", "", false, ""},
		{"blacklisted, then scanned", "for-anna@pests.example", []string{black, scan}, "550 250", "^550 ", false, ""},
		{"scanned, then blacklisted", "for-anna@pests.example", []string{scan, black}, "250 550", "^550 ", false, ""},
		{"blacklisted and not enabled", "for-anna@pests.example", []string{black, off}, "550 250", "^250 ", false, "not enabled"},
		{"blacklisted, scanned, not enabled", "for-anna@pests.example", []string{black, scan, off}, "550 250 250", "^250 ", true, "scanned"},
		{"blacklisted for all", "black@pests.example", []string{scan, off}, "550 550", "", false, ""},
		{"scanned and postmaster", "a@sender.example.net", []string{scan, "postmaster@our.example"}, "250 250", "^250 ", true, "scanned"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			subject := "mixed: " + test.name
			got := s.send(t, rig.Mail{Sender: test.sender, Recipients: test.recipients, Data: letter(subject, 16)})
			if codes := codes(got.Rcpts); codes != test.rcpts {
				t.Errorf("at RCPT: got %s, want %s (%v)", codes, test.rcpts, got.Rcpts)
			}
			if test.content == "" {
				matches(t, "reply", got.Rcpts[0].String(), `^550 5\.7\.1 `+id+" ")
				return
			}
			matches(t, "content", got.Content.String(), test.content)
			if test.class == "" {
				return
			}
			d := s.delivered(t, subject)
			matches(t, "X-Spam-Status", strings.Join(d.Header("X-Spam-Status"), "|"), "class="+strings.ReplaceAll(test.class, " ", "-"))
			if flagged := len(d.Header("X-Spam-Flag")) > 0; flagged != test.tagged {
				t.Errorf("X-Spam-Flag: got %v, want %v", flagged, test.tagged)
			}
		})
	}
}

func codes(replies []rig.Reply) string {
	var all []string
	for _, r := range replies {
		all = append(all, fmt.Sprint(r.Code))
	}
	return strings.Join(all, " ")
}

// Whoever a local user writes to may write back, however spammy; nobody else gets by on it.
func TestAutoWhitelist(t *testing.T) {
	s := newSite(t, nil)
	write := func(client rig.Client, sender, recipient, subject string, points int, fields ...string) rig.Reply {
		return s.send(t, rig.Mail{Client: client, Sender: sender, Recipients: []string{recipient}, Data: letter(subject, points, fields...)}).Final()
	}
	own := rig.Client{Addr: netip.MustParseAddr("198.19.200.1")}
	user := rig.Client{Addr: netip.MustParseAddr(onZen + "9"), Login: "anna"} // a dial-up address that ZEN lists
	if r := write(stranger, "new@partner.example.net", "anna@our.example", "unknown yet", 16); r.Code != 550 {
		t.Fatalf("before anything was learned: got %v, want 550", r)
	}
	if r := write(own, "anna+news@our.example", "New@Partner.example.net", "anna writes", 16); !r.OK() {
		t.Fatalf("outbound from own network: got %v", r)
	}
	if r := write(user, "anna@our.example", "other@partner.example.net", "anna writes from home", 16); !r.OK() {
		t.Fatalf("outbound after login: got %v", r)
	}
	if r := write(own, "anna@our.example", "robot@partner.example.net", "anna is away", 0, "Auto-Submitted: auto-replied"); !r.OK() {
		t.Fatalf("automatic reply: got %v", r)
	}
	for _, d := range []string{"anna writes", "anna writes from home"} {
		if got := s.delivered(t, d).Header("X-Spam-Status"); got != nil {
			t.Errorf("%s: outbound mail was marked: %v", d, got)
		}
	}
	tests := []struct {
		name, sender, recipient string
		want                    int
	}{
		{"the correspondent", "new@partner.example.net", "anna@our.example", 250},
		{"in other letters, to a tag", "NEW@partner.example.NET", "Anna+private@our.example", 250},
		{"the one written to from home", "other@partner.example.net", "anna@our.example", 250},
		{"to somebody else", "new@partner.example.net", "user@our.example", 550},
		{"a neighbour of the correspondent", "stranger@partner.example.net", "anna@our.example", 550},
		{"who only got an automatic reply", "robot@partner.example.net", "anna@our.example", 550},
		{"nobody", "", "anna@our.example", 550},
		{"anna herself, from outside", "anna@our.example", "anna@our.example", 550},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if r := write(stranger, test.sender, test.recipient, test.name, 16); r.Code != test.want {
				t.Errorf("got %v, want %d", r, test.want)
			}
		})
	}
	if got := s.delivered(t, "the correspondent").Header("X-Spam-Status"); len(got) != 1 || !strings.Contains(got[0], "class=whitelisted") {
		t.Errorf("got %v, want class=whitelisted", got)
	}
}

func TestWhitelistRescues(t *testing.T) {
	s := newSite(t, func(c *app.Config) { c.Policy.WhitelistRescues = true })
	listed := rig.Client{Addr: netip.MustParseAddr(onZen + "7")}
	got := s.send(t, rig.Mail{Client: listed, Sender: "for-anna@friends.example", Recipients: []string{"user@our.example", "anna@our.example"}, Data: letter("rescued", 16)})
	if codes(got.Rcpts) != "550 250" || !got.Content.OK() {
		t.Errorf("got %v, %v, want the recipient who knows the sender let through alone", got.Rcpts, got.Content)
	}
}

// What the sender says of itself is not ours, and is not delivered as ours.
func TestForgedHeaders(t *testing.T) {
	s := newSite(t, nil)
	s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: letter("forged", 6,
		"X-Spam-Flag: NO", "X-Spam-Status: No, score=-100", "x-spam-status: No, score=-99", "X-Spam-Level:", "X-Spam-Score: -100", "X-Other: kept")})
	d := s.delivered(t, "forged")
	for name, want := range map[string]string{"X-Spam-Flag": "^YES$", "X-Spam-Status": "^Yes, score=6", "X-Spam-Level": `^\*{6}$`, "X-Spam-Score": `^6\.0$`, "X-Other": "^kept$"} {
		got := d.Header(name)
		if len(got) != 1 {
			t.Errorf("%s: got %q, want one", name, got)
			continue
		}
		matches(t, name, got[0], want)
	}
}

// What SMTP allows and clients do.
func TestDialogues(t *testing.T) {
	s := newSite(t, nil)
	ctx := t.Context()
	dial := func(t *testing.T) *rig.Session {
		c, err := rig.Dial(ctx, s.postfix.Addr())
		must(t, err)
		t.Cleanup(func() { c.Close() })
		ok(t, "XCLIENT")(c.Xclient(stranger))
		ok(t, "EHLO")(c.Hello("client.sender.example.net"))
		return c
	}
	t.Run("several messages on one connection, each with its own end", func(t *testing.T) {
		c := dial(t)
		for n, points := range []int{16, 0, 6, 12, 0, 21, 9, 3} {
			ok(t, "MAIL")(c.Mail("a@sender.example.net"))
			ok(t, "RCPT")(c.Rcpt("user@our.example"))
			reply, err := c.Data(letter(fmt.Sprintf("row %d", n), points))
			must(t, err)
			want := map[int]int{16: 550, 12: 451}[points]
			if want == 0 {
				want = 250
			}
			if reply.Code != want {
				t.Errorf("message %d with %d points: got %v, want %d", n, points, reply, want)
			}
		}
		if len(s.delivered(t, "row 7").Header("X-Spam-Flag")) != 0 || len(s.delivered(t, "row 2").Header("X-Spam-Flag")) != 1 {
			t.Error("one message's verdict was taken for another's")
		}
	})
	t.Run("refused recipient, then a good one, then the next message", func(t *testing.T) {
		c := dial(t)
		ok(t, "MAIL")(c.Mail("black@pests.example"))
		refused(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "RCPT")(c.Rcpt("postmaster@our.example"))
		ok(t, "DATA")(c.Data(letter("to postmaster", 0)))
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "DATA")(c.Data(letter("after the refusal", 0)))
	})
	t.Run("RSET at every point", func(t *testing.T) {
		c := dial(t)
		ok(t, "RSET")(c.Reset())
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RSET")(c.Reset())
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "RSET")(c.Reset())
		ok(t, "MAIL")(c.Mail("black@pests.example"))
		refused(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "RSET")(c.Reset())
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "DATA")(c.Data(letter("after many RSETs", 0)))
		ok(t, "EHLO")(c.Hello("again.sender.example.net"))
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		ok(t, "DATA")(c.Data(letter("after EHLO again", 0)))
	})
	t.Run("no recipients", func(t *testing.T) {
		c := dial(t)
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		refused(t, "DATA")(c.Command("DATA"))
		ok(t, "QUIT")(c.Quit())
	})
	t.Run("pipelined", func(t *testing.T) {
		got := s.send(t, rig.Mail{Sender: "black@pests.example", Recipients: []string{"user@our.example", "abuse@our.example"}, Data: letter("pipelined", 0), Pipelined: true})
		if codes(got.Rcpts) != "550 250" || !got.Content.OK() {
			t.Errorf("got %v, %v", got.Rcpts, got.Content)
		}
	})
	t.Run("null sender", func(t *testing.T) {
		got := s.send(t, rig.Mail{Data: letter("bounce", 6), Args: []string{"RET=HDRS"}})
		if !got.Content.OK() || s.delivered(t, "bounce").Sender != "" {
			t.Errorf("got %v", got.Content)
		}
	})
	t.Run("SMTPUTF8", func(t *testing.T) {
		got := s.send(t, rig.Mail{Sender: "bjørn@sender.example.net", Recipients: []string{"user@our.example"}, Args: []string{"SMTPUTF8"}, Data: letter("grüße", 6)})
		if !got.Content.OK() {
			t.Fatalf("got %v", got)
		}
		matches(t, "X-Spam-Flag", strings.Join(s.delivered(t, "grüße").Header("X-Spam-Flag"), ""), "YES")
	})
	t.Run("empty body", func(t *testing.T) {
		got := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: []byte("Subject: nothing\r\n\r\n")})
		if !got.Content.OK() || len(s.delivered(t, "nothing").Body()) != 0 {
			t.Errorf("got %v", got.Content)
		}
	})
	t.Run("no header", func(t *testing.T) {
		if got := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: []byte("\r\npoints: 16\r\n")}); got.Content.Code != 550 {
			t.Errorf("got %v, want 550", got.Content)
		}
	})
	t.Run("60 MB", func(t *testing.T) {
		line := []byte(strings.Repeat("large ", 12) + "\r\n")
		data := append(letter("large", 16), bytes.Repeat(line, 60<<20/len(line))...)
		got := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: data})
		if !got.Content.OK() {
			t.Fatalf("got %v", got.Content)
		}
		d := s.delivered(t, "large")
		matches(t, "X-Spam-Status", strings.Join(d.Header("X-Spam-Status"), ""), "class=too-large")
		if len(d.Data) < len(data) {
			t.Errorf("delivered %d octets of %d", len(d.Data), len(data))
		}
	})
	t.Run("client goes away", func(t *testing.T) {
		c := dial(t)
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		must(t, c.Close())
		if reply := s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: letter("the next client", 0)}).Final(); !reply.OK() {
			t.Errorf("the next client: got %v", reply)
		}
	})
}

func ok(t testing.TB, command string) func(rig.Reply, error) {
	return func(r rig.Reply, err error) {
		t.Helper()
		if err != nil || !r.OK() {
			t.Fatalf("%s: got %v, %v", command, r, err)
		}
	}
}

func refused(t testing.TB, command string) func(rig.Reply, error) {
	return func(r rig.Reply, err error) {
		t.Helper()
		if err != nil || !r.Refused() {
			t.Fatalf("%s: got %v, %v, want a refusal", command, r, err)
		}
	}
}

// A reload under traffic loses no mail; a broken file keeps the old set, and the error says where it is broken.
func TestReload(t *testing.T) {
	s := newSite(t, nil)
	rule := func(text string) { writeFile(t, s.dir+"/rules/20_more.cf", text) }
	send := func(subject string) int {
		return s.send(t, rig.Mail{Sender: "a@sender.example.net", Data: append(letter(subject, 0), "the new word\r\n"...)}).Final().Code
	}
	if code := send("before"); code != 250 {
		t.Fatalf("before: got %d", code)
	}
	rule("body NEW_WORD /the new word/\nscore NEW_WORD 16\n")
	stop := make(chan struct{})
	traffic := make(chan string, 1)
	go func() {
		defer close(traffic)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			got, err := rig.Send(ctx, s.postfix.Addr(), rig.Mail{Client: stranger, Sender: "a@sender.example.net", Recipients: []string{"user@our.example"}, Data: letter("traffic", 1)})
			cancel()
			if err != nil || !got.Accepted() {
				traffic <- fmt.Sprintf("message %d: %v, %v", n, got.Final(), err)
				return
			}
		}
	}()
	must(t, s.app.Reload())
	if code := send("after"); code != 550 {
		t.Errorf("after the reload: got %d, want 550", code)
	}
	rule("body NEW_WORD /the (new word/\nscore NEW_WORD 16\n")
	if err := s.app.Reload(); err == nil || !strings.Contains(err.Error(), "20_more.cf:1: ") {
		t.Errorf("a broken rule: got %v, want file and line", err)
	}
	writeFile(t, s.dir+"/whitelist", "white@friends.example auth:none\nthis is no entry\n")
	rule("")
	if err := s.app.Reload(); err == nil || !strings.Contains(err.Error(), "whitelist:2: ") {
		t.Errorf("a broken whitelist: got %v, want file and line", err)
	}
	if code := send("still"); code != 550 {
		t.Errorf("after broken reloads: got %d, want the old rules in force", code)
	}
	close(stop)
	if failed := <-traffic; failed != "" {
		t.Errorf("while reloading: %s", failed)
	}
}

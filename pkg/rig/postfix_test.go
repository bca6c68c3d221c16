package rig

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var letter = Mail{
	Sender:     "ann@example.org",
	Recipients: []string{"bob@our.example"},
	Data:       []byte("From: ann@example.org\nTo: bob@our.example\nSubject: a letter\n\nHello\n.\n..\nend\n"),
}

// letterBody is the letter's body as it is delivered.
const letterBody = "Hello\r\n.\r\n..\r\nend\r\n"

// from is the letter with another client.
func from(c Client) Mail {
	m := letter
	m.Client = c
	return m
}

var (
	stranger = Client{Addr: netip.MustParseAddr("192.0.2.1"), Name: "mail.example.org", Port: 1234}
	nameless = Client{Addr: netip.MustParseAddr("2001:db8::25"), Helo: "friend"}
	roaming  = Client{Addr: netip.MustParseAddr("198.51.100.7"), Login: "bob+home=x"}
)

// newSite starts a mailbox and a Postfix that delivers to it.
func newSite(t *testing.T, conf PostfixConfig) (*Postfix, *Mailbox) {
	t.Helper()
	r := newRig(t, PostfixProgram)
	mailbox := must(r.Mailbox())(t)
	conf.Mailbox, conf.Domains = mailbox.Addr(), []string{"our.example"}
	return must(r.Postfix(patience(t), conf))(t), mailbox
}

// What Postfix accepts is delivered, for local recipients and, since nothing leaves, for all others too.
func TestPostfixDelivers(t *testing.T) {
	s, mailbox := newSite(t, PostfixConfig{IPv6: true})
	ctx := patience(t)
	m := from(stranger)
	m.Recipients = append(m.Recipients, "eve@elsewhere.example")
	transcript := must(Send(ctx, s.Addr(), m))(t)
	if !transcript.Accepted() || transcript.Final().Code != 250 || len(transcript.Rcpts) != 2 {
		t.Errorf("got %+v, want it accepted for both", transcript)
	}
	d := must(mailbox.Wait(ctx, To("eve@elsewhere.example")))(t)
	if slices.Sort(d.Recipients); !slices.Equal(d.Recipients, m.Recipients) {
		t.Errorf("recipients: got %v, want %v", d.Recipients, m.Recipients)
	}
	if got := string(d.Body()); got != letterBody {
		t.Errorf("body: got %q, want %q", got, letterBody)
	}
	if d.Sender != letter.Sender || !cmp.Equal(d.Header("subject"), []string{"a letter"}) || d.Header("X-None") != nil {
		t.Errorf("got sender %q, subject %q", d.Sender, d.Header("subject"))
	}
	if got := d.Header("Received"); len(got) != 1 || !strings.Contains(got[0], "from mail.example.org (mail.example.org [192.0.2.1])") {
		t.Errorf("Received: got %q, want the client that XCLIENT named", got)
	}
	six := must(Send(ctx, net.JoinHostPort("::1", strconv.Itoa(s.Port())), letter))(t)
	if !six.Accepted() {
		t.Errorf("over IPv6: %v", six.Final())
	}
	must(mailbox.WaitFor(ctx, 2))(t)
	if strings.Contains(s.Log(), "warning:") {
		t.Errorf("Postfix has complaints:\n%s", s.Log())
	}
}

// A milter sees the client of XCLIENT, once, and nothing of the connection that brought it; a login reaches it as
// {auth_authen}.
func TestPostfixMilterSeesClient(t *testing.T) {
	m, addr := newMilter(t, nil)
	s, _ := newSite(t, PostfixConfig{Milters: []string{addr}})
	ctx := patience(t)
	const mail, rcpt = "mail <ann@example.org>", "rcpt <bob@our.example>"
	for _, test := range []struct {
		client Client
		want   []string
	}{
		{Client{}, nil},
		{stranger, []string{"connect mail.example.org 192.0.2.1", "helo mail.example.org", mail, rcpt, "end"}},
		{nameless, []string{"connect [2001:db8::25] 2001:db8::25", "helo friend", mail, rcpt, "end"}},
		{roaming, []string{"connect [198.51.100.7] 198.51.100.7", "helo [198.51.100.7]", mail + " auth_authen=bob+home=x", rcpt, "end"}},
	} {
		if got := must(Send(ctx, s.Addr(), from(test.client)))(t); !got.Accepted() {
			t.Errorf("%v: %v", test.client, got.Final())
		}
		m.expect(t, test.want...)
	}
}

// Replies of a milter come through to the sender of a mail, whatever command they refuse.
func TestPostfixMilterRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers map[byte][]string
		want    Transcript
	}{
		{"connect", map[byte][]string{'C': {"r"}}, Transcript{Banner: Reply{Code: 554}}},
		{"mail", map[byte][]string{'M': {"y451 4.7.1 Later\x00"}},
			Transcript{Banner: Reply{Code: 220}, Hello: Reply{Code: 250}, Mail: Reply{451, "4.7.1", "Later"}}},
		{"rcpt", map[byte][]string{'R': {"y550 5.7.1 100%% no\x00"}},
			Transcript{Banner: Reply{Code: 220}, Hello: Reply{Code: 250}, Mail: Reply{250, "2.1.0", "Ok"}, Rcpts: []Reply{{550, "5.7.1", "100% no"}}}},
		{"end", map[byte][]string{'E': {"y550 5.7.1 One\r\n550 5.7.1 Two\x00"}},
			Transcript{Banner: Reply{Code: 220}, Hello: Reply{Code: 250}, Mail: Reply{250, "2.1.0", "Ok"}, Rcpts: []Reply{{250, "2.1.5", "Ok"}}, Content: Reply{550, "5.7.1", "One\nTwo"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, addr := newMilter(t, test.answers)
			s, mailbox := newSite(t, PostfixConfig{Milters: []string{addr}})
			got := must(Send(patience(t), s.Addr(), from(stranger)))(t)
			got.Banner.Text, got.Hello.Text, got.Hello.Enhanced, got.Banner.Enhanced = "", "", "", ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("transcript (-want +got):\n%s", diff)
			}
			if got.Accepted() || !got.Final().Refused() || len(mailbox.Deliveries()) > 0 {
				t.Errorf("got %v and %d deliveries, want it refused", got.Final(), len(mailbox.Deliveries()))
			}
		})
	}
}

// A message that a milter quarantines is held, can be looked at, and goes its way when it is released.
func TestPostfixHeld(t *testing.T) {
	_, addr := newMilter(t, map[byte][]string{'E': {"qfor a look\x00", "c"}})
	s, mailbox := newSite(t, PostfixConfig{Milters: []string{addr}})
	ctx := patience(t)
	if got := must(Send(ctx, s.Addr(), from(stranger)))(t); !got.Accepted() {
		t.Fatal(got.Final())
	}
	held := must(s.Held(ctx))(t)
	if len(held) != 1 {
		t.Fatalf("got %d messages held, want 1", len(held))
	}
	want := Queued{Queue: "hold", Sender: letter.Sender, Recipients: letter.Recipients, ID: held[0].ID, Size: held[0].Size}
	if diff := cmp.Diff(want, held[0]); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	content := must(s.Content(ctx, held[0].ID))(t)
	if !bytes.Contains(content, []byte("\nSubject: a letter\n")) || !bytes.HasSuffix(content, []byte("\n\nHello\n.\n..\nend\n")) {
		t.Errorf("content: got %q", content)
	}
	check(t, s.Release(ctx, held[0].ID))
	must(mailbox.Wait(ctx, To("bob@our.example")))(t)
	if held := must(s.Held(ctx))(t); len(held) > 0 {
		t.Errorf("released: got %v, want nothing held", held)
	}
}

// What cannot be delivered waits, over a crash of Postfix, until the mailbox is there.
func TestPostfixFlush(t *testing.T) {
	r := newRig(t, PostfixProgram)
	ctx := patience(t)
	s := must(r.Postfix(ctx, PostfixConfig{Domains: []string{"our.example"}, Mailbox: "127.0.0.1:1"}))(t)
	addr := s.Addr()
	must(Send(ctx, s.Addr(), letter))(t)
	waits := func(ctx context.Context) error {
		queue, err := s.Queue(ctx)
		if err == nil && (len(queue) != 1 || queue[0].Queue != "deferred") {
			err = os.ErrNotExist
		}
		return err
	}
	check(t, poll(ctx, nil, waits))
	s.Kill()
	if _, err := Dial(ctx, s.Addr()); err == nil {
		t.Error("a killed Postfix answers")
	}
	check(t, s.Start(ctx))
	if s.Addr() != addr {
		t.Errorf("address: got %s, want %s as before", s.Addr(), addr)
	}
	check(t, waits(ctx))
	mailbox := must(r.Mailbox())(t)
	check(t, s.Reload(ctx, "relay_transport = lmtp:inet:"+mailbox.Addr()))
	check(t, s.Flush(ctx))
	must(mailbox.Wait(ctx, To("bob@our.example")))(t)
}

func TestPostfixReload(t *testing.T) {
	s, _ := newSite(t, PostfixConfig{})
	ctx := patience(t)
	for _, banner := range []string{"one", "two"} {
		check(t, s.Reload(ctx, "smtpd_banner = $myhostname "+banner))
		session := must(Dial(ctx, s.Addr()))(t)
		must(session.Quit())(t)
		if want := "mx.our.example " + banner; session.Banner.Text != want {
			t.Errorf("banner: got %q, want %q", session.Banner.Text, want)
		}
	}
	for _, line := range []string{"nonsense", "= x", "a = b\nc = d"} {
		if err := s.Reload(ctx, line); err == nil {
			t.Errorf("Reload(%q): got no error", line)
		}
	}
	check(t, s.Reload(ctx)) // what was not taken does no harm
}

// A message as large as any that winnow must take comes through whole.
func TestPostfixLargeMessage(t *testing.T) {
	s, mailbox := newSite(t, PostfixConfig{})
	ctx := patience(t)
	m := letter
	line := []byte(strings.Repeat("x", 75) + "\n")
	m.Data = append(bytes.Clone(letter.Data), bytes.Repeat(line, (60<<20)/len(line))...)
	if got := must(Send(ctx, s.Addr(), m))(t); !got.Accepted() {
		t.Fatal(got.Final())
	}
	d := must(mailbox.Wait(ctx, To("bob@our.example")))(t)
	want := bytes.ReplaceAll(m.Data, []byte("\n"), []byte("\r\n"))
	if !bytes.HasSuffix(d.Data, want[bytes.Index(want, []byte("\r\n\r\n")):]) {
		t.Errorf("got a message of %d octets, which is not the one of %d that was sent", len(d.Data), len(want))
	}
}

// A Postfix that cannot work says why in the error, from its own log.
func TestPostfixFails(t *testing.T) {
	r := newRig(t, PostfixProgram)
	ctx, cancel := context.WithTimeout(patience(t), 2*time.Second)
	defer cancel()
	_, err := r.Postfix(ctx, PostfixConfig{Lines: []string{"smtpd_relay_restrictions = permit"}})
	if err == nil || !strings.Contains(err.Error(), "fatal: in parameter smtpd_relay_restrictions") {
		t.Errorf("got %v, want Postfix's own complaint", err)
	}
}

// One connection carries several transactions: refused, dropped, empty, in chunks and pipelined ones.
func TestPostfixSession(t *testing.T) {
	m, addr := newMilter(t, nil)
	s, mailbox := newSite(t, PostfixConfig{Milters: []string{addr},
		Lines: []string{"smtpd_recipient_restrictions = check_recipient_access inline:{ {no@our.example = REJECT} }, permit"}})
	ctx := patience(t)
	session := must(Dial(ctx, s.Addr()))(t)
	defer session.Close()
	must(session.Hello("localhost"))(t)
	must(session.Xclient(stranger))(t)
	must(session.Hello("mail.example.org"))(t)
	if !session.Offers("PIPELINING") || !session.Offers("CHUNKING") {
		t.Errorf("offers: got %q", session.Extensions)
	}

	must(session.Mail("ann@example.org"))(t)
	must(session.Rcpt("bob@our.example"))(t)
	must(session.Reset())(t)
	must(session.Noop())(t)
	mixed := Mail{Sender: "", Recipients: []string{"no@our.example", "bob@our.example"}, Pipelined: true, Data: letter.Data}
	got := must(session.Deliver(mixed))(t)
	if !got.Accepted() || got.Rcpts[0].Code != 554 || got.Rcpts[1].Code != 250 {
		t.Errorf("pipelined: got %+v", got)
	}
	none := must(session.Deliver(Mail{Recipients: []string{"no@our.example"}, Pipelined: true, Data: letter.Data}))(t)
	if none.Accepted() || none.Final().Code != 554 || none.Content.Code != 554 {
		t.Errorf("pipelined without recipients: got %+v", none)
	}
	must(session.Mail("ann@example.org", "SMTPUTF8", "BODY=8BITMIME"))(t)
	must(session.Rcpt("bäb@our.example"))(t)
	must(session.Chunk([]byte("Subject: in "), false))(t)
	if reply := must(session.Chunk([]byte("chunks\r\n\r\n"), true))(t); !reply.OK() {
		t.Errorf("BDAT: %v", reply)
	}
	must(session.Quit())(t)

	must(mailbox.Wait(ctx, To("bob@our.example")))(t)
	d := must(mailbox.Wait(ctx, With("Subject", "in chunks")))(t)
	if want := []string{"bäb@our.example"}; !slices.Equal(d.Recipients, want) {
		t.Errorf("recipients: got %v, want %v", d.Recipients, want)
	}
	m.expect(t, "connect mail.example.org 192.0.2.1", "helo mail.example.org",
		"mail <ann@example.org>", "rcpt <bob@our.example>",
		"mail <>", "rcpt <bob@our.example>", "end",
		"mail <>",
		"mail <ann@example.org>", "rcpt <bäb@our.example>", "end")
}

// Names that stand twice in main.cf once made every program of Postfix warn at its start, and postlogd wait for itself.
func TestLastOfEach(t *testing.T) {
	got := lastOfEach([]string{"a = 1", "b = 2", "a=3", "c =", "b = 2"})
	if want := []string{"a=3", "c =", "b = 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

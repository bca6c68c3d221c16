package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/rig"
	"winnow/pkg/store"
)

// winnow killed with -9: Postfix goes on as it was told to, and the account has lost no more than what came since the last
// flush.

// killed is a site whose winnow is a process of its own, on a socket that Postfix' group may use.
type killed struct {
	*daemon
	rig      *rig.Rig
	postfix  *rig.Postfix
	mailbox  *rig.Mailbox
	stateDir string
}

func newKilled(t *testing.T, action string, url store.URL) *killed {
	t.Helper()
	needs(t, rig.PostfixProgram)
	s := &killed{rig: newRig(t)}
	c := daemonConfig(t)
	socket := filepath.Join(s.rig.Dir(), "milter.sock") // where Postfix' user can go
	c.Milter.Listen, c.Milter.SocketGroup = []string{"unix:" + socket}, "postfix"
	c.Store = url
	s.stateDir = c.StateDir
	s.daemon = startDaemon(t, writeConf(t, confDir(c), c))
	var err error
	s.mailbox, err = s.rig.Mailbox()
	must(t, err)
	s.postfix, err = s.rig.Postfix(t.Context(), rig.PostfixConfig{
		Milters: []string{"unix:" + socket},
		Mailbox: s.mailbox.Addr(),
		Domains: []string{"our.example"},
		Lines:   []string{"milter_default_action = " + action},
	})
	must(t, err)
	return s
}

// A sending is one message and what Postfix replied to it, and when.
type sending struct {
	subject string
	reply   rig.Reply
	at      time.Time
	err     error
}

// send sends a message.
func (s *killed) send(subject string) sending {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := rig.Send(ctx, s.postfix.Addr(), rig.Mail{
		Client: stranger, Sender: "writer@sender.example.net", Recipients: []string{"user@our.example"}, Data: letter(subject, 1),
	})
	return sending{subject, got.Final(), time.Now(), err}
}

// A load is messages that are sent by several senders at a time, for as long as it lasts.
type load struct {
	stop    chan struct{}
	senders sync.WaitGroup
	mu      sync.Mutex
	sent    []sending
}

const sendersAtATime = 4

func (s *killed) load() *load {
	l := &load{stop: make(chan struct{})}
	for sender := range sendersAtATime {
		l.senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-l.stop:
					return
				default:
				}
				one := s.send(fmt.Sprintf("load %d.%d", sender, n))
				l.mu.Lock()
				l.sent = append(l.sent, one)
				l.mu.Unlock()
			}
		})
	}
	return l
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent)
}

// end lets the senders end, and returns all that was sent.
func (l *load) end() []sending {
	close(l.stop)
	l.senders.Wait()
	return l.sent
}

// flushed waits until flushes were seen, and returns a time before which everything that was acknowledged is in the
// store: a flush that is seen after another one began after that, so it holds what was counted before the look that did
// not see the other one yet.
func (s *killed) flushed(t *testing.T) time.Time {
	t.Helper()
	type look struct {
		at    time.Time
		total int64
	}
	var seen []look // each with more than the one before
	until(t, "flushes under load", func() error {
		now := look{at: time.Now()}
		now.total = s.report(t).Messages.Total
		switch {
		case len(seen) > 0 && now.total < seen[len(seen)-1].total:
			t.Fatalf("the account shrinks: %+v, then %+v", seen, now)
		case len(seen) > 0 && now.total == seen[len(seen)-1].total:
			seen[len(seen)-1].at = now.at // the last look that did not see the next flush
		default:
			seen = append(seen, now)
		}
		return missing(len(seen) > 3 && seen[len(seen)-3].total > 50, "%d were seen, with %d messages", len(seen), now.total)
	})
	return seen[len(seen)-3].at
}

// marked returns the subjects of the delivered messages that bear winnow's marks, once so many are delivered.
func (s *killed) marked(t *testing.T, delivered int) map[string]bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	all, err := s.mailbox.WaitFor(ctx, delivered)
	must(t, err)
	subjects := map[string]bool{}
	for i := range all {
		if len(all[i].Header("X-Spam-Status")) == 1 {
			subjects[strings.Join(all[i].Header("Subject"), "")] = true
		}
	}
	return subjects
}

func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	t.Run("embedded store, tempfail", func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, "tempfail", "")
	})
	t.Run("Redis, accept", func(t *testing.T) {
		t.Parallel()
		needs(t, rig.RedisProgram)
		redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{AppendOnly: true})
		must(t, err)
		killUnderLoad(t, "accept", patient(redis))
	})
}

func killUnderLoad(t *testing.T, action string, url store.URL) {
	s := newKilled(t, action, url)
	load := s.load()
	safe := s.flushed(t)
	s.signal(t, syscall.SIGKILL)
	<-s.end
	before := load.count()
	until(t, "mail without winnow", func() error {
		return missing(load.count() > before+3*sendersAtATime, "%d sent", load.count()-before)
	})
	sent := load.end()
	alone := s.send("alone")

	// What Postfix did without winnow is what it was told to do.
	want := map[string]int{"accept": 250, "tempfail": 451}[action]
	if alone.err != nil || alone.reply.Code != want {
		t.Errorf("without winnow: got %v, %v, want %d", alone.reply, alone.err, want)
	}
	accepted := 0
	for _, one := range append(sent, alone) {
		if one.err != nil || one.reply.Code != 250 && one.reply.Code != want {
			t.Errorf("%s: got %v, %v, want 250, or %d after the kill", one.subject, one.reply, one.err, want)
		}
		if one.reply.OK() {
			accepted++
		}
	}
	marked := s.marked(t, accepted)
	if marked[alone.subject] {
		t.Error("a message that winnow did not see bears its marks")
	}
	var certain, seen int64 // acknowledged before the kill by more than a flush; seen by winnow at all
	for _, one := range sent {
		if one.at.Before(safe) {
			certain++
			if !marked[one.subject] {
				t.Errorf("%s: got %v while winnow ran, and no marks", one.subject, one.reply)
			}
		}
		if marked[one.subject] {
			seen++
		}
	}

	// Started again, it finds all of it, and goes on.
	s.daemon = startDaemon(t, s.conf)
	counted := s.settled(t)
	if counted < certain || counted > seen+sendersAtATime {
		t.Errorf("%d messages are counted; want %d at least, and %d at most", counted, certain, seen+sendersAtATime)
	}
	const more = 5
	for n := range more {
		if one := s.send(fmt.Sprintf("again %d", n)); one.err != nil || !one.reply.OK() {
			t.Errorf("after the restart: got %v, %v", one.reply, one.err)
		}
	}
	if marked := s.marked(t, accepted+more); !marked["again 0"] {
		t.Error("after the restart mail bears no marks")
	}
	s.terminate(t)
	r := s.report(t)
	balances(t, r)
	if r.Messages.Total != counted+more {
		t.Errorf("%d messages are counted in the end, want %d and %d", r.Messages.Total, counted, more)
	}
	t.Logf("%d messages seen, %d of them certain, %d counted", seen, certain, counted)
}

// settled returns how many messages are counted, when nothing is left in the journal.
func (s *killed) settled(t *testing.T) int64 {
	t.Helper()
	until(t, "the journal taken up", func() error {
		_, err := os.Stat(filepath.Join(s.stateDir, "stats.journal"))
		return missing(os.IsNotExist(err), "it is there: %v", err)
	})
	return s.report(t).Messages.Total
}

// Redis hangs with counts that it may or may not have taken, and winnow is killed: in the end each is there once.
func TestKilledWhileRedisHangs(t *testing.T) {
	t.Parallel()
	needs(t, rig.RedisProgram)
	redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{AppendOnly: true})
	must(t, err)
	c := daemonConfig(t)
	c.Store = store.URL(redis.URL())
	// Nobody but the account asks Redis, so that there is an open connection on which to tell it something.
	c.Whitelist.AutoWhitelist.Enabled = false
	c.Lists.Enable, c.Lists.Subscriptions, c.Lists.Disable = nil, nil, append(c.Lists.Disable, "zen", "uribl")
	d := startDaemon(t, writeConf(t, confDir(c), c))
	total := int64(0)
	deliver := func(n int) {
		t.Helper()
		for range n {
			if o := d.deliver(t, clean+"1", note("hello")); o.Reply.Code != 'a' {
				t.Fatalf("got %v", o)
			}
		}
		total += int64(n)
	}
	counted := func() {
		t.Helper()
		until(t, "the account", func() error {
			r := d.report(t)
			return missing(r.Messages.Total == total && r.Connections.Total == total, "%d messages and %d connections of %d", r.Messages.Total, r.Connections.Total, total)
		})
	}
	deliver(5)
	counted()
	must(t, redis.Pause())
	const waiting = 30
	deliver(waiting)
	until(t, "the journal", func() error {
		n, err := journalled(filepath.Join(c.StateDir, "stats.journal"))
		return missing(err == nil && n == waiting, "it holds %d messages, %v", n, err)
	})
	d.signal(t, syscall.SIGKILL)
	<-d.end
	must(t, redis.Resume())
	// What it was last told it does now. On a busy machine that may be nothing: winnow gives a connection up whose answer is late.
	taken := int64(0)
	for end := time.Now().Add(3 * time.Second); taken == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		taken = d.report(t).Messages.Total - (total - waiting)
	}
	t.Logf("Redis took %d messages that winnow holds for untold", taken)
	d = startDaemon(t, d.conf)
	counted()
	deliver(3)
	counted()
	d.terminate(t)
	counted()
}

// messagesOf finds a day's messages in a batch. Those of its hours, whose names go on behind the date, are the same ones.
var messagesOf = regexp.MustCompile(`"\d{4}-\d\d-\d\d":\{[^}]*"messages":(\d+)`)

// journalled adds up the messages in a journal.
func journalled(path string) (sum int64, err error) {
	data, err := os.ReadFile(path)
	for _, m := range messagesOf.FindAllSubmatch(data, -1) {
		n, _ := strconv.ParseInt(string(m[1]), 10, 64)
		sum += n
	}
	return sum, err
}

package rig

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newRig returns a rig, and skips the test where a program that it is to run is missing.
func newRig(t *testing.T, programs ...string) *Rig {
	t.Helper()
	for _, name := range programs {
		if missing := Missing(name); missing != nil {
			t.Skip(strings.Join(missing, "; "))
		}
	}
	r := must(New(""))(t)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// patience is the limit of a whole test; its steps have shorter ones.
func patience(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// must(f())(t) is what f returns; an error ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// check reports an error.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// A closed rig has left nothing: no process, no listener, no file.
func TestCloseLeavesNothing(t *testing.T) {
	r := newRig(t, RedisProgram, RbldnsdProgram, UnboundProgram, PostfixProgram)
	ctx := patience(t)
	redis := must(r.Redis(ctx, RedisConfig{AppendOnly: true}))(t)
	lists := must(r.Rbldnsd(ctx, []Zone{zenZone}))(t)
	resolver := must(r.Unbound(ctx, UnboundConfig{Stubs: lists.Stubs()}))(t)
	mailbox := must(r.Mailbox())(t)
	relay := must(r.Relay(redis.Addr()))(t)
	postfix := must(r.Postfix(ctx, PostfixConfig{Mailbox: mailbox.Addr(), Domains: []string{"our.example"}}))(t)
	must(Send(ctx, postfix.Addr(), letter))(t)
	check(t, resolver.Pause()) // what hangs is ended too
	redis.Kill()               // and what is dead already is no trouble
	check(t, r.Close())

	for _, p := range []*Program{redis.Program, lists.Program, resolver.Program, postfix.Program} {
		if groupLives(p.Pid()) {
			t.Errorf("%s: process group %d lives", p.name, p.Pid())
		}
		if !free(p.hosts, p.Port()) {
			t.Errorf("%s: port %d is taken", p.name, p.Port())
		}
		if err := p.Start(ctx); !errors.Is(err, errClosed) {
			t.Errorf("%s: Start after Close: got %v, want %v", p.name, err, errClosed)
		}
	}
	for _, addr := range []string{mailbox.Addr(), relay.Addr()} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			t.Errorf("%s still listens", addr)
		}
	}
	if _, err := os.Stat(r.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: got %v, want it gone", r.Dir(), err)
	}
	if _, err := r.Mailbox(); !errors.Is(err, errClosed) {
		t.Errorf("Mailbox after Close: got %v, want %v", err, errClosed)
	}
	check(t, r.Close())
}

// A directory that was there before stays, and so does what is in it; one that New made goes.
func TestCloseRemovesItsOwn(t *testing.T) {
	there := t.TempDir()
	check(t, os.WriteFile(filepath.Join(there, "letter"), nil, 0o600))
	check(t, os.Mkdir(filepath.Join(there, "redis"), 0o700))
	for _, test := range []struct {
		dir  string
		want []string // what is left in it; nil if it is gone
	}{
		{there, []string{"letter", "redis"}},
		{filepath.Join(t.TempDir(), "new"), nil},
	} {
		r := must(New(test.dir))(t)
		room := must(r.room("redis"))(t)
		check(t, os.WriteFile(filepath.Join(room, "dump"), nil, 0o600))
		check(t, r.Close())
		entries, err := os.ReadDir(test.dir)
		if test.want == nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v, want it gone", test.dir, err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: left %v, want %v", test.dir, got, test.want)
		}
	}
}

// Programs run as users of their own: a directory that they cannot enter is named, before they fail to say why.
func TestCheckOpen(t *testing.T) {
	dir := t.TempDir() // lies in a directory of mode 0700
	if err := checkOpen(dir); err == nil || !strings.Contains(err.Error(), filepath.Dir(dir)+" has mode") {
		t.Errorf("checkOpen(%s): got %v, want the name of the closed directory", dir, err)
	}
	check(t, checkOpen(newRig(t).Dir()))
}

func TestMissing(t *testing.T) {
	r := newRig(t)
	t.Setenv("PATH", t.TempDir())
	defer func(dirs []string) { sbin = dirs }(sbin)
	sbin = nil
	want := []string{
		"rbldnsd: not found; apt-get install rbldnsd",
		"redis-server: not found; apt-get install redis-server",
	}
	if got := Missing(RbldnsdProgram, RedisProgram); !slices.Equal(got, want) {
		t.Errorf("Missing: got %q, want %q", got, want)
	}
	if got := Missing(); len(got) != len(packages) {
		t.Errorf("Missing(): got %d lines, want one for each of %d programs", len(got), len(packages))
	}
	_, err := r.Redis(patience(t), RedisConfig{})
	if err == nil || !strings.Contains(err.Error(), want[1]) {
		t.Errorf("Redis: got error %v, want %q", err, want[1])
	}
}

// A port that somebody takes in the meantime is exchanged for another; a program that fails otherwise is not tried
// again.
func TestStartOnTakenPort(t *testing.T) {
	r := newRig(t, RedisProgram)
	ctx := patience(t)
	var thief net.Listener
	p := must(r.program("redis"))(t)
	s := &Redis{Program: p}
	starts := 0
	p.askReady = s.ping
	p.makeCommand = func(port int) ([]string, error) {
		if starts++; starts == 1 {
			thief = must(net.Listen("tcp", address("127.0.0.1", port)))(t)
		}
		return s.command(port)
	}
	check(t, p.Start(ctx))
	defer thief.Close()
	if starts != 2 {
		t.Errorf("started %d times, want 2", starts)
	}
	if s.Addr() == thief.Addr().String() {
		t.Error("the program kept the port that was taken")
	}
}

// A program that does not come up is an error that shows what it wrote.
func TestStartFails(t *testing.T) {
	r := newRig(t, RedisProgram)
	_, err := r.Redis(patience(t), RedisConfig{Lines: []string{"no-such-directive yes"}})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"redis did not start", "exit status 1", "no-such-directive"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to tell of %q", err, want)
		}
	}
}

func TestProgress(t *testing.T) {
	r := newRig(t, RedisProgram)
	var told strings.Builder
	r.Progress = &told
	s := must(r.Redis(patience(t), RedisConfig{}))(t)
	check(t, r.Close())
	for _, want := range []string{"redis listens on port " + strconv.Itoa(s.Port()), "redis stopped"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("progress: got %q, want it to tell %q", told.String(), want)
		}
	}
}

// Programs start side by side, also several of a kind, without getting in each other's way.
func TestSideBySide(t *testing.T) {
	r := newRig(t, RedisProgram, UnboundProgram)
	ctx := patience(t)
	var servers [3]*Redis
	var work errgroup.Group
	for i := range servers {
		work.Go(func() (err error) {
			servers[i], err = r.Redis(ctx, RedisConfig{})
			return err
		})
		work.Go(func() error {
			_, err := r.Unbound(ctx, UnboundConfig{})
			return err
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, s := range servers {
		must(s.Do(ctx, "SET", "who", strconv.Itoa(i)))(t)
	}
	for i, s := range servers {
		if got := must(s.Do(ctx, "GET", "who"))(t); got != strconv.Itoa(i) {
			t.Errorf("server %d: got %q, want its own number", i, got)
		}
	}
}

package app

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// quietConfig is the default with a state folder and a port of its own, and no DNS that answers.
func quietConfig(t *testing.T) Config {
	t.Helper()
	c := DefaultConfig()
	c.StateDir = filepath.Join(t.TempDir(), "state")
	c.Store = "memory:"
	c.Milter.Listen = []string{"inet:127.0.0.1:0"}
	c.DNS.Servers = []string{"127.0.0.1:1"}
	return c
}

func newApp(t *testing.T, c *Config, o Options) *App {
	t.Helper()
	a, err := New(context.Background(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestStopTwice(t *testing.T) {
	c := quietConfig(t)
	s, err := newApp(t, &c, Options{}).Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// What a start has opened before it fails is closed again: the next one may have it.
func TestStartThatFailsLeavesNothing(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := quietConfig(t)
	socket := filepath.Join(t.TempDir(), "milter.sock")
	c.Milter.Listen = []string{"unix:" + socket, "inet:" + taken.Addr().String()}
	a := newApp(t, &c, Options{})
	if _, err := a.Start(context.Background()); err == nil || !strings.Contains(err.Error(), "another program listens there") {
		t.Fatalf("got %v, want that the port is taken", err)
	}
	for _, path := range []string{socket, c.ControlSocket()} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s was left behind: %v", path, err)
		}
	}
	taken.Close()
	s, err := a.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

// What takes a restart stays as it is through a reload, and is named by each, not only by the first.
func TestReloadKeepsWhatTakesARestart(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	c := quietConfig(t)
	read := c
	a := newApp(t, &c, Options{Log: zap.New(core), ReadConfig: func() (*Config, error) { changed := read; return &changed, nil }})
	s, err := a.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	read.StateDir += "-elsewhere"
	read.Milter.MaxConnections++
	read.Policy.Tag = 4
	read.Auth.MaxSignatures = 3
	before := a.Auth()
	for range 2 {
		if err := a.Reload(); err != nil {
			t.Fatal(err)
		}
		var sections []string
		for _, entry := range logs.TakeAll() {
			if strings.Contains(entry.Message, "takes a restart") {
				sections = append(sections, entry.ContextMap()["section"].(string))
			}
		}
		if want := []string{"state_dir", "milter"}; !cmp.Equal(sections, want) {
			t.Errorf("got %v, want %v", sections, want)
		}
	}
	if a.Auth() == before || a.current.Load().config.Auth.MaxSignatures != 3 {
		t.Error("who is believed is judged by the old settings")
	}
	if now := a.current.Load().config; now.Policy.Tag != 4 || now.StateDir != c.StateDir {
		t.Errorf("in force: tag %g, state_dir %s; want 4, %s", now.Policy.Tag, now.StateDir, c.StateDir)
	}
	if err := s.alive(context.Background()); err != nil {
		t.Errorf("the watchdog looks elsewhere: %v", err)
	}

	read.Policy.MaxSize = c.Milter.MaxBody + 1
	read.Milter.MaxBody = read.Policy.MaxSize
	err = a.Reload()
	if refused := a.RuleState().Refused; err == nil || refused == nil || refused.Why != err.Error() {
		t.Errorf("got %v, and the state tells %+v, want the same fault in both", err, refused)
	}
	if err == nil || !strings.Contains(err.Error(), "milter.max_body: 589824 is below policy.max_size") {
		t.Errorf("max_body takes a restart: got %v, want max_size to wait for it", err)
	}
}

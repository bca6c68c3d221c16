package milter_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"winnow/pkg/message"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// TestMain also sees to it that the library never writes to the standard log: what there is to say we say ourselves.
func TestMain(m *testing.M) {
	log.SetOutput(&unheard)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if said := unheard.said.Load(); said != nil {
			fmt.Println("FAIL: the library wrote to the standard log:", *said)
			code = 1
		}
		os.Exit(code)
	}))
}

var unheard heard

type heard struct{ said atomic.Pointer[string] }

var _ io.Writer = (*heard)(nil)

func (h *heard) Write(p []byte) (int, error) {
	s := string(p)
	h.said.Store(&s)
	return len(p), nil
}

// A site is a server under test and what it was heard to say.
type site struct {
	*milter.Server
	t       testing.TB
	account *miltertest.Account
	logged  *observer.ObservedLogs
	ended   chan struct{}
	network string
	address string
}

// start serves at a unix socket, with fakes for what the test does not set.
func start(t testing.TB, change func(*milter.Config, *milter.Deps)) *site {
	t.Helper()
	core, logged := observer.New(zapcore.DebugLevel)
	s := &site{t: t, account: &miltertest.Account{}, logged: logged, ended: make(chan struct{}), network: "unix"}
	s.address = filepath.Join(t.TempDir(), "s")
	config := milter.DefaultConfig()
	config.Listen = []string{"unix:" + s.address}
	var ids atomic.Int64
	deps := milter.Deps{
		Filter:  func() milter.Filter { return miltertest.Filter{} },
		Account: s.account,
		Log:     zap.New(core),
		NewID:   func() string { return "id-" + strconv.FormatInt(ids.Add(1), 10) },
	}
	if change != nil {
		change(&config, &deps)
	}
	server, err := milter.New(config, deps)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = server
	go func() {
		defer close(s.ended)
		server.Serve(context.Background())
	}()
	t.Cleanup(func() { s.stop() })
	return s
}

// dial opens a connection of an MTA.
func (s *site) dial() *miltertest.Client {
	s.t.Helper()
	c, err := miltertest.Dial(s.network, s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// stop waits until all is accounted for.
func (s *site) stop() []string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		s.t.Errorf("shutdown: %v", err)
	}
	<-s.ended
	return s.account.Lines()
}

// set changes a setting as a dialogue names it.
func set(c *milter.Config, d *milter.Deps, key, value string) error {
	var err error
	switch key {
	case "reject_at":
		err = c.RejectAt.UnmarshalText([]byte(value))
	case "on_failure":
		err = c.OnFailure.UnmarshalText([]byte(value))
	case "headers":
		c.Headers = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
	case "remove_headers":
		c.RemoveHeaders = strings.Split(value, ",")
	case "authserv_id":
		c.AuthservID = value
	case "auth":
		d.Auth = func() milter.Identifier { return miltertest.Identifier{} }
	case "max_body":
		c.MaxBody, err = strconv.ParseInt(value, 10, 64)
	case "own":
		var own netip.Prefix
		own, err = netip.ParsePrefix(value)
		d.Site = func() *message.Site { return &message.Site{Own: []netip.Prefix{own}} }
	default:
		err = fmt.Errorf("unknown setting %s", key)
	}
	return err
}

func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.dialogue")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".dialogue"), func(t *testing.T) {
			t.Parallel()
			d, err := miltertest.ReadDialogue(file)
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, func(c *milter.Config, deps *milter.Deps) {
				for _, setting := range d.Settings {
					if err := set(c, deps, setting[0], setting[1]); err != nil {
						t.Fatal(err)
					}
				}
			})
			c := s.dial()
			if err := d.Play(c); err != nil {
				t.Error(err)
			}
			_ = c.Close()
			if err := d.CheckTold(s.stop()); err != nil {
				t.Error(err)
			}
		})
	}
}

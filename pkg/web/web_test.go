package web_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/web"
)

type desk struct{ err error }

func (d desk) Lists(context.Context) (any, error) { return []string{"zen"}, d.err }
func (d desk) Rules(context.Context) (any, error) { return map[string]int{"rules": 7}, d.err }
func (d desk) Forget(_ context.Context, local, remote string) (bool, error) {
	return local == "a" && remote == "b", d.err
}

func (d desk) NotSpam(_ context.Context, record []byte) (any, error) { return len(record), d.err }

func serve(t *testing.T, d web.Desk) (string, *web.Client) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	s, err := web.Listen(path, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("the socket was left behind: %v", err)
		}
	})
	return path, web.NewClient(path)
}

func TestAnswers(t *testing.T) {
	path, c := serve(t, desk{})
	ctx := context.Background()
	var lists []string
	if err := c.Lists(ctx, &lists); err != nil || !cmp.Equal(lists, []string{"zen"}) {
		t.Errorf("lists: got %v, %v", lists, err)
	}
	var rules map[string]int
	if err := c.Rules(ctx, &rules); err != nil || rules["rules"] != 7 {
		t.Errorf("rules: got %v, %v", rules, err)
	}
	if found, err := c.Forget(ctx, "a", "b"); err != nil || !found {
		t.Errorf("forget: got %v, %v, want true", found, err)
	}
	octets := 0
	if err := c.NotSpam(ctx, []byte(`{"id":"w7k2-9fqx"}`), &octets); err != nil || octets != 18 {
		t.Errorf("not spam: got %d octets, %v, want 18", octets, err)
	}
	if err := c.NotSpam(ctx, make([]byte, 5<<20), &octets); err == nil {
		t.Error("not spam: a record of 5 MB was taken")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the socket: got %v, %v, want 0600", info.Mode(), err)
	}
}

func TestErrors(t *testing.T) {
	_, c := serve(t, desk{err: errors.New("the store is away")})
	if _, err := c.Forget(context.Background(), "a&b@our.example", "b"); err == nil || err.Error() != "the store is away" {
		t.Errorf("got %v, want the daemon's own words", err)
	}
	nobody := web.NewClient(filepath.Join(t.TempDir(), "none.sock"))
	if err := nobody.Lists(context.Background(), nil); !errors.Is(err, web.ErrNotRunning) {
		t.Errorf("no daemon: got %v, want %v", err, web.ErrNotRunning)
	}
}

func TestCloseTwice(t *testing.T) {
	s, err := web.Listen(filepath.Join(t.TempDir(), "control.sock"), desk{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestSecondDaemonIsRefused(t *testing.T) {
	path, _ := serve(t, desk{})
	if _, err := web.Listen(path, desk{}); err == nil || !strings.Contains(err.Error(), "another winnow") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestPathTooLong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := web.Listen(filepath.Join(dir, "control.sock"), desk{}); err == nil || !strings.Contains(err.Error(), "choose a state_dir that is shorter") {
		t.Errorf("got %v, want what to do", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	s, err := web.Listen(path, desk{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close(context.Background())
}

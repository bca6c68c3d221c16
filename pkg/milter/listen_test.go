package milter_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// listenAt makes a server that listens at places, and returns it or why not.
func listenAt(change func(*milter.Config), places ...string) (*milter.Server, error) {
	config := milter.DefaultConfig()
	config.Listen = places
	if change != nil {
		change(&config)
	}
	return milter.New(config, milter.Deps{
		Filter:  func() milter.Filter { return miltertest.Filter{} },
		Account: &miltertest.Account{},
	})
}

func mustListen(t *testing.T, change func(*milter.Config), places ...string) *milter.Server {
	t.Helper()
	s, err := listenAt(change, places...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestListenSeveral(t *testing.T) {
	places := []string{"unix:" + filepath.Join(t.TempDir(), "s"), "inet:127.0.0.1:0", "inet:0@127.0.0.1"}
	want := "unix tcp tcp"
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil { // not every machine has IPv6
		_ = l.Close()
		places, want = append(places, "inet6:[::1]:0", "inet6:0@::1"), want+" tcp tcp"
	}
	s := mustListen(t, nil, places...)
	var networks []string
	for _, a := range s.Addrs() {
		networks = append(networks, a.Network())
		c, err := net.Dial(a.Network(), a.String())
		if err != nil {
			t.Errorf("%v: %v", a, err)
			continue
		}
		_ = c.Close()
	}
	if got := strings.Join(networks, " "); got != want {
		t.Errorf("listens at %s", got)
	}
}

func TestListenUnixMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	group := ""
	if os.Geteuid() == 0 {
		group = "daemon"
	}
	s := mustListen(t, func(c *milter.Config) { c.SocketMode, c.SocketGroup = 0o620, group }, "unix:"+path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o620 {
		t.Errorf("got mode %o, want 620", got)
	}
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(info.Sys().(*syscall.Stat_t).Gid); got != g.Gid {
			t.Errorf("got group %s, want %s", got, g.Gid)
		}
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is still there after the end")
	}
}

// A socket that a dead process left is replaced; one that somebody listens at is not, nor is a file.
func TestListenStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if _, err := listenAt(nil, "unix:"+path); err == nil || !strings.Contains(err.Error(), "another process listens there") {
		t.Errorf("beside a living process: got %v", err)
	}
	_ = dead.Close()
	s := mustListen(t, nil, "unix:"+path)
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := listenAt(nil, "unix:"+path); err == nil || !strings.Contains(err.Error(), "no socket is in the way") {
		t.Errorf("over a file: got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "precious" {
		t.Errorf("the file is gone: %q, %v", data, err)
	}
}

// Errors name the setting and what to do; what was opened before is closed again.
func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	for _, tt := range []struct {
		name   string
		place  string
		change func(*milter.Config)
		want   string
	}{
		{"no directory", "unix:" + dir + "/none/s", nil, "there is no directory " + dir + "/none; create it"},
		{"no group", "unix:" + dir + "/s", func(c *milter.Config) { c.SocketGroup = "no-such-group" }, `socket_group: there is no group "no-such-group"`},
		{"taken", "inet:" + taken.Addr().String(), nil, "another program listens there; stop it or choose another port"},
		{"not ours", "inet:192.0.2.1:0", nil, "this machine does not have that address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := filepath.Join(t.TempDir(), "first")
			_, err := listenAt(tt.change, "unix:"+first, tt.place)
			if err == nil || !strings.HasPrefix(err.Error(), "listen: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(first); err == nil {
				t.Error("the first socket is still there")
			}
		})
	}
}

// systemd hands over files with names: those named milter are ours, or all where none is.
func TestActivated(t *testing.T) {
	file := func(name string) *os.File {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return os.NewFile(f.Fd(), name)
	}
	for _, tt := range []struct {
		names string
		want  int
	}{{"", 0}, {"winnow.socket winnow.socket", 2}, {"milter web", 1}, {"web milter milter", 2}} {
		var files []*os.File
		for _, name := range strings.Fields(tt.names) {
			files = append(files, file(name))
		}
		listeners, err := milter.Activated(files)
		if err != nil || len(listeners) != tt.want {
			t.Errorf("%q: got %d listeners, %v; want %d", tt.names, len(listeners), err, tt.want)
		}
		for _, l := range listeners {
			_ = l.Close()
		}
		for _, f := range files {
			_ = f.Close()
		}
	}
	plain, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := milter.Activated([]*os.File{plain}); err == nil || !strings.Contains(err.Error(), "ListenStream") {
		t.Errorf("a file that is no socket: got %v", err)
	}
}

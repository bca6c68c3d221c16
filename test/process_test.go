package test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"winnow/pkg/app"
	"winnow/pkg/dnslist"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/rig"
	"winnow/pkg/store"
	"winnow/test/daytest"
)

// The program as a process: signals, systemd, sockets, exit codes.

// daemonConfig has the lists of the sample day, and counts soon.
func daemonConfig(t testing.TB) *app.Config {
	t.Helper()
	c := siteConfig(t, newLists(t, daytest.Zones()).Addr())
	c.Stats.FlushEvery = 100 * time.Millisecond
	return c
}

// confDir is a folder that belongs to a configuration.
func confDir(c *app.Config) string { return filepath.Dir(c.StateDir) }

// SIGTERM: what is under way is finished and counted, what is idle is closed, what is new is refused.
func TestTermDrains(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	d := startDaemon(t, writeConf(t, confDir(c), c))
	idle, busy := d.dial(t, clean+"1"), d.dial(t, clean+"2")
	must(t, busy.Macros('M', "{mail_addr}", "writer@sender.example.net"))
	proceed(t)(busy.Mail("<writer@sender.example.net>"))
	proceed(t)(busy.Rcpt("<user@our.example>"))

	d.signal(t, syscall.SIGTERM)
	network, address := d.addr(t)
	until(t, "new connections refused", func() error {
		conn, err := net.Dial(network, address)
		if err == nil {
			conn.Close()
		}
		return missing(err != nil, "%s is still open", address)
	})
	must(t, idle.AwaitClose())

	proceed(t)(busy.Header("Subject", " A letter"))
	proceed(t)(busy.EndOfHeader())
	proceed(t)(busy.Body([]byte("points: 6\r\n")))
	changes, reply, err := busy.EndOfMessage(nil)
	must(t, err)
	if reply.Code != 'a' || !strings.Contains(fmt.Sprint(changes), "X-Spam-Flag: YES") {
		t.Errorf("got %v and %v, want the message tagged and accepted", changes, reply)
	}
	must(t, busy.AwaitClose())
	if code := d.exit(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	r := d.report(t)
	if r.Connections.Total != 2 || r.Messages.Total != 1 || r.Messages.Caught != 1 {
		t.Errorf("counted %d connections, %d messages and %d caught, want 2, 1 and 1", r.Connections.Total, r.Messages.Total, r.Messages.Caught)
	}
}

// proceed is for events whose reply, where there is one, is to go on.
func proceed(t testing.TB) func(miltertest.Reply, error) {
	return func(r miltertest.Reply, err error) {
		t.Helper()
		if err != nil || r.Code != 0 && r.Code != 'c' {
			t.Fatalf("got %v, %v", r, err)
		}
	}
}

// SIGHUP: new rules act, a file with a fault keeps the old ones and the log says where the fault is.
func TestHangupReloads(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	d := startDaemon(t, writeConf(t, confDir(c), c))
	rule := filepath.Join(confDir(c), "rules", "20_more.cf")
	code := func() byte { return d.deliver(t, clean+"1", note("the new word")).Reply.Code }
	expect := func(when string, want byte) {
		t.Helper()
		if got := code(); got != want {
			t.Errorf("%s: got %c, want %c", when, got, want)
		}
	}
	hangup := func(times int, words ...string) {
		t.Helper()
		d.signal(t, syscall.SIGHUP)
		d.awaitLog(t, times, words...)
	}
	expect("before", 'a')
	writeFile(t, rule, "body NEW_WORD /the new word/\nscore NEW_WORD 16\n")
	expect("before the signal", 'a')
	hangup(1, `"reloaded"`)
	expect("after it", 'y')

	writeFile(t, rule, "body NEW_WORD /the new word/\nbody NEW_WORD /the (new word/\n")
	hangup(1, `"error"`, "old lists and rules stay in force", "20_more.cf:2: ")
	expect("after a broken rule", 'y')
	writeFile(t, rule, "")
	conf, err := os.ReadFile(d.conf)
	must(t, err)
	writeFile(t, d.conf, string(conf)+"wibble: 1\n")
	hangup(1, `"error"`, "old settings stay in force", fmt.Sprintf("winnow.yaml:%d: wibble: ", 1+strings.Count(string(conf), "\n")))
	expect("after a broken configuration", 'y')
	writeFile(t, c.Whitelist.Whitelist, "this is no entry\n")
	writeFile(t, d.conf, string(conf))
	hangup(1, `"error"`, "stay in force", "whitelist:1: ")
	expect("after a broken whitelist", 'y')

	writeFile(t, c.Whitelist.Whitelist, "")
	hangup(2, `"reloaded"`)
	expect("after a good one", 'a')
	d.terminate(t)
}

// What systemd is told (sd_notify(3)).
func TestNotify(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	address := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	must(t, err)
	defer systemd.Close()
	const watchdog = "WATCHDOG=1"
	next := func(skip string) string {
		t.Helper()
		must(t, systemd.SetReadDeadline(time.Now().Add(patience)))
		buf := make([]byte, 4096)
		for {
			n, err := systemd.Read(buf)
			if err != nil {
				t.Fatalf("systemd heard nothing: %v", err)
			}
			if got := string(buf[:n]); got != skip {
				return got
			}
		}
	}
	path, err := program()
	must(t, err)
	conf := writeConf(t, confDir(c), c)
	d := launch(t, conf, exec.Command(path, "serve", "--config", conf), "NOTIFY_SOCKET="+address, "WATCHDOG_USEC=100000")
	if got := next(""); got != "READY=1" {
		t.Fatalf("first: got %q, want READY=1", got)
	}
	d.deliver(t, clean+"1", note("hello")) // it is ready: it serves
	if got := next(""); got != watchdog {
		t.Errorf("while it serves: got %q, want %s", got, watchdog)
	}

	for range 2 { // the second time with a fault: it is ready again all the same
		sent := monotonic(t)
		d.signal(t, syscall.SIGHUP)
		said := regexp.MustCompile(`^RELOADING=1\nMONOTONIC_USEC=(\d+)$`).FindStringSubmatch(next(watchdog))
		if said == nil {
			t.Fatal("the reload was not told as systemd wants it")
		}
		at, err := strconv.ParseInt(said[1], 10, 64)
		must(t, err)
		if at < sent || at > monotonic(t) {
			t.Errorf("the reload began at %d of the monotonic clock, want from %d to now", at, sent)
		}
		if got := next(watchdog); got != "READY=1" {
			t.Errorf("after the reload: got %q, want READY=1", got)
		}
		writeFile(t, filepath.Join(confDir(c), "rules", "20_more.cf"), "body BROKEN /(/\n")
	}
	d.signal(t, syscall.SIGTERM)
	if got := next(watchdog); got != "STOPPING=1" {
		t.Errorf("after SIGTERM: got %q, want STOPPING=1", got)
	}
	if code := d.exit(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// monotonic is systemd's clock for reloads, in microseconds.
func monotonic(t testing.TB) int64 {
	t.Helper()
	var now unix.Timespec
	must(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	return now.Nano() / 1000
}

// A socket that systemd opened (sd_listen_fds(3)) outlives winnow: who connects while it is away waits, and is served.
func TestSocketActivation(t *testing.T) {
	t.Parallel()
	c := daemonConfig(t)
	c.Milter.Listen = []string{"inet:192.0.2.1:8895"} // an address that is not ours: not looked at
	path, err := program()
	must(t, err)
	conf := writeConf(t, confDir(c), c)
	address := &net.UnixAddr{Name: filepath.Join(confDir(c), "systemd.sock"), Net: "unix"}
	listener, err := net.ListenUnix("unix", address)
	must(t, err)
	defer listener.Close()
	passed, err := listener.File()
	must(t, err)
	defer passed.Close()

	for round := range 2 {
		client, err := miltertest.Dial("unix", address.Name) // before it runs
		must(t, err)
		cmd := exec.Command("/bin/sh", "-c", `exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=milter "$0" serve --config "$1"`, path, conf)
		cmd.ExtraFiles = []*os.File{passed} // fd 3
		d := launch(t, conf, cmd)
		greet(t, client, clean+"1")
		o, err := client.Deliver(note("hello"))
		must(t, err)
		if o.Reply.Code != 'a' {
			t.Errorf("got %v", o.Reply)
		}
		must(t, client.Quit())
		d.awaitLog(t, 1, `"serving"`, address.Name)
		d.terminate(t)
		if r := d.report(t); r.Messages.Total != int64(round+1) {
			t.Errorf("counted %d messages, want %d", r.Messages.Total, round+1)
		}
	}
}

// A second winnow over the same state says what is in its way and what to do, and leaves the first one alone.
func TestSecondInstance(t *testing.T) {
	t.Parallel()
	path, err := program()
	must(t, err)
	second := func(t *testing.T, c *app.Config, want ...string) {
		t.Helper()
		conf := writeConf(t, t.TempDir(), c)
		d := launch(t, conf, exec.Command(path, "serve", "--config", conf))
		if code := d.exit(t); code != 1 {
			t.Errorf("exit code %d, want 1", code)
		}
		if d.logged(append(want, "winnow: ")...) == 0 {
			t.Errorf("got\n%s\nwant a line with %q", d.text(), want)
		}
		if d.logged(`"serving"`) > 0 {
			t.Error("it served all the same")
		}
	}
	alive := func(t *testing.T, d *daemon, lists int) {
		t.Helper()
		if o := d.deliver(t, clean+"1", note("hello")); o.Reply.Code != 'a' {
			t.Errorf("the first one: got %v", o.Reply)
		}
		var states []dnslist.State
		if d.read(t, &states, "lists"); len(states) < lists {
			t.Errorf("the first one: got %d lists", len(states))
		}
		d.terminate(t)
	}
	t.Run("embedded store", func(t *testing.T) {
		t.Parallel()
		c := daemonConfig(t)
		d := startDaemon(t, writeConf(t, confDir(c), c))
		second(t, c, filepath.Join(c.StateDir, "winnow.db"), "stop that one", "redis://")
		alive(t, d, len(daytest.Lists))
	})
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		needs(t, rig.RedisProgram)
		redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{})
		must(t, err)
		c := daemonConfig(t)
		c.Store = store.URL(redis.URL())
		d := startDaemon(t, writeConf(t, confDir(c), c))
		second(t, c, c.ControlSocket(), "stop that one")
		_, address := d.addr(t)
		c.Milter.Listen = []string{"inet:" + address}
		second(t, c, address, "stop it or choose another port")
		alive(t, d, len(daytest.Lists))
	})
}

// Who may connect to the milter's socket is what the configuration says, whatever the umask.
func TestSocketPermissions(t *testing.T) {
	t.Parallel()
	group, err := user.LookupGroup("daemon")
	if err != nil {
		t.Skip(err)
	}
	c := daemonConfig(t)
	socket := filepath.Join(confDir(c), "milter.sock")
	c.Milter.Listen, c.Milter.SocketMode, c.Milter.SocketGroup = []string{"unix:" + socket}, 0o620, group.Name
	conf := writeConf(t, confDir(c), c)
	path, err := program()
	must(t, err)
	d := launch(t, conf, exec.Command("/bin/sh", "-c", `umask 077; exec "$0" serve --config "$1"`, path, conf))
	d.awaitLog(t, 1, `"serving"`)
	for name, want := range map[string]struct {
		mode  os.FileMode
		group string
	}{socket: {0o620, group.Gid}, c.ControlSocket(): {0o600, "0"}} {
		info, err := os.Lstat(name)
		must(t, err)
		gid := fmt.Sprint(info.Sys().(*syscall.Stat_t).Gid)
		if info.Mode().Type() != os.ModeSocket || info.Mode().Perm() != want.mode || name == socket && gid != want.group {
			t.Errorf("%s: got %v, group %s, want a socket with %v, group %s", name, info.Mode(), gid, want.mode, want.group)
		}
	}
	if o := d.deliver(t, clean+"1", note("hello")); o.Reply.Code != 'a' {
		t.Errorf("got %v", o.Reply)
	}
	d.terminate(t)
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("it left its socket behind: %v", err)
	}
}

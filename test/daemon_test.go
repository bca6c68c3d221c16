package test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/config"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/stats"
)

// programDir is where the program was built, "" where no test has asked for it.
var programDir string

// program builds winnow as operators have it, and under the race detector where the tests are: a race it finds is an
// exit code of 66.
var program = sync.OnceValues(func() (path string, err error) {
	if programDir, err = os.MkdirTemp("", "winnow-program-"); err != nil {
		return "", err
	}
	path = filepath.Join(programDir, "winnow")
	args := []string{"build", "-o", path, "-ldflags", "-X main.version=v0.0.0"}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "winnow/cmd/winnow")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// removeProgram is for the end of all tests; it returns the exit code that they end with at least.
func removeProgram() int {
	if programDir == "" {
		return 0
	}
	if err := os.RemoveAll(programDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// environment is all that the program gets of ours, and what a test adds.
func environment(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GOTRACEBACK=all", "GORACE=atexit_sleep_ms=0"}, more...)
}

// A daemon is winnow as it runs at a site: the program in a process of its own.
type daemon struct {
	cmd  *exec.Cmd
	conf string // its configuration file
	log  string // what it writes to standard error
	end  chan struct{}
}

// writeConf writes a configuration as a file that the program reads.
func writeConf(t testing.TB, dir string, c *app.Config) string {
	t.Helper()
	var text bytes.Buffer
	c.Log.Format = "json"
	must(t, config.Print(&text, c))
	path := filepath.Join(dir, "winnow.yaml")
	writeFile(t, path, text.String())
	return path
}

// startDaemon starts the program and returns when it serves.
func startDaemon(t testing.TB, conf string, env ...string) *daemon {
	t.Helper()
	path, err := program()
	must(t, err)
	d := launch(t, conf, exec.Command(path, "serve", "--config", conf), env...)
	d.awaitLog(t, 1, `"serving"`)
	return d
}

// launch runs a command that is, or becomes, the program.
func launch(t testing.TB, conf string, cmd *exec.Cmd, env ...string) *daemon {
	t.Helper()
	d := &daemon{cmd: cmd, conf: conf, end: make(chan struct{})}
	file, err := os.CreateTemp(t.TempDir(), "log")
	must(t, err)
	defer file.Close() // the process has its own
	d.log = file.Name()
	cmd.Env, cmd.Stderr, cmd.Dir = environment(env...), file, "/"
	must(t, cmd.Start())
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(d.end)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-d.end
		if t.Failed() {
			text := d.text()
			t.Logf("winnow's log:\n%s", text[max(0, len(text)-shownLog):])
		}
	})
	return d
}

// shownLog is how much of the end of a log a failed test shows, in octets.
const shownLog = 64 << 10

func (d *daemon) text() string {
	data, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// logged counts the lines of the log that hold all words.
func (d *daemon) logged(words ...string) int {
	n := 0
	for line := range strings.Lines(d.text()) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			n++
		}
	}
	return n
}

// awaitLog waits until so many lines of the log hold all words.
func (d *daemon) awaitLog(t testing.TB, times int, words ...string) {
	t.Helper()
	until(t, "the log", func() error {
		select {
		case <-d.end:
			if d.logged(words...) < times {
				t.Fatalf("winnow ended: %v", d.cmd.ProcessState)
			}
		default:
		}
		return missing(d.logged(words...) >= times, "%d lines hold all of %q, want %d", d.logged(words...), words, times)
	})
}

// addr is where it says that its milter listens.
func (d *daemon) addr(t testing.TB) (network, address string) {
	t.Helper()
	for line := range strings.Lines(d.text()) {
		var said struct{ Milter string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Milter != "" {
			network, address, _ = strings.Cut(said.Milter, ":")
			return network, address
		}
	}
	t.Fatal("the log does not say where the milter listens")
	return "", ""
}

func (d *daemon) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	must(t, d.cmd.Process.Signal(sig))
}

// exit waits for the end of the process and returns its exit code.
func (d *daemon) exit(t testing.TB) int {
	t.Helper()
	select {
	case <-d.end:
		return d.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatal("winnow does not end")
		return 0
	}
}

// terminate ends it as the service manager does.
func (d *daemon) terminate(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGTERM)
	if code := d.exit(t); code != 0 {
		t.Errorf("after SIGTERM: exit code %d, want 0", code)
	}
}

// dial connects as Postfix does, up to HELO.
func (d *daemon) dial(t testing.TB, client string) *miltertest.Client {
	t.Helper()
	network, address := d.addr(t)
	c, err := miltertest.Dial(network, address)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	greet(t, c, client)
	return c
}

func greet(t testing.TB, c *miltertest.Client, client string) {
	t.Helper()
	must(t, c.Negotiate(miltertest.Postfix))
	_, err := c.Connect("["+client+"]", '4', client)
	must(t, err)
	_, err = c.Helo("client.example.org")
	must(t, err)
}

// deliver tells of one message over a connection of its own, and returns what becomes of it.
func (d *daemon) deliver(t testing.TB, client string, m *miltertest.Mail) miltertest.Outcome {
	t.Helper()
	c := d.dial(t, client)
	o, err := c.Deliver(m)
	must(t, err)
	must(t, c.Quit())
	return o
}

// note is a message to somebody at the site that says something.
func note(text string) *miltertest.Mail {
	return &miltertest.Mail{
		QueueID: "Q", Sender: "writer@sender.example.net", Recipients: []string{"user@our.example"},
		Header: [][2]string{{"From", " writer@sender.example.net"}, {"Subject", " A note"}}, Body: []byte(text + "\r\n"),
	}
}

// An ended is what a command came to.
type ended struct {
	code           int
	stdout, stderr string
}

// command runs the program with a verb, as the operator of this daemon does.
func (d *daemon) command(t testing.TB, args ...string) ended {
	t.Helper()
	return command(t, append(args, "--config", d.conf)...)
}

func command(t testing.TB, args ...string) ended {
	t.Helper()
	path, err := program()
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Dir = environment(), &out, &errs, "/"
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatalf("winnow %s: %v", strings.Join(args, " "), err)
	}
	return ended{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// read runs a verb that prints JSON, and reads that. Nothing may be found wrong.
func (d *daemon) read(t testing.TB, into any, args ...string) {
	t.Helper()
	got := d.command(t, append(args, "--json")...)
	if got.code != 0 {
		t.Fatalf("winnow %s: exit code %d: %s", strings.Join(args, " "), got.code, got.stderr)
	}
	must(t, json.Unmarshal([]byte(got.stdout), into))
}

// report is what `winnow stats` says of the time since the tests began.
func (d *daemon) report(t testing.TB) *stats.Report {
	t.Helper()
	var reports []*stats.Report
	d.read(t, &reports, "stats", "--from", began, "--to", "today")
	if len(reports) != 1 {
		t.Fatalf("got %d reports, want one", len(reports))
	}
	return reports[0]
}

// began is the day on which the tests did.
var began = time.Now().UTC().Format(time.DateOnly)

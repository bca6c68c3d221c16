package conformance

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"winnow/pkg/message"
	"winnow/pkg/rules"
	"winnow/pkg/rules/rulestest"
)

var (
	speedOf   = flag.String("speed", "", "measure the mails of this folder, or those that this file names, beside spamd -L")
	speedMost = flag.Int("most", 1000, "how many of them, taken evenly")
)

// TestSpeed measures the content stage beside spamd, with the same rules on the same mails, in turns, one mail at a time: a
// few go to spamd and then through the stage before the next few come, so that whatever else the machine does weighs on both,
// and neither begins each mail with caches full of the other's data. The rules are SpamAssassin's own, and then nearly three times as many. It is started by `make bench-content`.
func TestSpeed(t *testing.T) {
	if *speedOf == "" {
		t.Skip("wants -speed: make bench-content")
	}
	files := sampled(t, *speedOf, *speedMost)
	t.Run("stock", func(t *testing.T) { race(t, files, stockFolder) })
	t.Run("large", func(t *testing.T) { race(t, files, largeFolder(t)) })
}

// largeFolder has the stock rules and as many as a large channel has.
func largeFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "winnow-large-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // spamd reads it as nobody
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(stockFolder)); err != nil {
		t.Fatal(err)
	}
	more, err := rulestest.Large(os.DirFS(stockFolder))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range more {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// race takes each mail through spamd and the stage.
func race(t *testing.T, files []string, folder string) {
	set := load(t, folder)
	address, pid := startSpamd(t, folder)
	warm, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		askSpamd(t, address, warm)
		check(t, set, warm)
	}
	var ours, theirs []time.Duration
	var ourCPU time.Duration
	size, spamdBefore := 0, cpuOf(t, pid)
	for turn := range slices.Chunk(files, 25) {
		var texts [][]byte
		for _, file := range turn {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts, size = append(texts, text), size+len(text)
		}
		for _, text := range texts {
			theirs = append(theirs, askSpamd(t, address, text))
		}
		before := cpuOf(t, os.Getpid())
		for _, text := range texts {
			ours = append(ours, check(t, set, text))
		}
		ourCPU += cpuOf(t, os.Getpid()) - before
	}
	theirCPU := cpuOf(t, pid) - spamdBefore
	t.Logf("%d mails, %.1f KB each, %d rules\n%s%s%.1f times faster; by processor time %.1f times: %.3f and %.3f ms a mail",
		len(files), float64(size)/1024/float64(len(files)), len(set.Rules()), spreadLine("winnow", ours), spreadLine("spamd -L", theirs),
		float64(total(theirs))/float64(total(ours)), float64(theirCPU)/float64(max(1, ourCPU)), perMail(ourCPU, len(files)), perMail(theirCPU, len(files)))
}

func perMail(d time.Duration, mails int) float64 {
	return float64(d) / float64(mails) / float64(time.Millisecond)
}

// cpuOf is the processor time that a process and its children have taken so far (proc(5): schedstat, in nanoseconds).
func cpuOf(t *testing.T, pid int) (sum time.Duration) {
	t.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	for _, task := range tasks {
		var ran int64
		if text, err := os.ReadFile(task + "/schedstat"); err == nil {
			_, _ = fmt.Sscan(string(text), &ran)
		}
		sum += time.Duration(ran)
		children, _ := os.ReadFile(task + "/children")
		if pid == os.Getpid() {
			continue // spamd is ours
		}
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				sum += cpuOf(t, id)
			}
		}
	}
	return sum
}

// sampled returns at most so many of the files of a folder, or of those that a list names relative to its own folder.
func sampled(t *testing.T, from string, most int) []string {
	t.Helper()
	var files []string
	info, err := os.Stat(from)
	if err == nil && info.IsDir() {
		err = filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
	} else if err == nil {
		var text []byte
		text, err = os.ReadFile(from)
		for name := range strings.Lines(string(text)) {
			files = append(files, filepath.Join(filepath.Dir(from), strings.TrimSpace(name)))
		}
	}
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails in %s: %v", from, err)
	}
	step := max(1, len(files)/most)
	var some []string
	for i := 0; i < len(files) && len(some) < most; i += step {
		some = append(some, files[i])
	}
	return some
}

// check takes a mail from its octets to its hits.
func check(t *testing.T, set *rules.Set, text []byte) time.Duration {
	start := time.Now()
	m, err := message.Parse(bytes.NewReader(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	rules.NewStage(set).Check(t.Context(), m)
	return time.Since(start)
}

// startSpamd starts spamd with the rules of a folder, local tests only, one child, and returns its address and process.
func startSpamd(t *testing.T, folder string) (address string, pid int) {
	t.Helper()
	spamd, err := exec.LookPath("spamd")
	if err != nil {
		t.Skip("there is no spamd: make bench-content installs it")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	state := t.TempDir()
	c := exec.Command(spamd, "--local", "--configpath="+folder, "--nouser-config", "--listen=127.0.0.1", "--port="+port, "--max-children=1",
		"--min-children=1", "--max-conn-per-child=1000000", "--username=nobody", "--syslog=stderr", "--helper-home-dir="+state)
	c.Env = append(os.Environ(), "HOME="+state, "LC_ALL=C")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address, c.Process.Pid
		}
	}
	t.Fatal("spamd does not come up")
	return "", 0
}

// askSpamd has spamd judge a mail, and returns how long its answer took.
func askSpamd(t *testing.T, address string, text []byte) time.Duration {
	t.Helper()
	start := time.Now()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(start.Add(time.Minute))
	fmt.Fprintf(conn, "SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n", len(text))
	if _, err := conn.Write(text); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	answer := bufio.NewReader(conn)
	first, err := answer.ReadString('\n')
	if err != nil || !strings.Contains(first, "EX_OK") {
		t.Fatalf("spamd: %q, %v", first, err)
	}
	_, _ = io.Copy(io.Discard, answer)
	return time.Since(start)
}

func total(times []time.Duration) (sum time.Duration) {
	for _, d := range times {
		sum += d
	}
	return sum
}

func spreadLine(name string, times []time.Duration) string {
	sorted := slices.Sorted(slices.Values(times))
	at := func(part float64) float64 {
		return float64(sorted[int(part*float64(len(sorted)-1))]) / float64(time.Millisecond)
	}
	mean := float64(total(times)) / float64(len(times)) / float64(time.Millisecond)
	return fmt.Sprintf("%-10s mean %8.3f ms  p50 %8.3f  p95 %8.3f  max %8.3f\n", name, mean, at(0.5), at(0.95), at(1))
}

package storetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Server is a redis-server of the test's own, on a loopback port, with its files in a directory that goes with the
// test. What it acknowledged it has written, so that it comes back with it.
type Server struct {
	Addr string // host:port

	t     testing.TB
	args  []string
	dir   string
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd ended
}

const (
	readyIn   = 20 * time.Second // a server may take to answer
	portTries = 5                // ports are tried, should somebody else take the one chosen
)

// StartRedis starts a server, with further arguments for it; where none is installed the test is skipped.
func StartRedis(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, func(s *Server, port string) []string {
		return append([]string{
			"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", s.log,
			"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--daemonize", "no", "--shutdown-timeout", "0",
		}, args...)
	})
}

// StartSentinel starts a Sentinel that watches a server under the name "mymaster".
func StartSentinel(t testing.TB, master *Server) *Server {
	t.Helper()
	host, masterPort, _ := net.SplitHostPort(master.Addr)
	return start(t, func(s *Server, port string) []string {
		config := filepath.Join(s.dir, "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nlogfile %s\nsentinel monitor mymaster %s %s 1\n"+
			"sentinel down-after-milliseconds mymaster 300\nsentinel failover-timeout mymaster 2000\n", port, s.dir, s.log, host, masterPort)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return []string{config, "--sentinel"}
	})
}

// start starts a server with the arguments that are made for its port.
func start(t testing.TB, args func(s *Server, port string) []string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: install it to run this test (Debian: apt-get install redis-server)")
	}
	var err error
	for range portTries {
		s := &Server{t: t, dir: t.TempDir()}
		s.log = filepath.Join(s.dir, "log")
		port := FreePort(t)
		s.Addr, s.args = net.JoinHostPort("127.0.0.1", port), args(s, port)
		t.Cleanup(s.Kill)
		if err = s.start(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// Ports are taken from below those that kernels use for outgoing connections (Linux: from 32768), so that a server which
// was killed finds its own still free.
const firstPort, lastPort = 12000, 19999

// FreePort returns a loopback port that nobody listens on.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(firstPort + rand.IntN(lastPort-firstPort))
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("found no free port")
	return ""
}

// URL returns where the server is, for store.Open.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Start starts the server again and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) start() error {
	var out bytes.Buffer
	s.cmd = exec.Command("redis-server", s.args...)
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { // ends with the process, which Kill waits for
		cmd.Wait()
		close(ended)
	}(s.cmd, s.ended)
	for end := time.Now().Add(readyIn); ; time.Sleep(5 * time.Millisecond) {
		reply, ready := s.ready()
		if ready {
			return nil
		}
		if s.hasEnded() || time.Now().After(end) {
			s.Kill()
			log, _ := os.ReadFile(s.log)
			return fmt.Errorf("redis-server on %s does not answer: %s\n%s%s", s.Addr, reply, log, out.Bytes())
		}
	}
}

// ready tells whether the server answers: ours, and not another that was faster to take the port.
func (s *Server) ready() (string, bool) {
	reply, err := s.do("PING")
	if err != nil {
		return err.Error(), false
	}
	if strings.HasPrefix(reply, "-NOAUTH") {
		return reply, true
	}
	info, err := s.do("INFO server")
	return reply, err == nil && reply == "+PONG" && strings.Contains(info, fmt.Sprintf("process_id:%d\r", s.cmd.Process.Pid))
}

func (s *Server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	if s.cmd != nil {
		s.cmd.Process.Kill()
		<-s.ended
		s.cmd = nil
	}
}

// Do has the server execute one command, its words parted by blanks, and returns the first line of the reply.
func (s *Server) Do(command string) string {
	s.t.Helper()
	reply, err := s.do(command)
	if err == nil && strings.HasPrefix(reply, "-") {
		err = errors.New(reply)
	}
	if err != nil {
		s.t.Fatalf("redis %s: %v", command, err)
	}
	return reply
}

// do returns the first line of the reply, and behind it the text of a bulk reply.
func (s *Server) do(command string) (string, error) {
	conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return "", err
	}
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	r := bufio.NewReader(conn)
	reply, err := r.ReadString('\n')
	var n int
	if _, isBulk := fmt.Sscanf(reply, "$%d", &n); err == nil && isBulk == nil && n > 0 {
		text := make([]byte, n)
		_, err = io.ReadFull(r, text)
		reply += string(text)
	}
	return strings.TrimRight(reply, "\r\n"), err
}

// Await returns when what the server replies to a command holds some text.
func (s *Server) Await(command, want string) {
	s.t.Helper()
	for end := time.Now().Add(readyIn); ; time.Sleep(5 * time.Millisecond) {
		reply, err := s.do(command)
		if err == nil && strings.Contains(reply, want) {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("redis %s: got %q, %v, want %q in it", command, reply, err, want)
		}
	}
}

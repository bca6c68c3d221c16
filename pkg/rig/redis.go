package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// RedisConfig says how a private Redis differs from the plain one, which keeps its data in memory only.
type RedisConfig struct {
	AppendOnly bool     // write every change to disk before answering, so that a kill loses nothing
	Lines      []string // further lines of redis.conf, which win
}

// Redis is a private Redis.
type Redis struct {
	*Program
	conf RedisConfig
}

// Redis starts a private Redis.
func (r *Rig) Redis(ctx context.Context, conf RedisConfig) (*Redis, error) {
	p, err := r.program("redis")
	if err != nil {
		return nil, err
	}
	s := &Redis{Program: p, conf: conf}
	p.makeCommand, p.askReady = s.command, s.ping
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the server's address as programs are told it.
func (s *Redis) URL() string { return "redis://" + s.Addr() + "/0" }

// Socket is the path of the server's Unix socket.
func (s *Redis) Socket() string { return filepath.Join(s.dir, "redis.sock") }

func (s *Redis) command(port int) ([]string, error) {
	path, err := find(RedisProgram)
	if err != nil {
		return nil, err
	}
	lines := []string{
		"bind 127.0.0.1",
		"port " + strconv.Itoa(port),
		"unixsocket " + s.Socket(),
		"unixsocketperm 700",
		"dir " + s.dir,
		"daemonize no",
		`save ""`,
	}
	if s.conf.AppendOnly {
		lines = append(lines, "appendonly yes", "appendfsync always")
	}
	lines = append(lines, s.conf.Lines...)
	file := filepath.Join(s.dir, "redis.conf")
	return []string{path, file}, writeFile(file, []byte(strings.Join(lines, "\n")+"\n"))
}

// ping goes by the socket: nobody else can be at its other end. A server that wants a password first is ready, too.
func (s *Redis) ping(ctx context.Context, _ string) error {
	answer, err := s.Do(ctx, "PING")
	switch {
	case err != nil && strings.HasPrefix(err.Error(), "NOAUTH "):
		return nil
	case err == nil && answer != "PONG":
		return fmt.Errorf("PING was answered %q", answer)
	}
	return err
}

// Do sends one command by the Unix socket and returns the answer: a string, a number, or "" for nothing. It is enough
// to look after a server with, such as `CONFIG SET` or `FLUSHALL`; an answer of several parts is an error.
func (s *Redis) Do(ctx context.Context, args ...string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", s.Socket())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	var command strings.Builder
	fmt.Fprintf(&command, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&command, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := io.WriteString(conn, command.String()); err != nil {
		return "", err
	}
	return readRedis(bufio.NewReader(conn))
}

// maxBulk is the longest string that Do takes for an answer.
const maxBulk = 1 << 20

// readRedis reads one answer of the Redis protocol (RESP2).
func readRedis(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("an empty answer")
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '+', ':':
		return rest, nil
	case '-':
		return "", errors.New(rest)
	case '$':
		size, err := strconv.Atoi(rest)
		if err != nil || size > maxBulk {
			return "", fmt.Errorf("an answer of %q octets", rest)
		}
		if size < 0 {
			return "", nil
		}
		data := make([]byte, size)
		_, err = io.ReadFull(r, data)
		return string(data), err
	default:
		return "", fmt.Errorf("an answer that is no single value: %q", line)
	}
}

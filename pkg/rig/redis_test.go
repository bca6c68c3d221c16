package rig

import (
	"bufio"
	"context"
	"strings"
	"testing"
	"time"
)

// What was written is there after a kill when every change goes to disk, and gone when none does; the address stays.
func TestRedisKilled(t *testing.T) {
	for _, test := range []struct {
		name string
		conf RedisConfig
		want string
	}{
		{"memory", RedisConfig{}, ""},
		{"append only", RedisConfig{AppendOnly: true}, "value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, RedisProgram)
			ctx := patience(t)
			s := must(r.Redis(ctx, test.conf))(t)
			url := s.URL()
			must(s.Do(ctx, "SET", "key", "value"))(t)
			s.Kill()
			if _, err := s.Do(ctx, "GET", "key"); err == nil {
				t.Error("a killed server answers")
			}
			check(t, s.Start(ctx))
			if got := must(s.Do(ctx, "GET", "key"))(t); got != test.want {
				t.Errorf("GET: got %q, want %q", got, test.want)
			}
			if s.URL() != url {
				t.Errorf("URL: got %s, want %s as before", s.URL(), url)
			}
			check(t, s.Restart(ctx))
			if err := s.Start(ctx); err == nil {
				t.Error("a running server was started")
			}
		})
	}
}

// A paused server takes connections and does not answer; resumed, it does.
func TestRedisPaused(t *testing.T) {
	r := newRig(t, RedisProgram)
	ctx := patience(t)
	s := must(r.Redis(ctx, RedisConfig{}))(t)
	check(t, s.Pause())
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if answer, err := s.Do(short, "PING"); err == nil {
		t.Errorf("paused: got %q, want no answer", answer)
	}
	check(t, s.Resume())
	check(t, s.ping(ctx, ""))
	s.Stop()
	if err := s.Pause(); err == nil {
		t.Error("a stopped server was paused")
	}
}

func TestReadRedis(t *testing.T) {
	for _, test := range []struct{ in, want, fault string }{
		{"+PONG\r\n", "PONG", ""},
		{":12\r\n", "12", ""},
		{"$5\r\nhello\r\n", "hello", ""},
		{"$-1\r\n", "", ""},
		{"-LOADING Redis is loading\r\n", "", "LOADING"},
		{"*1\r\n$1\r\na\r\n", "", "no single value"},
		{"$99999999\r\n", "", "99999999"},
		{"$x\r\n", "", `"x"`},
		{"\r\n", "", "empty"},
		{"$5\r\nhel", "", "EOF"},
		{"", "", "EOF"},
	} {
		got, err := readRedis(bufio.NewReader(strings.NewReader(test.in)))
		if err == nil && (got != test.want || test.fault != "") || err != nil && (test.fault == "" || !strings.Contains(err.Error(), test.fault)) {
			t.Errorf("readRedis(%q): got %q, %v, want %q, %q", test.in, got, err, test.want, test.fault)
		}
	}
}

func TestRedisPassword(t *testing.T) {
	r := newRig(t, RedisProgram)
	s := must(r.Redis(patience(t), RedisConfig{Lines: []string{"requirepass secret"}}))(t)
	if _, err := s.Do(patience(t), "GET", "key"); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH ") {
		t.Errorf("GET: got %v, want NOAUTH", err)
	}
}

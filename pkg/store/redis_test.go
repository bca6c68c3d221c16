package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

const (
	day  = "2016-12-14"
	kept = 400 * 24 * time.Hour
)

// patience is how long a test waits for something to come true that it cannot make true itself.
const patience = 30 * time.Second

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !yes(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func messages(n int64) map[string]map[string]int64 {
	return map[string]map[string]int64{day: {"messages": n}}
}

func wantMessages(t *testing.T, s store.Store, want int64) {
	t.Helper()
	got, err := s.Counters(t.Context(), []string{day})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(messages(want), got); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

// impatient gives up on Redis soon, and comes back to it soon.
var impatient = store.Options{Timeout: 100 * time.Millisecond, Pause: 50 * time.Millisecond}

// TestRedisAway opens a store that is not there, finds it away, and finds it when it comes.
func TestRedisAway(t *testing.T) {
	server := storetest.StartRedis(t)
	server.Kill()
	for _, url := range []string{server.URL(), "redis-cluster://" + server.Addr, "redis-sentinel://" + server.Addr + "/mymaster"} {
		s := open(t, url, impatient)
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrAway) {
			t.Errorf("%s: got %v, want away", url, err)
		}
		if err := s.Apply(t.Context(), "n1", 1, messages(1), kept); !errors.Is(err, store.ErrAway) {
			t.Errorf("%s: got %v, want away", url, err)
		}
		if _, err := s.Locals(t.Context()); !errors.Is(err, store.ErrAway) {
			t.Errorf("%s: got %v, want away", url, err)
		}
	}
	s := open(t, server.URL(), impatient)
	server.Start()
	eventually(t, "the store answers", func() bool { return s.Ping(t.Context()) == nil })
}

// TestRedisRestart kills Redis in the middle: what it had acknowledged is there, what it did not take is taken later,
// its connections and scripts are renewed.
func TestRedisRestart(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), impatient)
	var applied int64
	for seq := uint64(1); seq <= 30; seq++ {
		if seq%10 == 5 {
			server.Kill()
			if err := s.Apply(t.Context(), "n1", seq, messages(1), kept); !errors.Is(err, store.ErrAway) {
				t.Errorf("with Redis dead: got %v, want away", err)
			}
			server.Start()
		}
		eventually(t, "the batch is taken", func() bool { return s.Apply(t.Context(), "n1", seq, messages(1), kept) == nil })
		applied++
	}
	wantMessages(t, s, applied)
}

// TestRedisSlow stalls the wire: calls end all the same, after some nothing is even tried, and all is well afterwards.
func TestRedisSlow(t *testing.T) {
	server := storetest.StartRedis(t)
	wire := storetest.NewWire(t, server.Addr)
	s := open(t, "redis://"+wire.Addr, store.Options{Timeout: 50 * time.Millisecond, Pause: 50 * time.Millisecond})
	eventually(t, "a first batch is taken", func() bool { return s.Apply(t.Context(), "n1", 1, messages(1), kept) == nil })
	wire.Stall()
	for range 10 {
		if _, _, err := s.LastWritten(t.Context(), "ann@example.org", "bob@example.net"); !errors.Is(err, store.ErrAway) {
			t.Errorf("with the wire stalled: got %v, want away", err)
		}
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Ping(soon); err == nil {
		t.Error("with the wire stalled and no time: got no error")
	}
	wire.Flow()
	eventually(t, "a second batch is taken", func() bool { return s.Apply(t.Context(), "n1", 2, messages(1), kept) == nil })
	wantMessages(t, s, 2)
}

// TestRedisLeftAlone shows that a Redis which failed several times is not asked again before its pause is over.
func TestRedisLeftAlone(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), store.Options{Timeout: 2 * time.Second, Pause: time.Hour})
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for range 3 {
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrAway) {
			t.Fatalf("with Redis dead: got %v, want away", err)
		}
	}
	server.Start()
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrAway) {
		t.Errorf("within the pause: got %v, want away", err)
	}
}

// TestRedisLostAnswers adds while answers get lost: each batch was taken, its answer said it was not.
func TestRedisLostAnswers(t *testing.T) {
	server := storetest.StartRedis(t)
	wire := storetest.NewWire(t, server.Addr)
	s := open(t, "redis://"+wire.Addr, impatient)
	direct := open(t, server.URL(), store.Options{})
	if err := direct.Apply(t.Context(), "n0", 1, nil, kept); err != nil { // Redis has the script: one question is enough
		t.Fatal(err)
	}
	const batches = 5
	for seq := uint64(1); seq <= batches; seq++ {
		eventually(t, "the store answers", func() bool { return s.Ping(t.Context()) == nil })
		wire.Deafen()
		if err := s.Apply(t.Context(), "n1", seq, messages(1), kept); !errors.Is(err, store.ErrAway) {
			t.Errorf("with the answer lost: got %v, want away", err)
		}
		eventually(t, "the batch has arrived", func() bool {
			got, err := direct.Counters(t.Context(), []string{day})
			return err == nil && got[day]["messages"] == int64(seq)
		})
		wire.Flow()
		wire.Cut()
		eventually(t, "the batch is taken", func() bool { return s.Apply(t.Context(), "n1", seq, messages(1), kept) == nil })
	}
	wantMessages(t, s, batches)
}

// TestRedisRefusals has Redis say no in all the ways that mean "not now". What is only read is still answered where
// Redis can.
func TestRedisRefusals(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), store.Options{Timeout: 5 * time.Second, Pause: time.Hour})
	if err := s.Remember(t.Context(), "ann@example.org", []string{"bob@example.net"}, time.Now(), time.Hour, 10); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, on, off string }{
		{"no memory", "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"},
		{"a replica", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"},
		{"too few replicas", "CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"},
	} {
		server.Do(test.on)
		for range 5 {
			if err := s.Apply(t.Context(), "n1", 1, messages(1), kept); !errors.Is(err, store.ErrAway) {
				t.Errorf("%s: apply: got %v, want away", test.name, err)
			}
		}
		if _, found, err := s.LastWritten(t.Context(), "ann@example.org", "bob@example.net"); !found || err != nil {
			t.Errorf("%s: last written: got %v %v, want it", test.name, found, err)
		}
		server.Do(test.off)
	}
	server.Do("SCRIPT FLUSH")
	if err := s.Apply(t.Context(), "n1", 1, messages(1), kept); err != nil {
		t.Errorf("with scripts forgotten: %v", err)
	}
	wantMessages(t, s, 1)
}

func TestRedisReplies(t *testing.T) {
	for reply, want := range map[string]bool{
		"-LOADING Redis is loading the dataset in memory":                 true,
		"-MASTERDOWN Link with MASTER is down":                            true,
		"-ERR max number of clients reached":                              true,
		"-WRONGPASS invalid username-password pair or user is disabled.":  false,
		"-NOAUTH Authentication required.":                                false,
		"HTTP/1.1 400 Bad Request":                                        true, // no Redis at all
		"$-1000000000000":                                                 true,
		"-MISCONF Redis is configured to save RDB snapshots, but cannot.": true,
	} {
		s := open(t, "redis://"+storetest.Answering(t, reply), impatient)
		err := s.Apply(t.Context(), "n1", 1, messages(1), kept)
		if err == nil || errors.Is(err, store.ErrAway) != want {
			t.Errorf("%s: got %v, want away: %v", reply, err, want)
		}
	}
}

// TestRedisForeignKey finds somebody else's key in the way, and adds nothing of the batch.
func TestRedisForeignKey(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), store.Options{})
	server.Do("SET winnow:{stats}:day:2016-12-15 mine")
	batch := messages(1)
	batch["2016-12-15"] = map[string]int64{"messages": 1}
	if err := s.Apply(t.Context(), "n1", 1, batch, kept); err == nil || errors.Is(err, store.ErrAway) {
		t.Errorf("got %v, want an error that does not pass by itself", err)
	}
	server.Do("DEL winnow:{stats}:day:2016-12-15")
	if err := s.Apply(t.Context(), "n1", 1, batch, kept); err != nil {
		t.Error(err)
	}
	got, err := s.Counters(t.Context(), []string{day, "2016-12-15"})
	if diff := cmp.Diff(batch, got); diff != "" || err != nil {
		t.Errorf("counters: %v (-want +got):\n%s", err, diff)
	}
}

// TestRedisFailover has a replica take over from a master that died.
func TestRedisFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel() // it mostly waits
	master := storetest.StartRedis(t)
	replica := storetest.StartRedis(t, "--replicaof", strings.Replace(master.Addr, ":", " ", 1), "--repl-diskless-sync-delay", "0")
	replica.Await("INFO replication", "master_link_status:up")
	sentinel := storetest.StartSentinel(t, master)
	sentinel.Await("INFO sentinel", "slaves=1")
	s := open(t, "redis-sentinel://"+sentinel.Addr+"/mymaster", store.Options{Timeout: time.Second, Pause: 50 * time.Millisecond})
	if err := s.Apply(t.Context(), "n1", 1, messages(1), kept); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the replica has it", func() bool {
		return strings.HasSuffix(replica.Do("HGET winnow:{stats}:day:2016-12-14 messages"), "\n1")
	})
	master.Kill()
	eventually(t, "the replica takes batches", func() bool { return s.Apply(t.Context(), "n1", 2, messages(1), kept) == nil })
	wantMessages(t, s, 2)
}

// TestRedisKeys holds what is in Redis to the table in keys.go: names, types, and that everything expires.
func TestRedisKeys(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), store.Options{})
	for _, err := range []error{
		s.Set(t.Context(), "rL0Y20zC", []byte("x"), time.Minute),
		s.Remember(t.Context(), "ann@example.org", []string{"bob@example.net"}, time.Now(), time.Hour, 10),
		s.AddMembers(t.Context(), "enabled", "ann@example.org"),
		s.Apply(t.Context(), "n1", 1, messages(1), kept),
		s.Apply(t.Context(), "n1", 2, storetest.Deltas{"2016-12-14T09+01:00": {"messages": 1}}, kept),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr})
	defer client.Close()
	want := map[string]string{
		"winnow:dns:rL0Y20zC":           "string 60",
		"winnow:awl:ann@example.org":    "hash 3600",
		"winnow:awl-locals":             "zset 3600",
		"winnow:{stats}:day:2016-12-14": "hash 34560000",
		"winnow:{stats}:seq:n1":         "string 34560000",

		"winnow:{stats}:hour:2016-12-14T09+01:00": "hash 1209600",
		"winnow:set:enabled":                      "set 0",
	}
	got := map[string]string{}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		ttl := max(0, client.TTL(t.Context(), key).Val())
		got[key] = fmt.Sprint(client.Type(t.Context(), key).Val(), " ", int(ttl.Round(time.Minute).Seconds()))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys, types and seconds (-want +got):\n%s", diff)
	}
}

// TestRedisLocalsCleared shows that the list of local users loses those whose correspondents expired.
func TestRedisLocalsCleared(t *testing.T) {
	mini, clock := miniredis.RunT(t), storetest.NewClock()
	s := open(t, "redis://"+mini.Addr(), relaxed(clock))
	for _, local := range []string{"ann@example.org", "bea@example.org"} {
		if err := s.Remember(t.Context(), local, []string{"bob@example.net"}, clock.Now(), time.Hour, 10); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
	}
	got, err := mini.ZMembers("winnow:awl-locals")
	if diff := cmp.Diff([]string{"bea@example.org"}, got); diff != "" || err != nil {
		t.Errorf("locals: %v (-want +got):\n%s", err, diff)
	}
}

// TestRedisNoSecrets gives every wrong password and looks for it in what is said.
func TestRedisNoSecrets(t *testing.T) {
	server := storetest.StartRedis(t, "--requirepass", "open sesame/@:%")
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("open sesame/@:%\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, u := range []string{
		"redis://:" + url.PathEscape("open sesame/@:%") + "@" + server.Addr,
		"redis://default:open%20sesame%2F%40%3A%25@" + server.Addr + "/2",
		"redis://" + server.Addr + "?password_file=" + file,
	} {
		s := open(t, u, store.Options{Timeout: 5 * time.Second})
		if err := s.Ping(t.Context()); err != nil {
			t.Errorf("with the password: %v", err)
		}
	}
	s := open(t, "redis://mallory:hunter2@"+server.Addr, store.Options{Timeout: 5 * time.Second})
	err := s.Ping(t.Context())
	if err == nil || errors.Is(err, store.ErrAway) {
		t.Fatalf("with a wrong password: got %v, want an error that does not pass by itself", err)
	}
	for _, secret := range []string{"hunter2", "mallory"} {
		if strings.Contains(err.Error()+s.String()+fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("%q shows in %v", secret, err)
		}
	}
	if want := "redis://***@" + server.Addr; s.String() != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// TestRedisExpiry lets Redis itself expire what is short-lived.
func TestRedisExpiry(t *testing.T) {
	server := storetest.StartRedis(t)
	s := open(t, server.URL(), store.Options{})
	if err := s.Set(t.Context(), "k", []byte("v"), 20*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := s.Remember(t.Context(), "ann@example.org", []string{"bob@example.net"}, time.Now(), 20*time.Millisecond, 10); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is gone", func() bool { return server.Do("DBSIZE") == ":0" })
	_, ok, err := s.Get(t.Context(), "k")
	locals, err2 := s.Locals(t.Context())
	if ok || err != nil || len(locals) > 0 || err2 != nil {
		t.Errorf("got %v %v %v %v, want nothing", ok, err, locals, err2)
	}
}

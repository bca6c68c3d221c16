package store_test

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// TestMain has random tests run fewer times than they would by themselves, for the file syncs the disk with every step;
// -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := errors.Join(flag.Set("rapid.checks", "25"), flag.Set("rapid.nofailfile", "true")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, url string, o store.Options) store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestMemory(t *testing.T) {
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			return open(t, "memory:", store.Options{Now: clock.Now})
		},
	})
}

func TestEmbedded(t *testing.T) {
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			return open(t, "embedded:"+filepath.Join(t.TempDir(), "winnow.db"), store.Options{Now: clock.Now})
		},
		NoAnswers: true,
	})
}

// TestRedisInMemory runs the suite on a Redis whose clock can be set.
func TestRedisInMemory(t *testing.T) {
	var mini *miniredis.Miniredis
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			mini = miniredis.RunT(t)
			return open(t, "redis://"+mini.Addr(), relaxed(clock))
		},
		Advance: func(d time.Duration) { mini.FastForward(d) },
	})
}

// relaxed gives Redis the time that a busy test machine takes.
func relaxed(clock *storetest.Clock) store.Options {
	return store.Options{Now: clock.Now, Timeout: 5 * time.Second}
}

func TestRedisServer(t *testing.T) {
	server := storetest.StartRedis(t)
	runServer(t, server, server.URL())
}

func TestRedisSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis.sock")
	server := storetest.StartRedis(t, "--unixsocket", socket)
	runServer(t, server, "redis-unix://"+socket+"?db=3")
}

// TestRedisCluster shows that no step of ours touches two slots: a Cluster refuses that, one of a single node as well.
func TestRedisCluster(t *testing.T) {
	t.Parallel() // it takes a Cluster seconds to make up its mind
	server := storetest.StartRedis(t, "--cluster-enabled", "yes")
	server.Do("CLUSTER ADDSLOTSRANGE 0 16383")
	server.Await("CLUSTER INFO", "cluster_state:ok")
	runServer(t, server, "redis-cluster://"+server.Addr)
}

func TestRedisSentinel(t *testing.T) {
	server := storetest.StartRedis(t)
	sentinel := storetest.StartSentinel(t, server)
	runServer(t, server, "redis-sentinel://"+sentinel.Addr+"/mymaster")
}

func runServer(t *testing.T, server *storetest.Server, url string) {
	storetest.Run(t, storetest.Subject{
		Open: func(t *testing.T, clock *storetest.Clock) store.Store {
			server.Do("FLUSHALL")
			server.Do("SCRIPT FLUSH")
			return open(t, url, relaxed(clock))
		},
		ForeignDays: true,
	})
}

func TestOpenBad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	for _, url := range []string{"", "postgres://x", "memory:x", "redis://:p@h?password_file=" + file, "rediss://h?ca=" + file} {
		if s, err := store.Open(t.Context(), url, store.Options{}); err == nil {
			s.Close()
			t.Errorf("%q: got no error", url)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Open(over, "memory:", store.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: got %v", err)
	}
}

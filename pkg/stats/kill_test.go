package stats_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// childEnv makes the test binary a service that counts until it is killed: "store URL|state directory|first chunk".
const childEnv = "WINNOW_STATS_CHILD"

// perChunk is how many messages are counted between two flushes.
const perChunk = 20

// child counts chunks of messages, each under a list of its own, and writes the number of each that is flushed: from
// then on it must not be lost. With a first chunk of -1 it only takes up the journal and ends.
func child() int {
	args := strings.Split(os.Getenv(childEnv), "|")
	first, err := strconv.Atoi(args[2])
	if err != nil {
		return 2
	}
	s, err := store.Open(context.Background(), args[0], store.Options{Timeout: 50 * time.Millisecond, Pause: 20 * time.Millisecond})
	if err != nil {
		return 2
	}
	c := config(args[1])
	c.FlushEvery = 3 * time.Millisecond // beside the flushes below
	var sick error
	_, local := s.(*store.Embedded)
	r, err := stats.NewRecorder(c, s, stats.Options{Now: storetest.NewClock().Now, Local: local, Trouble: func(with string, err error) {
		if with == stats.WithJournal {
			sick = err
		}
	}})
	if err != nil || sick != nil {
		fmt.Fprintln(os.Stderr, err, sick)
		return 2
	}
	if first < 0 {
		for r.Flush(context.Background()) != nil {
			time.Sleep(time.Millisecond)
		}
		if r.Close(context.Background()) != nil {
			return 2
		}
		return 0
	}
	for chunk := first; ; chunk++ {
		v := &filter.Verdict{Class: filter.ClassScanned, Action: filter.Accept, Reports: []filter.Report{{
			Stage: "dnsbl", Phase: filter.Content, Results: []filter.Result{{Source: fmt.Sprint("chunk", chunk), Asked: 1}},
		}}}
		for range perChunk {
			r.Message(&message.Message{}, v)
		}
		_ = r.Flush(context.Background()) // into the store, or else into the journal
		fmt.Println(chunk)
	}
}

func startChild(t *testing.T, url, dir string, first int) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s|%d", childEnv, url, dir, first))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// TestKilled kills a service with -9 at random moments, time and again, while its Redis is killed and started, and
// answers are lost on the way to it.
func TestKilled(t *testing.T) {
	server := storetest.StartRedis(t)
	wire := storetest.NewWire(t, server.Addr)
	down := false
	faults := []func(){
		func() {
			if server.Kill(); down {
				server.Start()
			}
			down = !down
		},
		wire.Deafen, wire.Stall, wire.Flow, wire.Cut,
	}
	healed := func() {
		if down {
			server.Start()
		}
		wire.Flow()
	}
	testKilled(t, "redis://"+wire.Addr, server.URL(), faults, healed)
}

// TestKilledLocal does the same with the embedded store, which has no journal before it.
func TestKilledLocal(t *testing.T) {
	url := "embedded:" + filepath.Join(t.TempDir(), "winnow.db")
	testKilled(t, url, url, []func(){func() {}}, func() {})
}

// testKilled kills a service that counts, while faults come and until they are healed. In the end every chunk that was flushed is
// in the account, whole and once; the one that was under way when the kill came may be there, in part or not at all; the account
// says how often that was.
func testKilled(t *testing.T, url, direct string, faults []func(), heal func()) {
	dir := t.TempDir()
	flushed, started := map[int]bool{}, 0
	const kills = 12
	for range kills {
		cmd, out := startChild(t, url, dir, started)
		lines := bufio.NewScanner(out)
		for range 1 + rand.IntN(20) {
			if !lines.Scan() {
				t.Fatalf("the service ended by itself: %v", cmd.Wait())
			}
			chunk, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			flushed[chunk], started = true, chunk+1
			if rand.IntN(3) == 0 {
				faults[rand.IntN(len(faults))]()
			}
		}
		cmd.Process.Kill()
		for lines.Scan() { // what it wrote before it died counts too
			if chunk, err := strconv.Atoi(lines.Text()); err == nil {
				flushed[chunk], started = true, chunk+1
			}
		}
		cmd.Wait()
		started++ // the one under way
	}
	heal()
	cmd, _ := startChild(t, url, dir, -1)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the last start: %v", err)
	}
	s, err := store.Open(t.Context(), direct, store.Options{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, sum := counters(t, s, today), int64(0)
	for chunk := range started {
		n := got[fmt.Sprintf("list:chunk%d:asked", chunk)]
		sum += n
		if n > perChunk || n < perChunk && flushed[chunk] {
			t.Errorf("chunk %d, flushed %v: got %d, want %d", chunk, flushed[chunk], n, perChunk)
		}
	}
	for _, name := range []string{"messages", "scanned", "delivered", "action:accept"} {
		if got[name] != sum {
			t.Errorf("%s: got %d, want %d", name, got[name], sum)
		}
	}
	if n := got["unfinished"]; n != kills {
		t.Errorf("unfinished: got %d, want %d", n, kills)
	}
	t.Logf("%d chunks, %d flushed", started, len(flushed))
}

package whitelist

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Between a lesson's being put together and its being written, its pairs may be forgotten, or learned anew.
func TestWriteOnlyWhatStillWaits(t *testing.T) {
	ctx := context.Background()
	var written [][]string
	l := &learner{most: 10, pending: make(map[pair]learned), wake: make(chan struct{}, 1)}
	l.remember = func(_ context.Context, what lesson) error {
		written = append(written, what.remotes)
		return nil
	}
	learn := func(at int64, remotes ...string) { l.learn(lesson{local: "user", remotes: remotes, at: at}) }

	learn(1, "a", "b", "c")
	l.forget(pair{local: "user", remote: "a"}, func() error { return nil })
	learn(2, "b")
	l.write(ctx, lesson{local: "user", remotes: []string{"a", "b", "c"}, at: 1})
	if diff := cmp.Diff([][]string{{"c"}}, written); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[pair]learned{{local: "user", remote: "b"}: {at: 2}}, l.pending, cmp.AllowUnexported(pair{}, learned{})); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}

	l.remember = func(context.Context, lesson) error {
		learn(3, "b")
		return nil
	}
	l.write(ctx, lesson{local: "user", remotes: []string{"b"}, at: 2})
	if diff := cmp.Diff(map[pair]learned{{local: "user", remote: "b"}: {at: 3}}, l.pending, cmp.AllowUnexported(pair{}, learned{})); diff != "" {
		t.Errorf("learned anew while it was written: pending (-want +got):\n%s", diff)
	}
}

func TestFlushGivesUpAfterFailuresInARow(t *testing.T) {
	refused := errors.New("connection refused")
	tests := []struct {
		name  string
		fails func(call int) bool
		calls int
	}{
		{"every time", func(int) bool { return true }, 2},
		{"every other time", func(call int) bool { return call%2 == 0 }, 10},
		{"never", func(int) bool { return false }, 10},
	}
	for _, tt := range tests {
		calls := 0
		l := &learner{most: 10, pending: make(map[pair]learned), wake: make(chan struct{}, 1)}
		l.remember = func(context.Context, lesson) error {
			calls++
			if tt.fails(calls) {
				return refused
			}
			return nil
		}
		for i := range 10 {
			l.learn(lesson{local: fmt.Sprint("user", i), remotes: []string{"friend"}, at: 1})
		}
		err := l.flush(context.Background(), 2)
		if calls != tt.calls || (err != nil) != tt.fails(2) {
			t.Errorf("%s: got %d calls, %v, want %d", tt.name, calls, err, tt.calls)
		}
	}
}

// Who forgets a pair that is just being written waits, or it would be back in the store afterwards.
func TestForgettingWaitsForWriting(t *testing.T) {
	var order []string // the lock that is tested guards it
	var forgotten sync.WaitGroup
	l := &learner{most: 10, pending: make(map[pair]learned), wake: make(chan struct{}, 1)}
	l.remember = func(context.Context, lesson) error {
		forgotten.Go(func() {
			l.forget(pair{local: "user", remote: "friend"}, func() error {
				order = append(order, "forgotten")
				return nil
			})
		})
		for range 1000 {
			runtime.Gosched() // time enough to go wrong
		}
		order = append(order, "written")
		return nil
	}
	l.learn(lesson{local: "user", remotes: []string{"friend"}, at: 1})
	if err := l.flush(context.Background(), 1); err != nil {
		t.Error(err)
	}
	forgotten.Wait()
	if diff := cmp.Diff([]string{"written", "forgotten"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

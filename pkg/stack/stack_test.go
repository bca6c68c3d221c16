package stack

import (
	"sync"
	"testing"
)

// deep calls itself n times, with frames of about a hundred octets.
//
//go:noinline
func deep(n int, text string) int {
	var some [8]int
	some[n%len(some)] = len(text)
	if n == 0 {
		return some[1]
	}
	return deep(n-1, text) + some[n%3]
}

// BenchmarkGrown is a short task in a goroutine of its own, with and without Reserve.
func BenchmarkGrown(b *testing.B) {
	for name, first := range map[string]func(){"bit by bit": func() {}, "at once": Reserve} {
		b.Run(name, func(b *testing.B) {
			var all sync.WaitGroup
			for b.Loop() {
				all.Go(func() {
					first()
					deep(80, "text")
				})
				all.Wait()
			}
		})
	}
}

func TestReserve(t *testing.T) {
	if n := testing.AllocsPerRun(100, Reserve); n != 0 {
		t.Errorf("it allocates %v objects on the heap, want none", n)
	}
}

// Package stack gives goroutines the stack that they will need, at once.
//
// A goroutine begins with a stack of a few kilobytes. One that goes deep outgrows it several times over, and each time the
// runtime copies the stack and corrects every frame in it: for a short task that costs more than the task (BenchmarkGrown).
package stack

// reserved is more octets than a question to the network takes, or most stages of the pipeline; rules of a large message
// grow it once more.
const reserved = 14 << 10

// Reserve grows the stack of the calling goroutine in one step. It is for the first line of a goroutine's function, while
// there is next to nothing to copy.
func Reserve() { reserve(0) }

// reserve needs its room without using it: the runtime makes it before the first line runs. What it returns depends on i, or the
// compiler would see that there is no need for the room; and as i is 0, nobody clears it.
//
//go:noinline
func reserve(i int) byte {
	if i == 0 {
		return 0
	}
	var room [reserved]byte
	return room[i]
}

package dns

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// A few goroutines wait for the next question, however many there were at once.
func TestSpareGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlights()
		defer f.close()
		slow := func(context.Context, Question) (Answer, error) { time.Sleep(time.Second); return Answer{}, nil }
		for round := range 3 {
			for i := range 3 * maxSpare {
				if _, joined, err := f.join(Question{Name: fmt.Sprint(i)}, slow); joined || err != nil {
					t.Fatal(joined, err)
				}
			}
			synctest.Wait()
			if spare := f.spare.Load(); spare != 0 {
				t.Errorf("round %d: %d goroutines spare while all are needed", round, spare)
			}
			time.Sleep(2 * time.Second)
			if spare := f.spare.Load(); spare != maxSpare || len(f.under) != 0 {
				t.Errorf("round %d: %d goroutines spare, %d flights, want %d and none", round, spare, len(f.under), maxSpare)
			}
		}
	})
}

package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// TestTimeoutOfURL stalls a Redis: what its URL says about how long it may take goes before the rest, both ways.
func TestTimeoutOfURL(t *testing.T) {
	t.Parallel()
	wire := storetest.NewWire(t, miniredis.RunT(t).Addr())
	wire.Stall()

	hasty := open(t, "redis://"+wire.Addr+"?timeout=20ms", store.Options{Timeout: 10 * time.Minute})
	if err := hasty.Ping(t.Context()); !errors.Is(err, store.ErrAway) { // else the test takes minutes
		t.Errorf("within 20ms: got %v, want away", err)
	}

	patient := open(t, "redis://"+wire.Addr+"?timeout=10s", store.Options{Timeout: 20 * time.Millisecond})
	flow := time.AfterFunc(300*time.Millisecond, wire.Flow) // longer than two tries of 20 ms, and what lies between
	defer flow.Stop()
	if err := patient.Ping(t.Context()); err != nil {
		t.Errorf("within 10s: got %v, want an answer", err)
	}
}

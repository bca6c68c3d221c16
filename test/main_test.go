package test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestMain runs the tests, removes what they built, and sees that none left a goroutine behind.
func TestMain(m *testing.M) {
	code := m.Run()
	code = max(code, removeProgram())
	if err := leaked(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// leaked waits for goroutines that are about to end: one of go-redis that could not connect sleeps for a second before it looks.
func leaked() (err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if err = goleak.Find(); err == nil {
			return nil
		}
	}
	return err
}

const (
	patience = 30 * time.Second      // for what must come true
	tick     = 10 * time.Millisecond // between looks
)

// until waits for something to come true: holds says what is still missing.
func until(t testing.TB, what string, holds func() error) {
	t.Helper()
	untilEvery(t, tick, what, holds)
}

// untilEvery is until for looks that cost something.
func untilEvery(t testing.TB, tick time.Duration, what string, holds func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(tick) {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// missing is the error of a condition that does not hold, nil where it does.
func missing(holds bool, format string, args ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// observed returns a log that can be looked at, and that shows itself when the test fails.
func observed(t testing.TB) (*zap.Logger, *observer.ObservedLogs) {
	t.Helper()
	core, lines := observer.New(zap.InfoLevel)
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, line := range lines.FilterLevelExact(zap.WarnLevel).All() {
			t.Logf("%s %s %v", line.Time.Format(time.StampMilli), line.Message, line.ContextMap())
		}
		for _, line := range lines.FilterLevelExact(zap.ErrorLevel).All() {
			t.Logf("%s %s %v", line.Time.Format(time.StampMilli), line.Message, line.ContextMap())
		}
	})
	return zap.New(core), lines
}

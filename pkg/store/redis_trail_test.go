package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"winnow/pkg/store"
)

// The trail's stream is read from its end, in pages, and keeps about as many records as it is told, and none that are too old.
func TestTrail(t *testing.T) {
	mini := miniredis.RunT(t)
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	mini.SetTime(noon)
	s, err := store.Open(t.Context(), "redis://"+mini.Addr(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := s.(*store.Redis)
	if records, place, err := r.TrailBefore(t.Context(), "", 10); len(records) != 0 || place != "" || err != nil {
		t.Errorf("an empty stream: got %d records, place %q, %v", len(records), place, err)
	}
	for i := range 30 {
		batch := [][]byte{fmt.Appendf(nil, "%d a", i), fmt.Appendf(nil, "%d b", i)}
		if err := r.AppendTrail(t.Context(), batch, 20); err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for place := ""; ; {
		records, next, err := r.TrailBefore(t.Context(), place, 7)
		if err != nil {
			t.Fatal(err)
		}
		if next == "" {
			break
		}
		for _, record := range records {
			all = append(all, string(record))
		}
		place = next
	}
	if len(all) < 20 || len(all) > 60 || !strings.HasPrefix(strings.Join(all, ","), "29 b,29 a,28 b,28 a") {
		t.Errorf("got %d records: %q", len(all), all)
	}
	mini.SetTime(noon.Add(time.Hour))
	trim := func(before time.Time) error {
		done, err := r.TrimTrail(t.Context(), before)
		if !done && err == nil {
			return errors.New("it was not done")
		}
		return err
	}
	err = errors.Join(trim(noon.Add(time.Minute)), r.AppendTrail(t.Context(), [][]byte{[]byte("new")}, 20), trim(noon.Add(time.Hour)))
	if records, _, failed := r.TrailBefore(t.Context(), "", 10); err != nil || failed != nil || len(records) != 1 || string(records[0]) != "new" {
		t.Errorf("without what is older: got %q, %v, %v", records, err, failed)
	}
	mini.Close()
	if err := r.AppendTrail(context.Background(), [][]byte{[]byte("x")}, 20); !errors.Is(err, store.ErrAway) {
		t.Errorf("without Redis: got %v", err)
	}
	if done, err := r.TrimTrail(t.Context(), noon); done || err != nil {
		t.Errorf("without Redis: got %v, %v, want nothing done and no error", done, err)
	}
}

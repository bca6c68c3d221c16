package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// subjects are the stores that a service may have.
func subjects(b *testing.B, run func(b *testing.B, s store.Store)) {
	b.Run("memory", func(b *testing.B) { run(b, open(b, "memory:", store.Options{})) })
	b.Run("embedded", func(b *testing.B) {
		run(b, open(b, "embedded:"+filepath.Join(b.TempDir(), "winnow.db"), store.Options{}))
	})
	b.Run("redis", func(b *testing.B) {
		run(b, open(b, storetest.StartRedis(b).URL(), store.Options{Timeout: 5 * time.Second}))
	})
}

// BenchmarkApply adds a batch of 300 counters, as a site with 10 lists has once a second.
func BenchmarkApply(b *testing.B) {
	counters := map[string]int64{}
	for i := range 300 {
		counters[fmt.Sprintf("list:list%02d:figure%02d", i/30, i%30)] = int64(i)
	}
	batch := storetest.Deltas{day: counters}
	subjects(b, func(b *testing.B, s store.Store) {
		b.ReportAllocs()
		for seq := uint64(1); b.Loop(); seq++ {
			if err := s.Apply(b.Context(), "n1", seq, batch, kept); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLastWritten asks what is asked for each recipient.
func BenchmarkLastWritten(b *testing.B) {
	subjects(b, func(b *testing.B, s store.Store) {
		var remotes []string
		for i := range 500 {
			remotes = append(remotes, fmt.Sprintf("r%d@example.net", i))
		}
		if err := s.Remember(b.Context(), "ann@example.org", remotes, time.Now(), time.Hour, 1000); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, found, err := s.LastWritten(b.Context(), "ann@example.org", "r77@example.net"); !found || err != nil {
				b.Fatal(found, err)
			}
		}
	})
}

// BenchmarkRemember notes one more remote of a user who has 500.
func BenchmarkRemember(b *testing.B) {
	subjects(b, func(b *testing.B, s store.Store) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			remote := []string{fmt.Sprintf("r%d@example.net", i%1000)}
			if err := s.Remember(b.Context(), "ann@example.org", remote, time.Now(), time.Hour, 500); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkGet asks for a DNS answer that another node had, and for one that none had.
func BenchmarkGet(b *testing.B) {
	s := open(b, storetest.StartRedis(b).URL(), store.Options{Timeout: 5 * time.Second})
	if err := s.Set(b.Context(), "a 2.0.0.127.zen.example", []byte("an answer of some octets"), time.Hour); err != nil {
		b.Fatal(err)
	}
	for key, known := range map[string]bool{"a 2.0.0.127.zen.example": true, "a 3.0.0.127.zen.example": false} {
		b.Run(fmt.Sprintf("known=%v", known), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := s.Get(b.Context(), key); ok != known || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

// BenchmarkSent asks what is asked of a message that answers ten others.
func BenchmarkSent(b *testing.B) {
	subjects(b, func(b *testing.B, s store.Store) {
		ids := []string{}
		for i := range 200 {
			id := fmt.Sprintf("digest%06d", i)
			if err := s.RememberSent(b.Context(), "ann@example.org", id, "AbCdEfGh", time.Now(), time.Hour, 500); err != nil {
				b.Fatal(err)
			}
			if i%20 == 0 {
				ids = append(ids, id)
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			if notes, err := s.Sent(b.Context(), "ann@example.org", ids); len(notes) != len(ids) || err != nil {
				b.Fatal(notes, err)
			}
		}
	})
}

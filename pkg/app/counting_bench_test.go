package app

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// perFlush is how many messages come between two flushes of the benchmark below: those of a second at a busy site.
const perFlush = 1000

// BenchmarkCounting tells what part of the work on a message is counting it. The message is a small one, with the shipped lists
// and rules, all answers cached, from connection to verdict, without socket and log: the larger a message, the smaller the
// part. counted-ns is Recorder.Connection and Recorder.Message, which wait for nothing. flushed-ns is the message's share of a
// flush each 1,000 messages, which no session waits for. counting-% is both together, of processor-ns: all that a message
// takes of processors, the collection of its memory included, which goes on beside it.
func BenchmarkCounting(b *testing.B) {
	b.Run("embedded", func(b *testing.B) { benchCounting(b, "") })
	b.Run("redis", func(b *testing.B) { benchCounting(b, storetest.StartRedis(b).URL()) })
}

func benchCounting(b *testing.B, url string) {
	c := benchConfig(b)
	c.Store = store.URL(url)
	a, err := New(context.Background(), c, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.Close(); err != nil {
			b.Error(err)
		}
	})
	account := c.Stats
	account.StateDir, account.FlushEvery = c.StateDir, time.Minute
	r, err := stats.NewRecorder(account, a.Store(), stats.Options{Local: url == ""})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	var counted, flushed time.Duration
	started := processorTime(b)
	for n := 0; b.Loop(); n++ {
		m := letterFrom(unlisted)
		v := a.Pipeline().Check(context.Background(), m, []string{"alice@our.example"})
		told := time.Now()
		r.Message(m, v)
		r.Connection(m.Client, v.Connection, v.Connection.Refused())
		end := time.Now()
		counted += end.Sub(told)
		if n%perFlush == perFlush-1 {
			before := processorTime(b)
			if err := r.Flush(context.Background()); err != nil {
				b.Fatal(err)
			}
			flushed += processorTime(b) - before
		}
	}
	taken := processorTime(b) - started
	each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(b.N) }
	b.ReportMetric(each(counted), "counted-ns")
	b.ReportMetric(each(flushed), "flushed-ns")
	b.ReportMetric(each(taken), "processor-ns")
	b.ReportMetric(100*float64(counted+flushed)/float64(taken), "counting-%")
}

// processorTime is what this process has taken of processors.
func processorTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func letterFrom(client message.Client) *message.Message {
	m := &message.Message{ID: "00000000", Client: client, Sender: "bob@example.org", Body: []byte(letter), Size: int64(len(letter))}
	for _, name := range strings.Fields("Received From To Subject Date Message-ID MIME-Version User-Agent X-One X-Two") {
		m.Header = append(m.Header, message.Field{Name: name, Value: " a value of a usual length, such as fields have"})
	}
	return m
}

package milter_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// deaf is an account that hears nothing.
type deaf struct{}

func (deaf) Message(*message.Message, *filter.Verdict)        {}
func (deaf) Connection(message.Client, *filter.Verdict, bool) {}

// balanced is an account that checks what it is told.
type balanced struct {
	t    *testing.T
	mu   sync.Mutex
	seen map[string]bool
}

func (b *balanced) Message(m *message.Message, v *filter.Verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen[m.ID] {
		b.t.Errorf("message %s is told twice", m.ID)
	}
	b.seen[m.ID] = true
	if int64(len(m.Body)) > m.Size {
		b.t.Errorf("message %s has %d octets of body in a size of %d", m.ID, len(m.Body), m.Size)
	}
	passed := 0
	for i := range v.Recipients {
		if !v.Recipients[i].Refused() {
			passed++
		}
	}
	if passed > len(m.Recipients) { // fewer where the filter panicked
		b.t.Errorf("message %s has recipients %q, let through were %d", m.ID, m.Recipients, passed)
	}
}

func (b *balanced) Connection(message.Client, *filter.Verdict, bool) {}

// frames writes frames as a fuzz corpus has them: those of a dialogue in one piece.
func frames(all ...string) []byte {
	var data []byte
	for _, f := range all {
		data = binary.BigEndian.AppendUint32(data, uint32(len(f)))
		data = append(data, f...)
	}
	return data
}

// Whatever comes over a connection: the session ends, its messages are told once each, and the library says nothing.
func FuzzSession(f *testing.F) {
	const offered = "O\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"
	const client = "Cclient.example\x004\x04\xd2192.0.2.1\x00"
	f.Add(frames(offered, client, "Hclient.example\x00", "DMi\x00Q1\x00", "M<a@example.org>\x00", "R<b@example.net>\x00",
		"LSubject\x00 tag\x00", "LX-Spam-Flag\x00NO\x00", "BHello\r\n", "E", "A", "M<>\x00", "R<blacklisted@example.net>\x00", "R<gone@example.net>\x00", "Elast", "Q"))
	f.Add(frames("O\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00", client, "M<>\x00", "R<b@example.net>\x00", "N", "T", "UFOO\x00", "B", "M<>\x00", "K", "Ca\x00U", "Q"))
	f.Add([]byte("\x00\x10\x00\x00Oshort"))
	f.Fuzz(func(t *testing.T, data []byte) {
		config := milter.DefaultConfig()
		config.Listen = []string{"inet:127.0.0.1:0"}
		config.MaxBody = 10
		if len(data)%2 == 1 {
			config.RejectAt = milter.AtConnect
		}
		server, err := milter.New(config, milter.Deps{
			Filter:  func() milter.Filter { return miltertest.Filter{} },
			Account: &balanced{t: t, seen: make(map[string]bool)},
		})
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		server.ServeConn(far)
		var reader sync.WaitGroup
		reader.Go(func() { _, _ = io.Copy(io.Discard, near) })
		_, _ = near.Write(data) // fails where the session ended before all was read
		_ = near.Close()
		reader.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("the session does not end: %v", err)
		}
		if said := unheard.said.Load(); said != nil {
			t.Errorf("the library wrote to the standard log: %s", *said)
		}
	})
}

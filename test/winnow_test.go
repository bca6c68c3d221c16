package test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"winnow/pkg/app"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// needs skips a test where a program that it runs is not there.
func needs(t testing.TB, programs ...string) {
	t.Helper()
	if missing := rig.Missing(programs...); missing != nil {
		t.Skip(missing)
	}
}

// newRig returns a rig that is taken down with the test.
func newRig(t testing.TB) *rig.Rig {
	t.Helper()
	r, err := rig.New("")
	must(t, err)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the rig: %v", err)
		}
	})
	return r
}

// A winnow is one that serves, in this process.
type winnow struct {
	app     *app.App
	service *app.Service
}

// startWinnow serves until the test ends.
func startWinnow(t testing.TB, c *app.Config, o app.Options) *winnow {
	t.Helper()
	if o.Log == nil {
		o.Log = zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
	}
	a, err := app.New(context.Background(), c, o)
	must(t, err)
	w := &winnow{app: a}
	t.Cleanup(func() { w.close(t) })
	w.start(t)
	return w
}

// close stops it and lets go of the store. It may be called again.
func (w *winnow) close(t testing.TB) {
	t.Helper()
	w.stop(t)
	if w.app == nil {
		return
	}
	if err := w.app.Close(); err != nil {
		t.Errorf("closing winnow: %v", err)
	}
	w.app = nil
}

func (w *winnow) start(t testing.TB) {
	t.Helper()
	s, err := w.app.Start(context.Background())
	must(t, err)
	w.service = s
}

// stop lets sessions end, after which all of them are accounted for. The store stays open.
func (w *winnow) stop(t testing.TB) {
	t.Helper()
	if w.service == nil {
		return
	}
	if err := w.service.Stop(); err != nil {
		t.Errorf("stopping winnow: %v", err)
	}
	w.service = nil
}

// addr is where it listens first.
func (w *winnow) addr() net.Addr { return w.service.Addrs()[0] }

// player plays to it, some connections at a time.
func (w *winnow) player() *daytest.Player {
	return &daytest.Player{Network: w.addr().Network(), Address: w.addr().String(), AtATime: 16}
}

// connect speaks for a client: connect, HELO, the mails, QUIT.
func (w *winnow) connect(client, helo string, mails ...*miltertest.Mail) error {
	addr, err := netip.ParseAddr(client)
	if err != nil {
		return err
	}
	return w.player().Connect(addr, helo, mails...)
}

// report reads the account of a day, or of several together, back.
func (w *winnow) report(t testing.TB, days ...string) *stats.Report {
	t.Helper()
	q := stats.Query{Days: days}
	for _, l := range w.app.Lists().Lists() {
		if l.Enabled {
			q.Lists = append(q.Lists, stats.List{Name: l.Name, Title: l.Title})
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reports, err := stats.Read(ctx, w.app.Store(), q)
	must(t, err)
	return reports[0]
}

// sets reads back which sources hit together on a day.
func (w *winnow) sets(t testing.TB, day string) *stats.SetReport {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reports, err := stats.ReadSets(ctx, w.app.Store(), stats.Query{Days: []string{day}})
	must(t, err)
	return reports[0]
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

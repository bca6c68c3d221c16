package rig

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestUnbound(t *testing.T) {
	r := newRig(t, RbldnsdProgram, UnboundProgram)
	ctx := patience(t)
	d := must(r.Rbldnsd(ctx, []Zone{zenZone, zen6Zone, uriZone, oddZone}))(t)
	u := must(r.Unbound(ctx, UnboundConfig{Stubs: d.Stubs()}))(t)
	questions := append(listQuestions, question{"www.example.org", nil}, question{"1.2.0.192.in-addr.arpa", nil})
	askAll(t, ctx, u.Addr(), questions)

	d.Stop() // what was asked once is known, also that a name is not listed
	askAll(t, ctx, u.Addr(), questions)
	check(t, u.Flush(ctx))
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if got, err := Lookup(short, u.Addr(), "1.2.0.192.zen.example"); err == nil {
		t.Errorf("nothing known, nobody to ask: got %v, want an error", got)
	}
	check(t, d.Start(ctx))
	check(t, u.Flush(ctx))
	askAll(t, ctx, u.Addr(), questions)
}

// A list whose server hangs leaves the other lists alone, and answers again when its server does.
func TestUnboundOneListHangs(t *testing.T) {
	r := newRig(t, RbldnsdProgram, UnboundProgram)
	ctx := patience(t)
	hangs := must(r.Rbldnsd(ctx, []Zone{zenZone}))(t)
	works := must(r.Rbldnsd(ctx, []Zone{uriZone}))(t)
	u := must(r.Unbound(ctx, UnboundConfig{Stubs: append(hangs.Stubs(), works.Stubs()...)}))(t)
	check(t, hangs.Pause())
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if got, err := Lookup(short, u.Addr(), "2.0.0.127.zen.example"); err == nil {
		t.Errorf("a list that hangs: got %v, want no answer", got)
	}
	askAll(t, ctx, u.Addr(), listQuestions[5:8])
	check(t, hangs.Resume())
	err := poll(ctx, nil, func(ctx context.Context) error {
		_, err := Lookup(ctx, u.Addr(), "1.2.0.192.zen.example")
		return err
	})
	check(t, err)
}

func TestUnboundFaults(t *testing.T) {
	r := newRig(t, UnboundProgram)
	_, err := r.Unbound(patience(t), UnboundConfig{Lines: []string{"no-such-option: 1"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("got %v, want unbound's own complaint", err)
	}
	if _, err := r.Unbound(patience(t), UnboundConfig{Stubs: []Stub{{"zen.example", "nowhere"}}}); err == nil {
		t.Error("a stub without a port: got no error")
	}
}

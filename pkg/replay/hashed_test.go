package replay

import (
	"context"
	"iter"
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/trail"
)

// Behind hashes, too, nothing changes by the same configuration: postmaster is known for who he is, and others for whom they were.
func TestUnchangedBehindHashes(t *testing.T) {
	kept := newStore(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt, plainPlan(), 0)
		s := build(t, tempDir(rt), &p, kept)
		defer s.close(t)
		l := drawLetter(rt)
		m, told := s.take(&l, "w7k2-9fqx")
		if _, f, why := newDecider(s.checks(s)).find(hashed(rt, tempDir(rt), m, told)); f.sort != "" || f.unclear || why != "" {
			rt.Fatalf("%+v: %s %s, then %+v, now %+v", l, f.sort, why, f.then, f.now)
		}
	})
}

// What is said to be known behind hashes is so, where entries and who is exempt stay what they are: those are taken as they were.
func TestReplayTellsTheTruthBehindHashes(t *testing.T) {
	kept := newStore(t)
	rapid.Check(t, func(rt *rapid.T) {
		before := drawPlan(rt, plainPlan(), 0)
		after := drawPlan(rt, before, 1)
		after.policy.Exempt, after.white, after.black, after.enabled = before.policy.Exempt, before.white, before.black, before.enabled
		then, now := build(t, tempDir(rt), &before, kept), build(t, tempDir(rt), &after, kept)
		defer then.close(t)
		defer now.close(t)
		l := drawLetter(rt)
		m, told := then.take(&l, "w7k2-9fqx")
		_, real := now.take(&l, "w7k2-9fqx")
		c, f, _ := newDecider(now.checks(then)).find(hashed(rt, tempDir(rt), m, told))
		agrees(rt, &l, f, c, real)
	})
}

// That the exempt are those of then is said, and that a whitelisted sender was proven by other settings makes him unknown.
func TestHashedSaysWhatItTakes(t *testing.T) {
	p := plainPlan()
	other := p
	other.auth.WorldIPv4 = 32
	then, now := build(t, t.TempDir(), &p, newStore(t)), build(t, t.TempDir(), &other, newStore(t))
	defer then.close(t)
	defer now.close(t)
	l := letter{client: "192.0.2.1", sender: "friend@sender.example", from: "friend@sender.example", body: "two", recipients: []string{"bob@our.example"}}
	m, told := then.take(&l, "w7k2-9fqx")
	sum := newTally(1)
	sum.take(newDecider(now.checks(then)), hashed(t, t.TempDir(), m, told))
	if told.Class != filter.ClassWhitelisted || sum.unknown.Messages != 1 || sum.assumed[exemptAssumed] == nil {
		t.Errorf("class %v, got %+v", told.Class, sum.report())
	}
}

// hashed makes the record of a message behind hashes, as a trail writes it.
func hashed(t rapid.TB, dir string, m *message.Message, v *filter.Verdict) (r *trail.Record) {
	t.Helper()
	c := trail.DefaultConfig()
	c.Privacy = trail.Hashed
	kept, err := trail.Open(c, trail.Options{StateDir: dir, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	kept.Message(m, v)
	if err := kept.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	first := func(records iter.Seq[*trail.Record]) *trail.Record {
		for r := range records {
			return r
		}
		return nil
	}
	_, err = trail.Read(context.Background(), trail.Dir(dir), time.UTC, trail.Span{}, nil, first, func(got *trail.Record) error {
		r = got
		return nil
	})
	if r == nil || err != nil {
		t.Fatal("there is no record: ", err)
	}
	return r
}

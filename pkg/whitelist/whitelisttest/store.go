// Package whitelisttest has a whitelist.Store for tests: it lives in memory, goes by the test's clock, and can be told to
// fail or to hang.
package whitelisttest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"winnow/pkg/whitelist"
)

// A Store keeps everything in maps. It is safe for several goroutines.
type Store struct {
	now func() time.Time

	mu    sync.Mutex
	users map[string]map[string]record
	sent  map[string]map[string]record
	sets  map[string]map[string]bool
	err   error
	bad   map[string]error
	hang  bool
	calls int
}

type record struct {
	at, expires time.Time
	note        string
}

var _ whitelist.Store = (*Store)(nil)

// New returns an empty store; a nil now is time.Now.
func New(now func() time.Time) *Store {
	if now == nil {
		now = time.Now
	}
	return &Store{
		now:   now,
		users: make(map[string]map[string]record),
		sent:  make(map[string]map[string]record),
		sets:  make(map[string]map[string]bool),
		bad:   make(map[string]error),
	}
}

// Fail lets every call fail with err, until it is called with nil.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// FailFor lets the lessons of one local user fail with err, until it is called with nil.
func (s *Store) FailFor(local string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bad[local] = err
}

// Hang lets every call wait for the end of its context, or no longer.
func (s *Store) Hang(hang bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang = hang
}

// Calls is how many calls came so far, failed ones included.
func (s *Store) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// AddMember puts members into a set.
func (s *Store) AddMember(set string, members ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets[set] == nil {
		s.sets[set] = make(map[string]bool)
	}
	for _, m := range members {
		s.sets[set][m] = true
	}
}

// enter counts a call and returns with the lock held, or with the error the call is to return.
func (s *Store) enter(ctx context.Context) error {
	s.mu.Lock()
	s.calls++
	err, hang := s.err, s.hang
	if err == nil && !hang {
		return nil
	}
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// LastWritten implements whitelist.Store.
func (s *Store) LastWritten(ctx context.Context, local, remote string) (time.Time, bool, error) {
	if err := s.enter(ctx); err != nil {
		return time.Time{}, false, err
	}
	defer s.mu.Unlock()
	r, ok := s.users[local][remote]
	if !ok || !s.now().Before(r.expires) {
		return time.Time{}, false, nil
	}
	return r.at, true, nil
}

// Remember implements whitelist.Store.
func (s *Store) Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.bad[local]; err != nil {
		return err
	}
	add(s.users, local, remotes, record{at: at, expires: at.Add(ttl)}, most)
	return nil
}

// RememberSent implements whitelist.Store.
func (s *Store) RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if err := s.bad[local]; err != nil {
		return err
	}
	add(s.sent, local, []string{id}, record{at, at.Add(ttl), note}, most)
	return nil
}

// Sent implements whitelist.Store.
func (s *Store) Sent(ctx context.Context, local string, ids []string) (map[string]string, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	notes := make(map[string]string)
	for _, id := range ids {
		if r, ok := s.sent[local][id]; ok && s.now().Before(r.expires) {
			notes[id] = r.note
		}
	}
	return notes, nil
}

func add(users map[string]map[string]record, local string, names []string, r record, most int) {
	known := users[local]
	if known == nil {
		known = make(map[string]record)
		users[local] = known
	}
	for _, name := range names {
		known[name] = r
	}
	oldest := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return known[a].at.Compare(known[b].at) })
	for _, remote := range oldest[:max(0, len(oldest)-most)] {
		delete(known, remote)
	}
}

// Forget implements whitelist.Store.
func (s *Store) Forget(ctx context.Context, local, remote string) (bool, error) {
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	_, ok := s.users[local][remote]
	delete(s.users[local], remote)
	if len(s.users[local]) == 0 {
		delete(s.users, local)
	}
	return ok, nil
}

// Correspondents implements whitelist.Store.
func (s *Store) Correspondents(ctx context.Context, local string) (map[string]time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	all := make(map[string]time.Time)
	for remote, r := range s.users[local] {
		if s.now().Before(r.expires) {
			all[remote] = r.at
		}
	}
	return all, nil
}

// Locals implements whitelist.Store.
func (s *Store) Locals(ctx context.Context) ([]string, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.users)), nil
}

// IsMember implements whitelist.Store.
func (s *Store) IsMember(ctx context.Context, set, member string) (bool, error) {
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.mu.Unlock()
	return s.sets[set][member], nil
}

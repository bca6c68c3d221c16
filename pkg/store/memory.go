package store

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// maxAnswers bounds the DNS answers that a Memory keeps.
const maxAnswers = 100_000

// Memory keeps everything in this process. It is for tests, for trying winnow out, and the measure of the other stores.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	answers map[string]answer
	remotes map[string]map[string]contact // local -> remote
	sent    map[string]map[string]contact // local -> digest of a message's id
	sets    map[string]map[string]bool
	days    map[string]*day
	nodes   map[string]node
}

var _ Store = (*Memory)(nil)

type answer struct {
	value   []byte
	expires time.Time
}

// contact is when a correspondent was last written to or a message sent, until when that counts, and a note on it.
type contact struct {
	at, expires time.Time
	note        string
}

type day struct {
	counters map[string]int64
	expires  time.Time
}

type node struct {
	seq     uint64
	expires time.Time
}

// NewMemory returns an empty store.
func NewMemory(o Options) *Memory {
	return &Memory{
		now:     o.withDefaults().Now,
		answers: map[string]answer{},
		remotes: map[string]map[string]contact{},
		sent:    map[string]map[string]contact{},
		sets:    map[string]map[string]bool{},
		days:    map[string]*day{},
		nodes:   map[string]node{},
	}
}

// String returns "memory:".
func (m *Memory) String() string { return "memory:" }

// Ping always finds the store there.
func (m *Memory) Ping(ctx context.Context) error { return ctx.Err() }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Get returns what was kept under key.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.answers[key]
	if !ok || !a.expires.After(m.now()) {
		return nil, false, ctx.Err()
	}
	return bytes.Clone(a.value), true, ctx.Err()
}

// Set keeps value under key.
func (m *Memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if _, ok := m.answers[key]; !ok && len(m.answers) >= maxAnswers {
		m.makeRoom(now)
	}
	m.answers[key] = answer{bytes.Clone(value), now.Add(ttl)}
	return ctx.Err()
}

// makeRoom looks at a few answers, in the random order of a map, and drops the expired ones; if there are none, one
// that is not.
func (m *Memory) makeRoom(now time.Time) {
	looked, victim := 0, ""
	before := len(m.answers)
	for key, a := range m.answers {
		victim = key
		if !a.expires.After(now) {
			delete(m.answers, key)
		}
		if looked++; looked == sweepStep {
			break
		}
	}
	if len(m.answers) == before {
		delete(m.answers, victim)
	}
}

// LastWritten tells when local last wrote to remote.
func (m *Memory) LastWritten(ctx context.Context, local, remote string) (time.Time, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.remotes[local][remote]
	if !ok || !c.expires.After(m.now()) {
		return time.Time{}, false, ctx.Err()
	}
	return c.at, true, ctx.Err()
}

// Remember notes that local wrote to remotes.
func (m *Memory) Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error {
	if err := checkRemember(local, ttl, most); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	c, names := toRemember(remotes, at, ttl, now)
	if len(names) == 0 {
		return ctx.Err()
	}
	addTo(m.remotes, local, names, c, now, most)
	return ctx.Err()
}

// RememberSent notes that local sent a message.
func (m *Memory) RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error {
	c, err := toSent(local, id, note, at, ttl, most)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := m.now(); c.expires.After(now) {
		addTo(m.sent, local, []string{id}, c, now, most)
	}
	return ctx.Err()
}

// Sent returns the notes on what local sent.
func (m *Memory) Sent(ctx context.Context, local string, ids []string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	notes := map[string]string{}
	for _, id := range ids {
		if c, ok := m.sent[local][id]; ok && c.expires.After(m.now()) {
			notes[id] = c.note
		}
	}
	return notes, ctx.Err()
}

func addTo(table map[string]map[string]contact, local string, names []string, c contact, now time.Time, most int) {
	if table[local] == nil {
		table[local] = map[string]contact{}
	}
	add(table[local], names, c, now, most)
}

// add adds remotes that were written to, unless they are known to have been later. What has expired goes, and of the
// rest all but the most lately written to.
func add(known map[string]contact, names []string, c contact, now time.Time, most int) {
	maps.DeleteFunc(known, func(_ string, c contact) bool { return !c.expires.After(now) })
	for _, name := range names {
		if old, ok := known[name]; !ok || !old.at.After(c.at) {
			known[name] = c
		}
	}
	if len(known) <= most {
		return
	}
	latest := slices.SortedFunc(maps.Keys(known), func(a, b string) int { return known[b].at.Compare(known[a].at) })
	for _, name := range latest[most:] {
		delete(known, name)
	}
}

// toMilli rounds a time down to what all stores keep of it.
func toMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// Forget drops one remote of local.
func (m *Memory) Forget(ctx context.Context, local, remote string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, found := m.remotes[local][remote]
	delete(m.remotes[local], remote)
	return found && c.expires.After(m.now()), ctx.Err()
}

// Correspondents returns whom local wrote to.
func (m *Memory) Correspondents(ctx context.Context, local string) (map[string]time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]time.Time{}
	for remote, c := range m.remotes[local] {
		if c.expires.After(m.now()) {
			all[remote] = c.at
		}
	}
	return all, ctx.Err()
}

// Locals returns the local users that have correspondents.
func (m *Memory) Locals(ctx context.Context) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var locals []string
	for local, remotes := range m.remotes {
		for _, c := range remotes {
			if c.expires.After(m.now()) {
				locals = append(locals, local)
				break
			}
		}
	}
	slices.Sort(locals)
	return locals, ctx.Err()
}

// IsMember tells whether member is in a set.
func (m *Memory) IsMember(ctx context.Context, set, member string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sets[set][member], ctx.Err()
}

// AddMembers puts members into a set.
func (m *Memory) AddMembers(ctx context.Context, set string, members ...string) error {
	if err := checkSet(set, members...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sets[set] == nil {
		m.sets[set] = map[string]bool{}
	}
	for _, member := range members {
		m.sets[set][member] = true
	}
	return ctx.Err()
}

// RemoveMember takes a member out of a set.
func (m *Memory) RemoveMember(ctx context.Context, set, member string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := m.sets[set][member]
	delete(m.sets[set], member)
	return found, ctx.Err()
}

// Members returns a set.
func (m *Memory) Members(ctx context.Context, set string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.sets[set])), ctx.Err()
}

// Apply adds deltas once.
func (m *Memory) Apply(ctx context.Context, name string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error {
	if err := checkApply(name, seq, deltas, retention); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expireDays()
	if m.nodes[name].seq >= seq {
		return nil
	}
	now := m.now()
	m.nodes[name] = node{seq, now.Add(retention)}
	for date, counters := range deltas {
		d := m.days[date]
		if d == nil {
			d = &day{counters: map[string]int64{}}
			m.days[date] = d
		}
		d.expires = now.Add(retentionOf(date, retention))
		for counter, n := range counters {
			d.counters[counter] += n
		}
	}
	return nil
}

func (m *Memory) expireDays() {
	now := m.now()
	maps.DeleteFunc(m.days, func(_ string, d *day) bool { return !d.expires.After(now) })
	maps.DeleteFunc(m.nodes, func(_ string, n node) bool { return !n.expires.After(now) })
}

// Counters returns the counters of days and hours.
func (m *Memory) Counters(ctx context.Context, days []string) (map[string]map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expireDays()
	all := map[string]map[string]int64{}
	for _, date := range days {
		if d := m.days[date]; d != nil && len(d.counters) > 0 {
			all[date] = maps.Clone(d.counters)
		}
	}
	return all, ctx.Err()
}

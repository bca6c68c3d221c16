package store

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// What takes more than one command is a script: one step for Redis, asked for by its digest, and sent whole where Redis
// has forgotten it (NOSCRIPT), as after a restart.
var (
	//go:embed lua/apply.lua
	applyText string
	//go:embed lua/remember.lua
	rememberText string
	//go:embed lua/locals.lua
	localsText string

	applyScript    = redis.NewScript(applyText)
	rememberScript = redis.NewScript(rememberText)
	localsScript   = redis.NewScript(localsText)
)

// pipelined is how many questions are sent at a time where there are many.
const pipelined = 100

// Get returns what was kept under key. It is asked as one of several: where there is nothing, which is usual, the library
// makes an error of the answer to GET and looks at it from all sides, with twice as many allocations (BenchmarkGet).
func (r *Redis) Get(ctx context.Context, key string) (value []byte, ok bool, err error) {
	err = r.call(ctx, "get", func(ctx context.Context) error {
		values, err := r.client.MGet(ctx, keyDNS+key).Result()
		text, found := first(values)
		value, ok = []byte(text), found
		return err
	})
	return value, ok, err
}

// first returns the answer to the only one of several questions.
func first(values []any) (value string, found bool) {
	if len(values) == 1 {
		value, found = values[0].(string)
	}
	return value, found
}

// none turns "there is nothing" into no error.
func none(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

// Set keeps value under key.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl < time.Millisecond { // the library would round it up to a second
		return ctx.Err()
	}
	return r.call(ctx, "set", func(ctx context.Context) error {
		return r.client.Set(ctx, keyDNS+key, value, ttl).Err()
	})
}

// LastWritten tells when local last wrote to remote.
func (r *Redis) LastWritten(ctx context.Context, local, remote string) (at time.Time, found bool, err error) {
	if !isName(local) || !isName(remote) {
		return time.Time{}, false, nil
	}
	var value string
	err = r.call(ctx, "last written", func(ctx context.Context) error {
		values, err := r.client.HMGet(ctx, keyRemote+local, remote).Result() // for why not HGET see Get
		value, _ = first(values)
		return err
	})
	c, found := r.contact(value)
	return c.at, found, err
}

// contact reads "written-to expires note", and finds none where that is not what it is or it has expired.
func (r *Redis) contact(value string) (contact, bool) {
	at, rest, _ := strings.Cut(value, " ")
	expires, note, _ := strings.Cut(rest, " ")
	a, err := strconv.ParseInt(at, 10, 64)
	e, err2 := strconv.ParseInt(expires, 10, 64)
	if err != nil || err2 != nil || e <= r.now().UnixMilli() {
		return contact{}, false
	}
	return contact{time.UnixMilli(a).UTC(), time.UnixMilli(e).UTC(), note}, true
}

// Remember notes that local wrote to remotes. The list of locals comes first: it may name one without correspondents,
// which Locals passes over, but must not lack one.
func (r *Redis) Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error {
	if err := checkRemember(local, ttl, most); err != nil {
		return err
	}
	now := r.now()
	c, names := toRemember(remotes, at, ttl, now)
	if len(names) == 0 {
		return ctx.Err()
	}
	expires := c.expires.UnixMilli()
	args := append([]any{c.at.UnixMilli(), expires, now.UnixMilli(), most, ""}, anys(names)...)
	return r.call(ctx, "remember", func(ctx context.Context) error {
		if err := localsScript.Run(ctx, r.client, []string{keyLocals}, local, expires, now.UnixMilli()).Err(); err != nil {
			return err
		}
		return rememberScript.Run(ctx, r.client, []string{keyRemote + local}, args...).Err()
	})
}

// RememberSent notes that local sent a message.
func (r *Redis) RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error {
	c, err := toSent(local, id, note, at, ttl, most)
	now := r.now()
	if err != nil || !c.expires.After(now) {
		return err
	}
	return r.call(ctx, "remember sent", func(ctx context.Context) error {
		return rememberScript.Run(ctx, r.client, []string{keySent + local}, c.at.UnixMilli(), c.expires.UnixMilli(), now.UnixMilli(), most, note, id).Err()
	})
}

// Sent returns the notes on what local sent.
func (r *Redis) Sent(ctx context.Context, local string, ids []string) (map[string]string, error) {
	names := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isName(id) })
	notes := map[string]string{}
	if len(names) == 0 || !isName(local) {
		return notes, ctx.Err()
	}
	err := r.call(ctx, "sent", func(ctx context.Context) error {
		values, err := r.client.HMGet(ctx, keySent+local, names...).Result()
		for i, v := range values {
			value, _ := v.(string)
			if c, ok := r.contact(value); ok {
				notes[names[i]] = c.note
			}
		}
		return none(err)
	})
	return notes, err
}

// Forget drops one remote of local.
func (r *Redis) Forget(ctx context.Context, local, remote string) (found bool, err error) {
	if !isName(local) || !isName(remote) {
		return false, nil
	}
	err = r.call(ctx, "forget", func(ctx context.Context) error {
		value, err := r.client.HGet(ctx, keyRemote+local, remote).Result()
		if err != nil {
			return none(err)
		}
		n, err := r.client.HDel(ctx, keyRemote+local, remote).Result()
		_, live := r.contact(value)
		found = n > 0 && live
		return err
	})
	return found, err
}

// Correspondents returns whom local wrote to.
func (r *Redis) Correspondents(ctx context.Context, local string) (map[string]time.Time, error) {
	all := map[string]time.Time{}
	err := r.call(ctx, "correspondents", func(ctx context.Context) error {
		values, err := r.client.HGetAll(ctx, keyRemote+local).Result()
		for remote, value := range values {
			if c, ok := r.contact(value); ok {
				all[remote] = c.at
			}
		}
		return err
	})
	return all, err
}

// Locals returns the local users that have correspondents: those of the list of whom some are left.
func (r *Redis) Locals(ctx context.Context) (locals []string, err error) {
	var listed []string
	err = r.call(ctx, "locals", func(ctx context.Context) error {
		live := &redis.ZRangeBy{Min: "(" + strconv.FormatInt(r.now().UnixMilli(), 10), Max: "+inf"}
		listed, err = r.client.ZRangeByScore(ctx, keyLocals, live).Result()
		return err
	})
	for chunk := range slices.Chunk(listed, pipelined) {
		if err != nil {
			break
		}
		err = r.call(ctx, "locals", func(ctx context.Context) error {
			some, err := r.withRemotes(ctx, chunk)
			locals = append(locals, some...)
			return err
		})
	}
	slices.Sort(locals)
	return locals, err
}

func (r *Redis) withRemotes(ctx context.Context, locals []string) (some []string, err error) {
	replies := make([]*redis.StringSliceCmd, len(locals))
	_, err = r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, local := range locals {
			replies[i] = p.HVals(ctx, keyRemote+local)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, local := range locals {
		if slices.ContainsFunc(replies[i].Val(), func(v string) bool { _, ok := r.contact(v); return ok }) {
			some = append(some, local)
		}
	}
	return some, nil
}

// IsMember tells whether member is in a set.
func (r *Redis) IsMember(ctx context.Context, set, member string) (ok bool, err error) {
	err = r.call(ctx, "is member", func(ctx context.Context) error {
		ok, err = r.client.SIsMember(ctx, keySet+set, member).Result()
		return err
	})
	return ok, err
}

// AddMembers puts members into a set.
func (r *Redis) AddMembers(ctx context.Context, set string, members ...string) error {
	if err := checkSet(set, members...); err != nil || len(members) == 0 {
		return err
	}
	return r.call(ctx, "add members", func(ctx context.Context) error {
		return r.client.SAdd(ctx, keySet+set, anys(members)...).Err()
	})
}

func anys(all []string) []any {
	args := make([]any, len(all))
	for i, s := range all {
		args[i] = s
	}
	return args
}

// RemoveMember takes a member out of a set.
func (r *Redis) RemoveMember(ctx context.Context, set, member string) (found bool, err error) {
	err = r.call(ctx, "remove member", func(ctx context.Context) error {
		n, err := r.client.SRem(ctx, keySet+set, member).Result()
		found = n > 0
		return err
	})
	return found, err
}

// Members returns a set.
func (r *Redis) Members(ctx context.Context, set string) (members []string, err error) {
	err = r.call(ctx, "members", func(ctx context.Context) error {
		members, err = r.client.SMembers(ctx, keySet+set).Result()
		return err
	})
	slices.Sort(members)
	return members, err
}

// Apply adds deltas once.
func (r *Redis) Apply(ctx context.Context, node string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error {
	if err := checkApply(node, seq, deltas, retention); err != nil {
		return err
	}
	keys := []string{keySeq + node}
	args := []any{strconv.FormatUint(seq, 10), retention.Milliseconds()}
	for _, span := range slices.Sorted(maps.Keys(deltas)) {
		keys = append(keys, keyOf(span))
		args = append(args, retentionOf(span, retention).Milliseconds(), len(deltas[span]))
		for counter, n := range deltas[span] {
			args = append(args, counter, n)
		}
	}
	return r.call(ctx, "apply", func(ctx context.Context) error {
		return applyScript.Run(ctx, r.client, keys, args...).Err()
	})
}

// keyOf is where the counters of a day or an hour are.
func keyOf(span string) string {
	if isHour(span) {
		return keyHour + span
	}
	return keyDay + span
}

// Counters returns the counters of days and hours.
func (r *Redis) Counters(ctx context.Context, days []string) (map[string]map[string]int64, error) {
	all := map[string]map[string]int64{}
	for chunk := range slices.Chunk(days, pipelined) {
		replies, err := r.hashes(ctx, chunk)
		if err != nil {
			return nil, err
		}
		for i, day := range chunk {
			if len(replies[i]) == 0 {
				continue
			}
			if all[day], err = toCounters(replies[i]); err != nil {
				return nil, fmt.Errorf("store %s: %s: %w", r.name, keyOf(day), err)
			}
		}
	}
	return all, nil
}

func (r *Redis) hashes(ctx context.Context, days []string) ([]map[string]string, error) {
	hashes := make([]map[string]string, len(days))
	err := r.call(ctx, "counters", func(ctx context.Context) error {
		replies := make([]*redis.MapStringStringCmd, len(days))
		_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, day := range days {
				replies[i] = p.HGetAll(ctx, keyOf(day))
			}
			return nil
		})
		for i := range days {
			hashes[i] = replies[i].Val()
		}
		return err
	})
	return hashes, err
}

func toCounters(hash map[string]string) (map[string]int64, error) {
	counters := make(map[string]int64, len(hash))
	for counter, text := range hash {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("counter %q is no number", counter)
		}
		counters[counter] = n
	}
	return counters, nil
}

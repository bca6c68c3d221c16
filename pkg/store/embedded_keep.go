package store

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// between parts the local user from the remote in a correspondent's key; no name holds it.
const between = "\x00"

func remoteKey(local, remote string) []byte { return []byte(local + between + remote) }

// contactTimes is the octets of the times in a contact's value; the note stands behind them.
const contactTimes = 16

// toContact reads a correspondent's value, or a sent message's.
func toContact(v []byte) contact {
	times := v[:min(contactTimes, len(v))]
	n := unpack(times, 2)
	return contact{time.UnixMilli(n[0]).UTC(), time.UnixMilli(n[1]).UTC(), string(v[len(times):])}
}

func (c *contact) pack() []byte {
	return append(pack(c.at.UnixMilli(), c.expires.UnixMilli()), c.note...)
}

// LastWritten tells when local last wrote to remote.
func (e *Embedded) LastWritten(ctx context.Context, local, remote string) (at time.Time, found bool, err error) {
	err = e.view(ctx, func(tx *bbolt.Tx) error {
		if v := tx.Bucket(bucketRemotes).Get(remoteKey(local, remote)); v != nil {
			c := toContact(v)
			at, found = c.at, c.expires.After(e.now())
		}
		return nil
	})
	if !found {
		at = time.Time{}
	}
	return at, found, err
}

// Remember notes that local wrote to remotes.
func (e *Embedded) Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error {
	if err := checkRemember(local, ttl, most); err != nil {
		return err
	}
	now := e.now()
	c, names := toRemember(remotes, at, ttl, now)
	if len(names) == 0 {
		return ctx.Err()
	}
	return e.update(ctx, func(tx *bbolt.Tx) error {
		return addContacts(tx.Bucket(bucketRemotes), &e.sweptRemotes, local, names, c, now, most)
	})
}

// RememberSent notes that local sent a message.
func (e *Embedded) RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error {
	c, err := toSent(local, id, note, at, ttl, most)
	now := e.now()
	if err != nil || !c.expires.After(now) {
		return err
	}
	return e.update(ctx, func(tx *bbolt.Tx) error {
		return addContacts(tx.Bucket(bucketSent), &e.sweptSent, local, []string{id}, c, now, most)
	})
}

// Sent returns the notes on what local sent.
func (e *Embedded) Sent(ctx context.Context, local string, ids []string) (map[string]string, error) {
	notes := map[string]string{}
	err := e.view(ctx, func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketSent)
		if b == nil {
			return nil // a file of an older winnow, which is only looked at
		}
		for _, id := range ids {
			if v := b.Get(remoteKey(local, id)); v != nil {
				if c := toContact(v); c.expires.After(e.now()) {
					notes[id] = c.note
				}
			}
		}
		return nil
	})
	return notes, err
}

// addContacts notes contacts of a local user, and clears a few that have expired, of whomever.
func addContacts(b *bbolt.Bucket, swept *[]byte, local string, names []string, c contact, now time.Time, most int) error {
	before := remotesOf(b, local)
	after := maps.Clone(before)
	add(after, names, c, now, most)
	if err := replace(b, local, before, after); err != nil {
		return err
	}
	return sweep(b, swept, func(v []byte) bool { return !toContact(v).expires.After(now) }, b.Delete)
}

// replace writes what has changed of a local user's correspondents.
func replace(b *bbolt.Bucket, local string, before, after map[string]contact) error {
	for remote := range before {
		if _, stays := after[remote]; !stays {
			if err := b.Delete(remoteKey(local, remote)); err != nil {
				return err
			}
		}
	}
	for remote, c := range after {
		if before[remote] != c {
			if err := b.Put(remoteKey(local, remote), c.pack()); err != nil {
				return err
			}
		}
	}
	return nil
}

// remotesOf returns what is kept of a local user, expired ones too.
func remotesOf(b *bbolt.Bucket, local string) map[string]contact {
	all := map[string]contact{}
	prefix := []byte(local + between)
	c := b.Cursor()
	for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
		all[string(k[len(prefix):])] = toContact(v)
	}
	return all
}

// Forget drops one remote of local.
func (e *Embedded) Forget(ctx context.Context, local, remote string) (found bool, err error) {
	err = e.update(ctx, func(tx *bbolt.Tx) error {
		b, key := tx.Bucket(bucketRemotes), remoteKey(local, remote)
		v := b.Get(key)
		found = v != nil && toContact(v).expires.After(e.now())
		return b.Delete(key)
	})
	return found, err
}

// Correspondents returns whom local wrote to.
func (e *Embedded) Correspondents(ctx context.Context, local string) (map[string]time.Time, error) {
	live := map[string]time.Time{}
	err := e.view(ctx, func(tx *bbolt.Tx) error {
		for remote, c := range remotesOf(tx.Bucket(bucketRemotes), local) {
			if c.expires.After(e.now()) {
				live[remote] = c.at
			}
		}
		return nil
	})
	return live, err
}

// Locals returns the local users that have correspondents. One that has is left behind at once: no other key of the
// file lies between local+NUL and local+SOH.
func (e *Embedded) Locals(ctx context.Context) (locals []string, err error) {
	err = e.view(ctx, func(tx *bbolt.Tx) error {
		c := tx.Bucket(bucketRemotes).Cursor()
		for k, v := c.First(); k != nil; {
			local, _, _ := strings.Cut(string(k), between)
			if toContact(v).expires.After(e.now()) {
				locals = append(locals, local)
				k, v = c.Seek([]byte(local + "\x01"))
				continue
			}
			k, v = c.Next()
		}
		return nil
	})
	slices.Sort(locals)
	return locals, err
}

// IsMember tells whether member is in a set.
func (e *Embedded) IsMember(ctx context.Context, set, member string) (ok bool, err error) {
	err = e.view(ctx, func(tx *bbolt.Tx) error {
		if b := tx.Bucket(bucketSets).Bucket([]byte(set)); b != nil {
			ok = b.Get([]byte(member)) != nil
		}
		return nil
	})
	return ok, err
}

// AddMembers puts members into a set.
func (e *Embedded) AddMembers(ctx context.Context, set string, members ...string) error {
	if err := checkSet(set, members...); err != nil {
		return err
	}
	return e.update(ctx, func(tx *bbolt.Tx) error {
		b, err := tx.Bucket(bucketSets).CreateBucketIfNotExists([]byte(set))
		for _, member := range members {
			if err == nil {
				err = b.Put([]byte(member), []byte{})
			}
		}
		return err
	})
}

// RemoveMember takes a member out of a set.
func (e *Embedded) RemoveMember(ctx context.Context, set, member string) (found bool, err error) {
	err = e.update(ctx, func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucketSets).Bucket([]byte(set))
		if b == nil {
			found = false
			return nil
		}
		found = b.Get([]byte(member)) != nil
		return b.Delete([]byte(member))
	})
	return found, err
}

// Members returns a set.
func (e *Embedded) Members(ctx context.Context, set string) (members []string, err error) {
	err = e.view(ctx, func(tx *bbolt.Tx) error {
		members = keys(tx.Bucket(bucketSets).Bucket([]byte(set)))
		return nil
	})
	return members, err
}

// Apply adds deltas once.
func (e *Embedded) Apply(ctx context.Context, name string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error {
	if err := checkApply(name, seq, deltas, retention); err != nil {
		return err
	}
	return e.run(ctx, e.db.Update, func(tx *bbolt.Tx) error {
		now := e.now()
		if err := e.sweepDays(tx, now.UnixMilli()); err != nil {
			return err
		}
		nodes := tx.Bucket(bucketNodes)
		if last := unpack(nodes.Get([]byte(name)), 2); uint64(last[0]) >= seq && last[1] > now.UnixMilli() {
			return nil
		}
		if err := nodes.Put([]byte(name), pack(int64(seq), now.Add(retention).UnixMilli())); err != nil {
			return err
		}
		for date, counters := range deltas {
			expires := now.Add(retentionOf(date, retention)).UnixMilli()
			if err := addDay(tx, []byte(date), counters, now.UnixMilli(), expires); err != nil {
				return err
			}
		}
		return nil
	})
}

// addDay adds to a day or an hour, which begins anew where an old one of that name has expired.
func addDay(tx *bbolt.Tx, date []byte, counters map[string]int64, now, expires int64) error {
	expiry := tx.Bucket(bucketExpiry)
	if unpack(expiry.Get(date), 1)[0] <= now {
		if err := dropDay(tx, date); err != nil {
			return err
		}
	}
	b, err := tx.Bucket(bucketDays).CreateBucketIfNotExists(date)
	if err != nil {
		return err
	}
	for _, counter := range slices.Sorted(maps.Keys(counters)) { // in order: neighbours share a page
		sum := unpack(b.Get([]byte(counter)), 1)[0] + counters[counter]
		if err := b.Put([]byte(counter), pack(sum)); err != nil {
			return err
		}
	}
	return expiry.Put(date, pack(expires))
}

func dropDay(tx *bbolt.Tx, date []byte) error {
	if days := tx.Bucket(bucketDays); days.Bucket(date) != nil {
		if err := days.DeleteBucket(date); err != nil {
			return err
		}
	}
	return tx.Bucket(bucketExpiry).Delete(date)
}

func (e *Embedded) sweepDays(tx *bbolt.Tx, now int64) error {
	day := func(v []byte) bool { return unpack(v, 1)[0] <= now }
	if err := sweep(tx.Bucket(bucketExpiry), &e.sweptDays, day, func(date []byte) error { return dropDay(tx, date) }); err != nil {
		return err
	}
	nodes := tx.Bucket(bucketNodes)
	return sweep(nodes, &e.sweptNodes, func(v []byte) bool { return unpack(v, 2)[1] <= now }, nodes.Delete)
}

// Counters returns the counters of days and hours.
func (e *Embedded) Counters(ctx context.Context, days []string) (map[string]map[string]int64, error) {
	all := map[string]map[string]int64{}
	now := e.now().UnixMilli()
	err := e.view(ctx, func(tx *bbolt.Tx) error {
		for _, date := range days {
			b := tx.Bucket(bucketDays).Bucket([]byte(date))
			if b == nil || unpack(tx.Bucket(bucketExpiry).Get([]byte(date)), 1)[0] <= now {
				continue
			}
			counters := map[string]int64{}
			c := b.Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				counters[string(k)] = unpack(v, 1)[0]
			}
			if len(counters) > 0 {
				all[date] = counters
			}
		}
		return nil
	})
	return all, err
}

package whitelist

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// A Book is the operator's view of the auto-whitelist: who knows whom, and since when. It takes addresses as they are
// typed.
type Book struct {
	config  Config
	store   Store
	now     func() time.Time
	learner *learner // of the stage it belongs to; nil where it looks at the store from outside
}

// A Correspondent is somebody that a local user has written to.
type Correspondent struct {
	Address string    `json:"address"`
	Last    time.Time `json:"last"`    // when the user last wrote
	Expires time.Time `json:"expires"` // when it will be forgotten unless the user writes again
}

// NewBook returns the view of a store. A nil now is time.Now.
func NewBook(c Config, store Store, now func() time.Time) *Book {
	if now == nil {
		now = time.Now
	}
	return &Book{config: c, store: store, now: now}
}

// Users returns the local users that have correspondents, sorted.
func (b *Book) Users(ctx context.Context) ([]string, error) {
	users, err := b.store.Locals(ctx)
	slices.Sort(users)
	return users, err
}

// Correspondents returns whom a local user has written to, the latest first.
func (b *Book) Correspondents(ctx context.Context, user string) ([]Correspondent, error) {
	local, err := b.user(user)
	if err != nil {
		return nil, err
	}
	known, err := b.store.Correspondents(ctx, local)
	if err != nil {
		return nil, fmt.Errorf("correspondents of %s: %w", local, err)
	}
	var all []Correspondent
	for remote, at := range known {
		c := Correspondent{Address: remote, Last: at, Expires: at.Add(b.config.AutoWhitelist.expire())}
		if b.now().Before(c.Expires) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y Correspondent) int {
		return cmp.Or(y.Last.Compare(x.Last), cmp.Compare(x.Address, y.Address))
	})
	return all, nil
}

// Forget takes a correspondent of a local user out, and tells whether it was there. It comes back when the user writes
// to it again.
func (b *Book) Forget(ctx context.Context, user, correspondent string) (found bool, err error) {
	local, err := b.user(user)
	if err != nil {
		return false, err
	}
	remote := senderAddress(correspondent).full
	forget := func() (err error) {
		found, err = b.store.Forget(ctx, local, remote)
		return err
	}
	if b.learner == nil {
		err = forget()
	} else {
		var waited bool
		waited, err = b.learner.forget(pair{local: local, remote: remote}, forget)
		found = found || waited
	}
	if err != nil {
		return found, fmt.Errorf("forget %s for %s: %w", remote, local, err)
	}
	return found, nil
}

// user returns the form in which a local user is stored.
func (b *Book) user(s string) (string, error) {
	a := recipientAddress(s, b.config.RecipientDelimiter)
	if a.domain == "" {
		return "", fmt.Errorf("%s: is no mail address; write user@our.example", s)
	}
	return a.base, nil
}

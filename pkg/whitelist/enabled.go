package whitelist

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"winnow/pkg/filter"
)

// enabled is the source that says who has not enabled filtering. There is none where everybody has.
type enabled struct {
	file  *file[*recipients] // of enabled: file:
	set   string             // of enabled: set:
	store Store
	guard *guard
	limit time.Duration
	known *otter.Cache[string, bool] // what the store last said of a recipient; asked only while it is away
}

// How enabled is written.
const (
	enabledAll  = "all"
	enabledNone = "none"
	enabledFile = "file"
	enabledSet  = "set"
)

// maxKnown is how many recipients' choices are remembered for the time that the store is away: some 10 MB.
const maxKnown = 100_000

// parseEnabled cuts the setting into how it is known who has filtering enabled, and where.
func parseEnabled(s string) (how, where string, err error) {
	how, where, _ = strings.Cut(s, ":")
	switch {
	case s == enabledAll, s == enabledNone:
	case how == enabledFile && where != "":
	case how == enabledSet && isSetName(where):
	default:
		err = fmt.Errorf("%q: write all, none, file:/path/of/a/file or set:NAME", s)
	}
	return how, where, err
}

func isSetName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-") == ""
}

// newKnown returns an empty memory of recipients' choices.
func newKnown() *otter.Cache[string, bool] {
	return otter.Must(&otter.Options[string, bool]{
		MaximumSize: maxKnown,
		Executor:    func(f func()) { f() }, // its upkeep is small, and so nothing runs on after Close
	})
}

// check answers for one recipient: a hit is one who has not enabled filtering.
func (e *enabled) check(ctx context.Context, recipient address) filter.Result {
	r := filter.Result{Source: "enabled", Kind: filter.Entry, Asked: 1}
	switch {
	case e.file != nil:
		if detail := e.lookUp(recipient); detail != "" {
			r.Hits = notEnabled(detail)
		}
	case e.set != "":
		start := time.Now()
		e.askSet(ctx, recipient, &r)
		r.Took = time.Since(start)
	default:
		r.Hits = notEnabled("enabled: none")
	}
	return r
}

func notEnabled(detail string) []filter.Hit {
	return []filter.Hit{{Symbol: "NOT_ENABLED", Standing: filter.NotEnabled, Detail: detail}}
}

// lookUp returns why the file has filtering off for a recipient, "" where it is on.
func (e *enabled) lookUp(recipient address) string {
	choice, ok := e.file.get().table.first(recipient)
	switch {
	case !ok:
		return "not in " + e.file.path
	case choice.off:
		return fmt.Sprintf("%s:%d: !%s", e.file.path, choice.line, choice.name)
	}
	return ""
}

// askSet asks the store whether a recipient or its domain is in the set. While the store is away, its last answer holds.
// A recipient it has not answered for passes without filtering: to scan could refuse the mail of somebody who never
// agreed to it, and mail that was refused is lost, while spam that came through is a nuisance. The Result has its Err
// all the same, so that the account shows it.
func (e *enabled) askSet(ctx context.Context, recipient address, r *filter.Result) {
	member, err := e.isMember(ctx, recipient.base)
	if !member && err == nil && recipient.domain != "" {
		r.Asked++
		member, err = e.isMember(ctx, recipient.domain)
	}
	if err == nil {
		e.remember(recipient.base, member)
		if !member {
			r.Hits = notEnabled("not in set " + e.set)
		}
		return
	}
	r.Err = err
	member, known := e.known.GetIfPresent(recipient.base)
	switch {
	case known && !member:
		r.Hits = notEnabled("was not in set " + e.set + " when the store last answered")
	case !known:
		r.Hits = notEnabled("the store cannot say whether it is in set " + e.set)
	}
}

func (e *enabled) isMember(ctx context.Context, member string) (bool, error) {
	return ask(ctx, e.guard, e.limit, func(ctx context.Context) (bool, error) {
		return e.store.IsMember(ctx, e.set, member)
	})
}

// remember notes what the store said, for the time that it is away.
func (e *enabled) remember(recipient string, member bool) {
	if was, known := e.known.GetIfPresent(recipient); !known || was != member {
		e.known.Set(strings.Clone(recipient), member)
	}
}

package replay

import (
	"context"
	"fmt"
	"iter"
	"time"

	"winnow/pkg/trail"
)

// A Request says what is to be decided again.
type Request struct {
	Dir  string         // of day files: see trail.Dir
	Zone *time.Location // whose days they are
	Span trail.Span
	Most int // how many records of each sort the report names; 0: DefaultMost
	// Progress is told how many octets of how many are done; it may be nil.
	Progress func(done, of int64)
}

// DefaultMost is how many records of each sort a report names where nobody says.
const DefaultMost = 20

// Run decides all that is requested again. It keeps some megabytes in memory for each processor, however much there is.
func Run(ctx context.Context, checks *Checks, q Request) (*Report, error) {
	if q.Most <= 0 {
		q.Most = DefaultMost
	}
	d := newDecider(checks)
	sum := newTally(q.Most)
	read, err := trail.Read(ctx, q.Dir, q.Zone, q.Span, q.Progress, func(records iter.Seq[*trail.Record]) *tally {
		t := newTally(q.Most)
		for r := range records {
			t.take(d, r)
		}
		return t
	}, func(t *tally) error {
		sum.add(t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := sum.report()
	r.Days = append(r.Days, read.Days...)
	r.Records.Unread = read.Unread
	r.Notes = append(r.Notes, read.Notes...)
	for i, fault := range d.faults {
		if i == maxFaults {
			r.Notes = append(r.Notes, fmt.Sprintf("and %d more of the kind", len(d.faults)-i))
			break
		}
		r.Notes = append(r.Notes, fault.Error())
	}
	return r, nil
}

// maxFaults is how many faults of files that say what was in force are told.
const maxFaults = 5

package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// fieldRecord is the one field of an entry of the trail's stream.
const fieldRecord = "r"

// AppendTrail adds records of decisions to the stream that all nodes share, and drops the oldest of more than about most.
func (r *Redis) AppendTrail(ctx context.Context, records [][]byte, most int64) error {
	return r.call(ctx, "append to the trail", func(ctx context.Context) error {
		_, err := r.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, record := range records {
				p.XAdd(ctx, &redis.XAddArgs{Stream: keyTrail, MaxLen: most, Approx: true, Values: []any{fieldRecord, record}})
			}
			return nil
		})
		return err
	})
}

// TrimTrail drops the records that were added to the stream before a time. It takes Redis 6.2, but where there is no stream. While
// Redis is away nothing is done, which is no error: it can be done another time.
func (r *Redis) TrimTrail(ctx context.Context, before time.Time) (done bool, err error) {
	err = r.call(ctx, "drop old records of the trail", func(ctx context.Context) error {
		if n, err := r.client.XLen(ctx, keyTrail).Result(); err != nil || n == 0 {
			return err
		}
		err := r.client.XTrimMinID(ctx, keyTrail, strconv.FormatInt(before.UnixMilli(), 10)).Err() // an id begins with its time
		if redis.HasErrorPrefix(err, "ERR syntax") {
			err = fmt.Errorf("%w: it takes Redis 6.2 or newer; with an older one remove the stream by hand, or have none (trail.stream: 0)", err)
		}
		return err
	})
	if errors.Is(err, ErrAway) {
		return false, nil
	}
	return err == nil, err
}

// TrailBefore returns up to n records from before a place in the stream on, the newest first, and the place of the last of
// them; "" is the end of the stream. None are left where it returns no place.
func (r *Redis) TrailBefore(ctx context.Context, before string, n int64) (records [][]byte, place string, err error) {
	from := "+"
	if before != "" {
		from = "(" + before
	}
	err = r.call(ctx, "read the trail", func(ctx context.Context) error {
		entries, err := r.client.XRevRangeN(ctx, keyTrail, from, "-", n).Result()
		for _, entry := range entries {
			record, _ := entry.Values[fieldRecord].(string)
			records, place = append(records, []byte(record)), entry.ID
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("trail: %w", err)
	}
	return records, place, nil
}

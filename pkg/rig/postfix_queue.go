package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Queued is a message in Postfix's queue.
type Queued struct {
	Queue      string // "incoming", "active", "deferred", "hold"
	ID         string
	Sender     string
	Recipients []string
	Size       int64
}

// Queue returns what is in Postfix's queue.
func (s *Postfix) Queue(ctx context.Context) ([]Queued, error) {
	out, err := s.run(ctx, "postqueue", "-j")
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return readQueue(out)
}

// readQueue reads postqueue's account: a JSON object for each message (postqueue(1), "JSON OBJECT FORMAT").
func readQueue(out []byte) ([]Queued, error) {
	var queue []Queued
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct {
			Queue      string `json:"queue_name"`
			ID         string `json:"queue_id"`
			Sender     string `json:"sender"`
			Size       int64  `json:"message_size"`
			Recipients []struct {
				Address string `json:"address"`
			} `json:"recipients"`
		}
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return queue, nil
		} else if err != nil {
			return nil, fmt.Errorf("rig: postqueue -j: %w", err)
		}
		q := Queued{Queue: m.Queue, ID: m.ID, Sender: m.Sender, Size: m.Size}
		for _, r := range m.Recipients {
			q.Recipients = append(q.Recipients, r.Address)
		}
		queue = append(queue, q)
	}
}

// Held returns the messages in the hold queue, where a milter's quarantine puts them.
func (s *Postfix) Held(ctx context.Context) ([]Queued, error) {
	queue, err := s.Queue(ctx)
	var held []Queued
	for _, q := range queue {
		if q.Queue == "hold" {
			held = append(held, q)
		}
	}
	return held, err
}

// Content returns a queued message, header and body, with line ends LF, as it would be delivered.
func (s *Postfix) Content(ctx context.Context, id string) ([]byte, error) {
	return s.run(ctx, "postcat", "-h", "-b", "-q", id)
}

// Release lets a held message go its way, at once: postsuper only puts it among those that wait for another try.
func (s *Postfix) Release(ctx context.Context, id string) error {
	if _, err := s.run(ctx, "postsuper", "-H", id); err != nil {
		return err
	}
	return s.Flush(ctx)
}

// Flush has Postfix try at once to deliver all that waits, held messages excepted.
func (s *Postfix) Flush(ctx context.Context) error {
	_, err := s.run(ctx, "postqueue", "-f")
	return err
}

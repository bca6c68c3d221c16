package daytest

import (
	"fmt"
	"iter"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"winnow/pkg/milter/miltertest"
)

// A Player plays visits to a milter, as an MTA does: each is a connection of its own.
type Player struct {
	Network, Address string             // of the milter's socket
	Way              func(*Visit) error // what to do with each visit; Visit where nil
	AtATime          int                // connections
	Rate             float64            // connections a second; 0: as many as can be
	Clock            func(time.Time)    // told what time it is in the day, never backwards; nil where nobody is
	Timeout          time.Duration      // for a reply; miltertest's where 0

	played atomic.Int64
}

// Played is how many visits are over.
func (p *Player) Played() int64 { return p.played.Load() }

// Play plays visits and returns when all are over, or the first error. Where there is a clock, what begins in one hour ends
// in it.
func (p *Player) Play(visits iter.Seq[Visit]) error {
	way := p.Way
	if way == nil {
		way = p.Visit
	}
	jobs, failed := make(chan Visit), make(chan error, p.AtATime)
	var workers, under sync.WaitGroup
	for range p.AtATime {
		workers.Go(func() {
			for v := range jobs {
				if err := way(&v); err != nil {
					failed <- fmt.Errorf("%s, %v: %w", v.Kind.of, v.Client, err)
					under.Done()
					return
				}
				p.played.Add(1)
				under.Done()
			}
		})
	}
	err := p.hand(visits, jobs, failed, &under)
	close(jobs)
	workers.Wait()
	select {
	case err = <-failed:
	default:
	}
	return err
}

// hand gives visits to whoever is free, until one fails.
func (p *Player) hand(visits iter.Seq[Visit], jobs chan<- Visit, failed <-chan error, under *sync.WaitGroup) error {
	last, due := -1, time.Now()
	for v := range visits {
		if p.Rate > 0 {
			time.Sleep(time.Until(due))
			due = due.Add(time.Duration(float64(time.Second) / p.Rate))
		}
		if p.Clock != nil {
			if hour := v.At.Hour(); hour != last {
				under.Wait()
				last = hour
			}
			p.Clock(v.At)
		}
		under.Add(1)
		select {
		case jobs <- v:
		case err := <-failed:
			under.Done()
			return err
		}
	}
	return nil
}

// Visit plays one visit over the socket.
func (p *Player) Visit(v *Visit) error {
	return p.Connect(v.Client, "client.example.org", v.Mails()...)
}

// Connect speaks for a client: connect, HELO, the mails, QUIT. It returns when the milter has closed the connection.
func (p *Player) Connect(client netip.Addr, helo string, mails ...*miltertest.Mail) error {
	c, err := miltertest.Dial(p.Network, p.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	if p.Timeout > 0 {
		c.Timeout = p.Timeout
	}
	if err := c.Negotiate(miltertest.Postfix); err != nil {
		return err
	}
	family := byte('4')
	if client.Is6() {
		family = '6'
	}
	if _, err := c.Connect("["+client.String()+"]", family, client.String()); err != nil {
		return err
	}
	if _, err := c.Helo(helo); err != nil {
		return err
	}
	for _, m := range mails {
		if _, err := c.Deliver(m); err != nil {
			return err
		}
	}
	return c.Quit()
}

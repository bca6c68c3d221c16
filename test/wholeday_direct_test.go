package test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

// TestWholeDayDirect plays the sample day without the milter's socket: to the pipeline and the account, in this process, on the
// day and in the hours of the plan. It takes a part of the time.
func TestWholeDayDirect(t *testing.T) {
	plan := wantedDay(t)
	c, redis := wholeDayConfig(t)
	c.DNS.Cache.MinTTL, c.DNS.Cache.MinNegativeTTL = time.Hour, time.Hour // a day goes by in less
	w, at := startDay(t, c)
	player := w.directPlayer(at)
	player.AtATime, player.Rate = *dayConns, *dayRate
	m := measure(t, redis, plan)
	m.play(t, player)
	w.stop(t)
	m.end(t, redis, c, daytest.Today)
	m.usage = &syscall.Rusage{}
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, m.usage))

	report := w.report(t, daytest.Today)
	must(t, stats.NewForms(report).WriteTable(os.Stdout))
	m.holdToPlan(t, report, w.sets(t, daytest.Today))
	w.holdHours(t, plan)
	m.print(os.Stdout)
}

// directPlayer plays to the pipeline and the account, not to the socket.
func (w *winnow) directPlayer(at func(time.Time)) *daytest.Player {
	d := direct{app: w.app, recorder: w.service.Recorder()}
	return &daytest.Player{Way: d.visit, AtATime: w.player().AtATime, Clock: at}
}

// direct does what a session of the milter does, less what Postfix and it say to each other.
type direct struct {
	app      *app.App
	recorder *stats.Recorder
	ids      atomic.Int64
}

func (d *direct) visit(v *daytest.Visit) error {
	client := message.Client{Addr: v.Client, Helo: "client.example.org"}
	d.app.Site().Mark(&client)
	p := d.app.Pipeline()
	connection, passed := p.Connect(context.Background(), client), false
	for _, mail := range v.Mails() {
		m := d.message(v.At, client, mail)
		verdict := filter.NewVerdict(m.ID, connection)
		for _, recipient := range mail.Recipients {
			if !p.Recipient(context.Background(), m.Ask(recipient), verdict).Refused() {
				m.Recipients = append(m.Recipients, recipient)
			}
		}
		if len(m.Recipients) == 0 {
			p.End(verdict)
		} else {
			p.Content(context.Background(), m, verdict)
			passed = passed || verdict.AcceptedAny()
		}
		d.recorder.Message(m, verdict)
	}
	d.recorder.Connection(client, connection, connection.Refused() && !passed)
	return nil
}

func (d *direct) message(at time.Time, client message.Client, mail *miltertest.Mail) *message.Message {
	m := &message.Message{
		ID: fmt.Sprintf("%08X", d.ids.Add(1)), Time: at, Client: client, Site: d.app.Site(), QueueID: mail.QueueID,
		Sender: mail.Sender, Body: mail.Body, Size: int64(len(mail.Body)),
	}
	for _, field := range mail.Header {
		m.Header = append(m.Header, message.Field{Name: field[0], Value: field[1]})
	}
	return m
}

package app

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/zap"

	"winnow/pkg/auth"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/milter"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
	"winnow/pkg/whitelist"
)

// A ledger is told what became of each message and connection: it counts, learns and writes the one log line. It
// runs in the session's goroutine and waits for nothing.
type ledger struct {
	log      *zap.Logger
	recorder *stats.Recorder
	trail    *trail.Trail
	known    *whitelist.Stage
	observe  func(*message.Message, *filter.Verdict)
}

var _ milter.Account = (*ledger)(nil)

// Message accounts for a transaction.
func (l *ledger) Message(m *message.Message, v *filter.Verdict) {
	l.recorder.Message(m, v)
	l.trail.Message(m, v)
	l.known.Learn(m, v)
	l.log.Info("message", messageFields(m, v)...)
	if l.observe != nil {
		l.observe(m, v)
	}
}

// Connection accounts for a connection.
func (l *ledger) Connection(c message.Client, v *filter.Verdict, refused bool) {
	l.recorder.Connection(c, v, refused)
	l.trail.Connection(c, v)
	if refused && v.ID != "" { // at CONNECT: no message will tell of it
		l.log.Info("connection", zap.String("id", v.ID), zap.Stringer("client", c.Addr), zap.String("name", c.Name),
			zap.Stringer("action", v.Action), zap.String("reason", v.Reason))
		return
	}
	if l.log.Core().Enabled(zap.DebugLevel) {
		l.log.Debug("connection", zap.Stringer("client", c.Addr), zap.String("helo", c.Helo), zap.Bool("refused", refused))
	}
}

// maxLogged bounds how many recipients or symbols one log line names.
const maxLogged = 50

// messageFields tells a message's story in one line, in the words of the manual.
func messageFields(m *message.Message, v *filter.Verdict) []zap.Field {
	fields := []zap.Field{
		zap.String("id", m.ID),
		zap.String("queue_id", m.QueueID),
		zap.Stringer("client", m.Client.Addr),
		zap.String("name", m.Client.Name),
		zap.String("helo", m.Client.Helo),
		zap.String("sender", m.Sender),
		zap.Strings("recipients", recipients(v)),
		zap.Stringer("class", v.Class),
		zap.Stringer("action", v.Action),
		zap.String("reason", v.Reason),
	}
	if m.Client.Relay { // whom lists and SPF were asked about
		fields = append(fields, zap.Stringer("origin", m.Origin().Addr))
	}
	if m.User != "" {
		fields = append(fields, zap.String("user", m.User))
	}
	if v.Class == filter.ClassScanned {
		fields = append(fields, zap.Float64("total", v.Total), zap.Strings("hits", hits(v)), zap.Int64("size", m.Size))
	}
	if id := m.Identified(); id != nil {
		fields = append(fields, zap.Strings("identity", identity(id)))
	}
	if claims := claims(v); len(claims) > 0 {
		fields = append(fields, zap.Strings("claims", claims))
	}
	if v.Weakened != filter.None {
		fields = append(fields, zap.Stringer("weakened_from", v.Weakened))
	}
	if errs := v.Errors(); len(errs) > 0 {
		fields = append(fields, zap.Strings("errors", errs))
	}
	return fields
}

// recipients lists who was asked about, and what was special about each: "a@our.example (whitelisted)".
func recipients(v *filter.Verdict) []string {
	var all []string
	for i := range v.Recipients {
		if i == maxLogged {
			return append(all, fmt.Sprintf("and %d more", len(v.Recipients)-i))
		}
		r, special := &v.Recipients[i], []string(nil)
		if r.Refused() {
			special = append(special, r.Action.String())
		}
		if r.Standing != filter.Scan {
			special = append(special, r.Standing.String())
		}
		text := r.Address
		if len(special) > 0 {
			text += " (" + strings.Join(special, ", ") + ")"
		}
		all = append(all, text)
	}
	return all
}

// identity lists what is proven about the sender, and what is not: "spf=pass example.org".
func identity(id *message.Identity) []string {
	var all []string
	for _, f := range auth.Findings(id) {
		if len(all) < maxLogged {
			all = append(all, strings.TrimSpace(f.Method+"="+f.Result.String()+" "+f.Domain))
		}
	}
	return all
}

// claims lists whom the message claimed to be from, to somebody who knows him, without proof.
func claims(v *filter.Verdict) []string {
	var all []string
	v.Each(func(_ *filter.Report, _ *filter.Result, hit *filter.Hit) {
		text := hit.Symbol + ": " + hit.Detail
		if hit.Claim != "" && hit.Observe && len(all) < maxLogged && !slices.Contains(all, text) {
			all = append(all, text)
		}
	})
	return all
}

// hits lists the symbols with their scores; what is only observed stands in brackets.
func hits(v *filter.Verdict) []string {
	var all []string
	v.Each(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) {
		if hit.Score == 0 && (result.Kind == filter.Entry || result.Kind == filter.Rules && hit.Action == filter.None) {
			return // that stands with the recipients, or with the identity
		}
		text := fmt.Sprintf("%s %g", hit.Symbol, hit.Score)
		if hit.Observe {
			text = "[" + text + "]"
		}
		if len(all) < maxLogged {
			all = append(all, text)
		}
	})
	return all
}

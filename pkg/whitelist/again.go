package whitelist

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// Who sent a message, to whom and by what it is proven is recorded. So it can be told what other entries would have made of it.
// Whom a recipient had written to is in the store, where it changes: of that the answer of then is taken.

var (
	_ filter.Replayer = (*Stage)(nil)
	_ filter.Replayer = (*Proof)(nil)
)

// What stands for settings in filter.InForce.
const (
	autoInForce    = "auto-whitelist"
	repliesInForce = "replies"
	enabledInForce = "enabled"
)

// InForce names what answers out of the store depend on. Entries of files are none of it: they are looked up anew.
func (s *Stage) InForce() filter.InForce {
	f := filter.InForce{}
	if s.auto != nil {
		f[autoInForce] = fmt.Sprintf("%d days, tags %q, ours %v", s.auto.config.ExpireDays, s.delimiters, s.auto.ours)
		if s.auto.config.Replies.Enabled {
			f[repliesInForce] = fmt.Sprintf("%d days", s.auto.config.Replies.ExpireDays)
		}
	}
	if s.enabled != nil && s.enabled.set != "" {
		f[enabledInForce] = "set " + s.enabled.set
	}
	return f
}

// InForce is the stage's own: there is nothing beside it.
func (p *Proof) InForce() filter.InForce { return p.stage.InForce() }

// unsureWhy is what is said where proof would be judged by other settings.
const unsureWhy = "what was proven of the sender was found out by other settings then"

// hashedWhy is what is said of records in which nothing can be looked up.
const hashedWhy = "addresses are hashes: it is taken as it was then"

// A lookAgain looks at one recipient of a message that was decided on.
type lookAgain struct {
	stage     *Stage
	past      *filter.Past
	told      *filter.Report
	m         *message.Message
	recipient address
	witness   *witness
	results   []filter.Result
	doubts    []filter.Doubt
}

func (s *Stage) lookAgain(past *filter.Past, told *filter.Report) *lookAgain {
	return &lookAgain{
		stage: s, past: past, told: told, m: past.Message.Ask(told.Recipient), recipient: recipientAddress(told.Recipient, s.delimiters),
		witness: &witness{ask: func() *message.Identity {
			if past.Identity != nil && told.Phase == filter.Envelope { // SPF is all there is at RCPT
				return &message.Identity{SPF: past.Identity.SPF, Helo: past.Identity.Helo}
			}
			return past.Identity
		}},
	}
}

// said is what a source answered then, nil where it did not.
func (l *lookAgain) said(source string) *filter.Result {
	at := slices.IndexFunc(l.told.Results, func(r filter.Result) bool { return r.Source == source })
	if at < 0 {
		return nil
	}
	return &l.told.Results[at]
}

// as takes the answer of then.
func (l *lookAgain) as(source string) {
	r := filter.Result{Source: source, Kind: filter.Entry}
	if said := l.said(source); said != nil {
		r = *said
		r.Hits = slices.Clone(said.Hits)
	}
	l.results = append(l.results, r)
}

// hashed takes the answer of then where nothing can be looked up, and says so. What hung on proof that other settings found
// is not known.
func (l *lookAgain) hashed(source string) bool {
	said := l.said(source)
	claimed := said != nil && slices.ContainsFunc(said.Hits, func(h filter.Hit) bool { return h.Claim != "" })
	switch {
	case !l.past.Hashed:
		return false
	case l.past.Unsure && claimed:
		l.unknown(source, unsureWhy, filter.Hit{Symbol: whitelisted, Standing: filter.Whitelisted})
	default:
		l.as(source)
		l.doubts = append(l.doubts, filter.Doubt{Source: source, Kind: filter.Entry, Why: hashedWhy})
	}
	return true
}

// unknown says that a source may have given the recipient a standing.
func (l *lookAgain) unknown(source, why string, hits ...filter.Hit) {
	l.results = append(l.results, filter.Result{Source: source, Kind: filter.Entry})
	l.doubts = append(l.doubts, filter.Doubt{Source: source, Kind: filter.Entry, Why: why, Best: hits})
}

// Again looks at a recipient once more, as far as that is possible at RCPT.
func (s *Stage) Again(past *filter.Past, told *filter.Report) ([]filter.Result, []filter.Doubt) {
	l := s.lookAgain(past, told)
	sender := senderAddress(past.Message.Sender)
	if s.blacklist != nil && !l.hashed("blacklist") {
		l.results = append(l.results, s.black(l.m, sender, l.recipient))
	}
	if s.whitelist != nil && !l.hashed("whitelist") {
		l.white(sender)
	}
	l.fromStore(autoSource, autoInForce, s.auto != nil, filter.Hit{Symbol: "AUTO_WHITELISTED", Standing: filter.Whitelisted})
	switch {
	case s.enabled == nil:
	case s.enabled.set != "":
		l.fromStore("enabled", enabledInForce, true, notEnabled("")...)
	case s.enabled.file == nil || !l.hashed("enabled"):
		l.results = append(l.results, s.enabled.check(context.Background(), l.recipient)) // asks no store
	}
	return l.results, l.doubts
}

// white looks the sender up among the entries of now. An entry that counted then counts as it did: how far it was proven at RCPT
// was known then.
func (l *lookAgain) white(sender address) {
	set := l.stage.whitelist.get()
	known := slices.Collect(set.bySender(sender, l.recipient))
	settled := slices.ContainsFunc(known, func(e *Entry) bool { return e.demand() == demandNone })
	for range set.byClient(l.m.Origin().Addr, l.recipient) {
		settled = true
	}
	if !settled && len(known) > 0 && l.past.Unsure {
		l.unknown("whitelist", unsureWhy, filter.Hit{Symbol: whitelisted, Standing: filter.Whitelisted})
		return
	}
	if said := l.said("whitelist"); !settled && said != nil && len(said.Hits) > 0 && isAmongEntries(known, &said.Hits[0]) {
		l.as("whitelist")
		return
	}
	r := l.stage.white(l.m, l.witness, sender, l.recipient)
	if l.witness.asked && l.past.Identity == nil && r.Hits[0].Standing == filter.Held {
		l.unknown("whitelist", "what was proven of the sender is not known", filter.Hit{Symbol: whitelisted, Standing: filter.Whitelisted, Detail: r.Hits[0].Detail})
		return
	}
	l.results = append(l.results, r)
}

// placeBefore is what stands before an entry in the evidence of a hit: its file and line.
var placeBefore = regexp.MustCompile(`^.*?:\d+: `)

// isAmongEntries tells whether the entry that made a hit is one of those.
func isAmongEntries(entries []*Entry, hit *filter.Hit) bool {
	text, _, _ := strings.Cut(hit.Detail, "; ")
	text = text[len(placeBefore.FindString(text)):]
	return text != "" && slices.ContainsFunc(entries, func(e *Entry) bool { return e.String() == text })
}

// fromStore takes what the store said then, where it would be asked the same now.
func (l *lookAgain) fromStore(source, setting string, on bool, could ...filter.Hit) {
	now, then := l.stage.InForce()[setting], l.past.InForce[setting]
	said := l.said(source)
	switch {
	case !on:
	case said != nil && l.past.Unsure && len(said.Hits) > 0:
		l.unknown(source, unsureWhy, append(slices.Clone(said.Hits), could...)...)
	case said != nil && (now == then || l.past.InForce == nil):
		l.as(source)
	case said == nil:
		l.unknown(source, "was not asked then", could...)
	default:
		l.unknown(source, "was asked by other settings then", append(slices.Clone(said.Hits), could...)...)
	}
}

// Again looks at a recipient once more, with what is proven at the end.
func (p *Proof) Again(past *filter.Past, told *filter.Report) ([]filter.Result, []filter.Doubt) {
	s := p.stage
	l := s.lookAgain(past, told)
	if past.Author != "" {
		l.m.Header = message.Header{{Name: "From", Value: " <" + past.Author + ">"}}
	}
	if s.whitelist != nil && !l.hashed("whitelist") {
		l.prove()
	}
	l.fromStore(autoSource, autoInForce, s.auto != nil, filter.Hit{Symbol: "AUTO_WHITELISTED", Standing: filter.Whitelisted})
	replies := s.auto != nil && s.auto.config.Replies.Enabled
	if replies {
		l.fromStore("replies", repliesInForce, replies, filter.Hit{Symbol: replySymbol, Score: s.auto.config.Replies.Score})
		for i := range l.results {
			if r := &l.results[i]; r.Source == "replies" {
				for j := range r.Hits {
					r.Hits[j].Score = s.auto.config.Replies.Score
				}
			}
		}
	}
	return l.results, l.doubts
}

// prove is white for the end of the message.
func (l *lookAgain) prove() {
	set := l.stage.whitelist.get()
	senders := claimed(l.m)
	var known []*Entry
	for _, sender := range senders {
		known = slices.AppendSeq(known, set.bySender(sender, l.recipient))
	}
	if l.m.Client.Relay {
		for e := range set.byClient(l.past.Origin.Addr, l.recipient) {
			l.results = append(l.results, filter.Result{Source: "whitelist", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{{Symbol: whitelisted, Standing: filter.Whitelisted, Detail: e.where()}}})
			return
		}
		l.m.Client.Relay = false // of whom it had the message is known by now
	}
	if l.past.Unsure && len(known) > 0 {
		l.unknown("whitelist", unsureWhy, filter.Hit{Symbol: whitelisted, Standing: filter.Whitelisted})
		return
	}
	if said := l.said("whitelist"); said != nil && slices.ContainsFunc(said.Hits, func(h filter.Hit) bool { return h.Standing == filter.Whitelisted && isAmongEntries(known, &h) }) {
		l.as("whitelist")
		return
	}
	r := l.stage.proveEntries(l.m, l.witness, senders, l.recipient)
	proven := slices.ContainsFunc(r.Hits, func(h filter.Hit) bool { return h.Standing == filter.Whitelisted })
	if l.witness.asked && l.past.Identity == nil && !proven {
		l.unknown("whitelist", "what was proven of the sender is not known", filter.Hit{Symbol: whitelisted, Standing: filter.Whitelisted})
		return
	}
	l.results = append(l.results, r)
}

package dnslist

import (
	"context"
	"net/netip"
	"time"

	"winnow/pkg/filter"
)

// A check is what one list is asked about one message.
type check struct {
	src       *source
	start     time.Time
	questions []question
	open      []*question // those that were not in memory
	later     *later      // what it is asked about besides, nil for nothing
	result    *filter.Result
}

// recall answers what is in memory, and tells whether that is all there is to ask.
func (c *check) recall() (all bool) {
	c.open = c.src.recall(c.src.set.resolver, c.questions)
	return len(c.open) == 0 && c.later == nil
}

// run asks what recall left.
func (c *check) run(ctx context.Context, client netip.Addr) {
	var err error
	if c.later == nil {
		c.result.Took = c.ask(ctx, c.open, c.start)
	} else {
		err = c.runBoth(ctx)
	}
	c.conclude(client, err)
}

// conclude fills in the result and lets the list's health know.
func (c *check) conclude(client netip.Addr, err error) {
	if len(c.questions) == 0 {
		c.result.Err = err
		return
	}
	c.result.Asked = len(c.questions)
	for i := range c.questions {
		if c.questions[i].cached {
			c.result.Cached++
		}
	}
	c.src.answers(c.result, c.questions)
	worst := worst(c.questions)
	c.result.Hits = c.src.hits(client, c.questions)
	if c.result.Err = c.src.failure(worst); c.result.Err == nil {
		c.result.Err = err
	}
	c.src.learn(c.start, c.questions, worst)
}

// runBoth asks about what is known now, and beside it about what is known later, as soon as it is.
func (c *check) runBoth(ctx context.Context) (err error) {
	asked := make([]string, len(c.questions))
	for i := range c.questions {
		asked[i] = c.questions[i].name
	}
	var questions []question
	var took, tookLater time.Duration
	atOnce(2, func(i int) {
		if i == 0 {
			took = c.ask(ctx, c.open, c.start)
			return
		}
		var subjects []subject
		subjects, err = c.later.wait(ctx)
		questions = c.src.questions(subjects, asked)
		tookLater = c.ask(ctx, c.src.recall(c.src.set.resolver, questions), c.src.set.now())
	})
	c.questions = append(c.questions, questions...)
	c.result.Took = max(took, tookLater)
	return err
}

// ask puts the questions, and returns how long the list took: that we have waited for others is not its doing.
func (c *check) ask(ctx context.Context, questions []*question, start time.Time) time.Duration {
	if len(questions) == 0 {
		return 0
	}
	c.src.ask(ctx, c.src.set.resolver, questions)
	return c.src.set.now().Sub(start)
}

// hits returns a hit for each code that an answer stood for, in the order of the codes; a code counts once, however many
// names of the message are listed. Questions are in the order of their weight, so the first is the evidence.
func (src *source) hits(client netip.Addr, questions []question) []filter.Hit {
	var all codeSet
	for i := range questions {
		all |= questions[i].codes
	}
	if all == 0 {
		return nil
	}
	var hits []filter.Hit
	for c := range src.Codes {
		if all.has(c) {
			hits = append(hits, src.hit(c, client, questions))
		}
	}
	return hits
}

// hit tells of one code: the first question that it answers, one about a fact before others, and how many more there are.
func (src *source) hit(c int, client netip.Addr, questions []question) filter.Hit {
	code := &src.Codes[c]
	var first *question
	listed := 0
	for i := range questions {
		q := &questions[i]
		if !q.codes.has(c) {
			continue
		}
		listed++
		if first == nil || !first.subject.sure() && q.subject.sure() {
			first = q
		}
	}
	hit := filter.Hit{
		Symbol:  code.Symbol,
		Score:   code.Score,
		Action:  code.Action,
		Code:    octets(src.evidence(first.addrs, c, first.about)),
		Observe: src.Observe || code.Observe,
		Detail:  src.detail(first, c, listed-1),
		Text:    src.text(code, client, first),
	}
	if first.subject.addr.Is6() {
		hit.Action = code.IPv6Action
	}
	if !first.subject.sure() {
		hit.Action = filter.None // never enough to refuse alone
	}
	return hit
}

// octets are those of a return code, none where it is none.
func octets(addr netip.Addr) (o [4]byte) {
	if addr.Is4() {
		o = addr.As4()
	}
	return o
}

package dnslist

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Row is what one list says about an address or a name.
type Row struct {
	List    string        `json:"list"`
	Title   string        `json:"title"`
	Zone    string        `json:"zone"`  // without the list's key
	Asked   string        `json:"asked"` // the name in the DNS, likewise
	Outcome Outcome       `json:"outcome"`
	Answer  []netip.Addr  `json:"answer,omitempty"` // the A records
	Hits    []RowHit      `json:"hits,omitempty"`
	Error   string        `json:"error,omitempty"` // why there is no answer, or what is wrong with it
	Health  Health        `json:"health"`
	Took    time.Duration `json:"took_ns"`
}

// A RowHit is what one of the return codes would do to a message.
type RowHit struct {
	Code    netip.Addr    `json:"code"`
	Symbol  string        `json:"symbol"`
	Title   string        `json:"title,omitempty"`
	Score   float64       `json:"score"`
	Action  filter.Action `json:"action"`
	Observe bool          `json:"observe,omitempty"`
	Text    string        `json:"text"` // what a stranger would read
}

// Query asks every enabled list that takes such things about an address or a domain, the DNS itself and no cache, and
// also lists that rest. The error says that what is neither, or nothing to ask strangers about.
func (s *Set) Query(ctx context.Context, what string) ([]Row, error) {
	subject, err := s.querySubject(what)
	if err != nil {
		return nil, err
	}
	type place struct {
		src *source
		q   question
	}
	var places []place
	for _, src := range s.sources {
		if !src.Enabled {
			continue
		}
		subject := subject
		if subject.ask = URI; !src.asks(URI) {
			subject.ask = src.Ask[0]
		}
		for _, q := range src.questionsAbout(&subject) {
			places = append(places, place{src, q})
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	rows := make([]Row, len(places))
	atOnce(len(places), func(i int) { rows[i] = places[i].src.row(ctx, &places[i].q) })
	return rows, nil
}

// testNetwork holds the test entries of lists (RFC 5782, 5): a person may ask for them.
var testNetwork = netip.MustParsePrefix("127.0.0.0/8")

// querySubject reads what a person wants to know about.
func (s *Set) querySubject(what string) (subject, error) {
	if addr, err := message.ParseAddr(what); err == nil {
		if !s.askable(addr) && !testNetwork.Contains(addr) {
			return subject{}, fmt.Errorf("%s is private, special or of your own networks: lists are never asked about it", addr)
		}
		return addressSubject(Client, addr), nil
	}
	host, ok := message.HostASCII(what)
	if !ok || !validHost(host) {
		return subject{}, fmt.Errorf("%q is no address and no domain", what)
	}
	return nameSubject(URI, host), nil
}

// questionsAbout is questions for one subject, whatever the list is asked about otherwise.
func (src *source) questionsAbout(s *subject) []question {
	if src.asks(Client) && !s.addr.IsValid() {
		return nil
	}
	return src.questions([]subject{*s})
}

// row puts one question and tells all about the answer.
func (src *source) row(ctx context.Context, q *question) Row {
	start := src.set.now()
	one := []question{*q}
	src.ask(ctx, src.set.fresh, one)
	q = &one[0]
	row := Row{
		List: src.Name, Title: src.Title, Zone: src.ShownZone(), Asked: src.show(q.key),
		Outcome: q.outcome, Answer: q.addrs,
		Health: src.condition.Load().health,
		Took:   src.set.now().Sub(start),
	}
	if err := src.failure(q); err != nil {
		row.Error = err.Error()
	}
	for c := range src.Codes {
		if q.codes.has(c) {
			row.Hits = append(row.Hits, src.rowHit(c, q))
		}
	}
	return row
}

func (src *source) rowHit(c int, q *question) RowHit {
	hit := src.hit(c, q.subject.addr, []question{*q})
	return RowHit{
		Code: src.evidence(q.addrs, c), Symbol: hit.Symbol, Title: src.Codes[c].Title,
		Score: hit.Score, Action: hit.Action, Observe: hit.Observe, Text: hit.Text,
	}
}

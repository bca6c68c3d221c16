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

// Query asks every enabled list that takes such things about an address, a domain, a mail address or a link, the DNS
// itself and no cache, and also lists that rest. The error says that what is none of these, or nothing to ask strangers
// about.
func (s *Set) Query(ctx context.Context, what string) ([]Row, error) {
	wanted, err := s.querySubjects(what)
	if err != nil {
		return nil, err
	}
	type place struct {
		src *source
		q   question
	}
	var places []place
	for _, src := range s.sources {
		for i := range wanted {
			for _, q := range src.questionsAbout(&wanted[i]) {
				places = append(places, place{src, q})
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	rows := make([]Row, len(places))
	atOnce(len(places), func(i int) { rows[i] = places[i].src.row(ctx, &places[i].q) })
	return rows, nil
}

// A queried is something that a person wants to know about, and what of a message it can be: of those, a list is asked
// about it as the first that it is asked about.
type queried struct {
	subject
	asks []Ask
}

var (
	asAddress = []Ask{Client, Relays, URIAddress, URINS, URI}
	asName    = []Ask{URI, Helo, Sender, Author, ReplyTo, DKIM, RDNS, Mail}
	asMailbox = []Ask{Sender, Author, ReplyTo, Mail}
	asLink    = []Ask{URI}
)

// testNetwork holds the test entries of lists (RFC 5782, 5): a person may ask for them.
var testNetwork = netip.MustParsePrefix("127.0.0.0/8")

// querySubjects reads what a person wants to know about.
func (s *Set) querySubjects(what string) ([]queried, error) {
	u, isLink := message.ParseLink(what)
	addr, err := message.ParseAddr(what)
	if isLink {
		addr = u.Addr
	}
	if addr.IsValid() && !s.askable(addr) && !testNetwork.Contains(addr) {
		return nil, fmt.Errorf("%s is private, special or of your own networks: lists are never asked about it", addr)
	}
	switch {
	case err == nil:
		return []queried{{addressSubject(Client, addr), asAddress}}, nil
	case isLink && (addr.IsValid() || validHost(u.Host)):
		host := linkSubject(URI, &u)
		if whole := wholeLink(&u); whole != "" {
			return []queried{{host, asLink}, {subject{whole: whole, host: u.Host}, asLink}}, nil
		}
		return []queried{{host, asLink}}, nil
	}
	if whole := mailbox(what); whole != "" {
		_, domain := message.SplitAddress(what)
		return []queried{{nameSubject(Sender, domain), asMailbox}, {subject{whole: whole}, asMailbox}}, nil
	}
	host, ok := message.HostASCII(what)
	if !ok || !validHost(host) {
		return nil, fmt.Errorf("%q is no address, domain, mail address or link (https://...)", what)
	}
	return []queried{{nameSubject(URI, host), asName}}, nil
}

// questionsAbout lists what an enabled list is asked about one thing.
func (src *source) questionsAbout(wanted *queried) []question {
	if !src.Enabled {
		return nil
	}
	for _, ask := range wanted.asks {
		if src.asks(ask) {
			s := wanted.subject
			s.ask = ask
			questions := src.questions([]subject{s}, nil)
			for i := range questions {
				questions[i].about = newAsks(src.Ask...) // it may be any of them
			}
			return questions
		}
	}
	return nil
}

// row puts one question and tells all about the answer.
func (src *source) row(ctx context.Context, q *question) Row {
	start := src.set.now()
	one := []question{*q}
	src.ask(ctx, src.set.fresh, src.recall(src.set.fresh, one))
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

// rowHit tells of one code, as of something that it counts of.
func (src *source) rowHit(c int, q *question) RowHit {
	of := *q.subject
	for _, ask := range src.Ask {
		if !src.Codes[c].counts(of.ask) && src.Codes[c].counts(ask) {
			of.ask = ask
		}
	}
	as := *q
	as.subject = &of
	hit := src.hit(c, of.addr, []question{as})
	return RowHit{
		Code: src.evidence(q.addrs, c, q.about), Symbol: hit.Symbol, Title: src.Codes[c].Title,
		Score: hit.Score, Action: hit.Action, Observe: hit.Observe, Text: hit.Text,
	}
}

package dnslist

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// What lists answered is recorded with its return codes. What a code means is told by the configuration: so mail can be
// decided again by other codes, scores and actions, as long as the list was asked the same.

var _ filter.Replayer = (*Stage)(nil)

// inForce is what the name of a list stands behind in filter.InForce.
const inForce = "list "

// InForce names the stage's lists with what they are asked.
func (s *Stage) InForce() filter.InForce {
	f := filter.InForce{}
	for _, src := range s.sources {
		f[inForce+src.Name] = src.asked
	}
	return f
}

// askedAs is in words what a list is asked about a message: two lists for which it is the same get the same questions. The key
// is no part of it, for it changes no answer. skip tells of the well-known domains.
func (l *List) askedAs(skip string) string {
	asked := fmt.Sprintf("%s about %v as %v, hash %v, addresses %v, ipv6 %v", l.ShownZone(), newAsks(l.Ask...), l.Form, l.Hash, l.Addresses, l.IPv6)
	if newAsks(l.Ask...)&ofNames != 0 {
		asked += ", but for " + skip
	}
	return asked
}

// digest tells skip files apart.
func (s *Skip) digest() string {
	if s.Len() == 0 {
		return "nothing"
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		fmt.Fprintln(h, name)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// Again reads the answers of then by the lists of now.
func (s *Stage) Again(past *filter.Past, _ *filter.Report) ([]filter.Result, []filter.Doubt) {
	var doubts []filter.Doubt
	results := make([]filter.Result, len(s.sources))
	for i, src := range s.sources {
		told := toldBy(past, src.Name)
		was := past.InForce[inForce+src.Name]
		switch {
		case told != nil && (past.InForce == nil || was == src.asked) && src.hasAnswered(told):
			results[i] = src.again(past, told)
			continue
		case src.Observe || !src.mayBeAsked(past):
		case was == "":
			doubts = append(doubts, src.doubt("was not asked then"))
		case was != src.asked:
			doubts = append(doubts, src.doubt("was asked something else then"))
		default:
			doubts = append(doubts, src.doubt("was not asked then: its stage did not run"))
		}
		results[i] = filter.Result{Source: src.Name, Kind: filter.List}
	}
	return results, doubts
}

// stageNames are those of a Set's stages. Rules ask lists, too, and what they make of the answers is theirs.
var stageNames = []string{dnsblName, contentName, rhsblName, uriblName}

// toldBy is what a list answered, in whatever stage it was asked then.
func toldBy(past *filter.Past, list string) *filter.Result {
	for v := past.Told; v != nil; v = v.Connection {
		for i := range v.Reports {
			report := &v.Reports[i]
			if report.Err != nil || !slices.Contains(stageNames, report.Stage) {
				continue
			}
			for j := range report.Results {
				if report.Results[j].Source == list {
					return &report.Results[j]
				}
			}
		}
	}
	return nil
}

// Of an address of which only the family matters, these stand for it.
var anyIPv4, anyIPv6 = netip.IPv4Unspecified(), netip.IPv6Unspecified()

// hasAnswered tells whether answers came out of the list's zone, as far as they show.
func (src *source) hasAnswered(told *filter.Result) bool {
	zone := "." + src.ShownZone()
	return !slices.ContainsFunc(told.Answers, func(a filter.Answer) bool { return a.Name != "" && !strings.HasSuffix(a.Name, zone) })
}

// mayBeAsked tells whether the list could be asked anything about the message: a list of clients is asked nothing about an
// address of ours, or of a family that it does not have.
func (src *source) mayBeAsked(past *filter.Past) bool {
	if newAsks(src.Ask...) != newAsks(Client) || past.Hashed {
		return true
	}
	addr := past.Origin.Addr
	return src.set.askable(addr) && (src.IPv6 || addr.Is4())
}

// again reads one list's answers anew.
func (src *source) again(past *filter.Past, told *filter.Result) filter.Result {
	result := *told
	result.Hits = nil
	questions := make([]question, 0, len(told.Answers))
	for i := range told.Answers {
		if q := src.recorded(past, &told.Answers[i]); src.asks(q.subject.ask) {
			questions = append(questions, q)
		}
	}
	if len(questions) == 0 {
		return result
	}
	result.Hits = src.hits(past.Origin.Addr, questions)
	classified := errors.Is(told.Err, filter.ErrRefused) || errors.Is(told.Err, filter.ErrBogus) || errors.Is(told.Err, filter.ErrUnknown)
	if told.Err == nil || classified { // else some question had no answer, which none of today's has either
		result.Err = src.failure(worst(questions))
	}
	return result
}

// recorded is a question with its answer, made of what was recorded of both.
func (src *source) recorded(past *filter.Past, a *filter.Answer) question {
	key := strings.TrimSuffix(a.Name, "."+src.ShownZone())
	s := &subject{ask: Ask(max(0, slices.Index(askNames, a.Ask))), guess: a.Guess}
	switch {
	case src.ofWhole():
		s.whole = key
	case s.ask == Client && past.Origin.Addr.IsValid():
		s.addr = past.Origin.Addr
	case a.IPv6:
		s.addr = anyIPv6
	case ofAddresses.Has(s.ask):
		s.addr = anyIPv4
	}
	q := question{subject: s, about: newAsks(s.ask), key: key, addrs: a.Codes, cached: a.Cached, age: a.Age}
	q.outcome, q.codes, q.unknown = src.classify(q.addrs, q.about)
	return q
}

// doubt is what the list could have had for a message: at worst all that speaks against it, at best what speaks for it.
func (src *source) doubt(why string) filter.Doubt {
	d := filter.Doubt{Source: src.Name, Kind: filter.List, Why: why}
	for i := range src.Codes {
		c := &src.Codes[i]
		if c.Observe {
			continue
		}
		hit := filter.Hit{Symbol: c.Symbol, Score: c.Score, Action: max(c.Action, c.IPv6Action)}
		if c.Action == filter.Accept || c.IPv6Action == filter.Accept {
			d.Best = append(d.Best, filter.Hit{Symbol: c.Symbol, Score: min(0, c.Score), Action: filter.Accept})
		} else if c.Score < 0 {
			d.Best = append(d.Best, filter.Hit{Symbol: c.Symbol, Score: c.Score})
		}
		if hit.Counts() {
			hit.Score = max(0, hit.Score)
			d.Worst = append(d.Worst, hit)
		}
	}
	return d
}

// Scores tells whether a list of that name is on, whose own hits give points: rules over its zone only show then.
func (s *Set) Scores(list string) bool {
	return slices.ContainsFunc(s.sources, func(src *source) bool { return src.Enabled && src.Name == list })
}

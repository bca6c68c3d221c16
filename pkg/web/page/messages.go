package page

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/trail"
)

const (
	maxWords    = 8   // that are looked for at once
	maxQuestion = 400 // characters
	maxNotes    = 5   // of what could not be read
	usualSince  = "7d"
)

// sinces are how far back a search may go.
var sinces = []struct {
	name, title string
	days        int // 0: all
}{{"1d", "the last 24 hours", 1}, {"7d", "the last 7 days", 7}, {"30d", "the last 30 days", 30}, {"all", "all that is kept", 0}}

type messagesBody struct {
	Words   string
	Sinces  []choice
	Asked   bool
	Found   []foundRow
	Older   string // where older ones are
	Notes   []string
	Nothing string // why there may be nothing
	Off     bool
}

type foundRow struct {
	Time, Link, ID, Client, Sender, Recipients, Action, Reason, Class string
}

type messageBody struct {
	Explanation *trail.Explanation
	Identity    []string
	Class       string
	Copy        string // by which id the copy of the message is printed, "" where none is kept
}

// messages looks for what the words are about, and shows it where there is one.
func (p *Pages) messages(r *http.Request) (shown, error) {
	q, err := values(r, "q", "since", "until")
	s := shown{template: "messages", frame: frame{Title: "Messages", Here: "messages"}}
	if err != nil {
		return s, err
	}
	s.frame.Lead = "Why was it refused, or was not? What was decided about a message or a client, and by what."
	return p.search(r, s, q.Get("q"), q.Get("since"), q.Get("until"))
}

// Closed tells that messages are not shown, and how they are.
func (p *Pages) Closed(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, shown{template: "messages", frame: frame{Title: "Messages", Here: "messages"}, body: &messagesBody{Off: true}})
}

// message shows what has one id.
func (p *Pages) message(r *http.Request) (shown, error) {
	s := shown{template: "messages", frame: frame{Title: "Messages", Here: "messages"}}
	if _, err := values(r); err != nil {
		return s, err
	}
	return p.search(r, s, r.PathValue("word"), "all", "")
}

func (p *Pages) search(r *http.Request, s shown, question, since, until string) (shown, error) {
	b := &messagesBody{Words: harmless(question, maxQuestion)}
	s.body = b
	if since == "" {
		since = usualSince
	}
	for _, choices := range sinces {
		b.Sinces = append(b.Sinces, choice{choices.title, choices.name, choices.name == since})
	}
	words := strings.Fields(question)
	b.Asked = len(words) > 0
	query, err := p.trailQuery(words, question, since, until)
	if err != nil {
		return s, err
	}
	if b.Off = !p.source.Searches(); b.Off || !b.Asked {
		return s, nil
	}
	results, err := p.source.Search(r.Context(), query)
	if err != nil {
		return s, &problem{http.StatusServiceUnavailable, "The trail cannot be read", fmt.Sprintf("%v. Look at the folder trail in state_dir.", err)}
	}
	if len(results.Records) == 1 {
		return p.one(s, results.Records[0]), nil
	}
	b.fill(results, p.source.Now().Location(), question, since)
	if n := p.source.RefusedOneIn(); n > 1 && b.Nothing != "" {
		b.Nothing += fmt.Sprintf(" Of clients that were refused only one record in %d is kept (trail.refused_one_in).", n)
	}
	return s, nil
}

func (p *Pages) trailQuery(words []string, question, since, until string) (q trail.Query, err error) {
	now := p.source.Now()
	q = trail.Query{Words: words}
	wrong := func(what, remedy string) error { return &problem{http.StatusBadRequest, what, remedy} }
	if len(words) > maxWords || len(question) > maxQuestion {
		return q, wrong("This is too much to look for", fmt.Sprintf("Write up to %d words, and %d characters.", maxWords, maxQuestion))
	}
	for _, word := range words {
		if word != "<>" && strings.Trim(word, "[]<>") == "" {
			return q, wrong("This cannot be looked for", fmt.Sprintf("%.20q is no id and no address.", word))
		}
	}
	if q.Since, err = sinceWhen(now, since); err != nil {
		return q, wrong("This time cannot be read", "Choose how far back to look from the list.")
	}
	if until != "" {
		if q.Until, err = time.Parse(time.RFC3339Nano, until); err != nil {
			return q, wrong("This time cannot be read", "Search again from the form.")
		}
	}
	return q, nil
}

func sinceWhen(now time.Time, since string) (time.Time, error) {
	for _, known := range sinces {
		if known.name == since && known.days == 0 {
			return time.Time{}, nil
		}
		if known.name == since {
			return now.AddDate(0, 0, -known.days), nil
		}
	}
	return time.Parse(time.RFC3339Nano, since)
}

// one shows a record.
func (p *Pages) one(s shown, r *trail.Record) shown {
	e, identity := p.source.Explain(r)
	b := &messageBody{Explanation: e, Identity: identity, Class: actionClass(r)}
	if p.source.HasCopy(r) {
		b.Copy = r.ID
	}
	s.template, s.body = "message", b
	s.frame.Title, s.frame.Lead = harmless(e.Title, maxCell), ""
	return s
}

func (b *messagesBody) fill(r *trail.Results, zone *time.Location, question, since string) {
	for _, note := range r.Notes[:min(len(r.Notes), maxNotes)] {
		b.Notes = append(b.Notes, harmless(note, maxText))
	}
	for _, record := range r.Records {
		b.Found = append(b.Found, newFound(record, zone))
	}
	if r.More {
		last := r.Records[len(r.Records)-1]
		b.Older = "/messages?" + url.Values{"q": {question}, "since": {since}, "until": {last.Time.Format(time.RFC3339Nano)}}.Encode()
	}
	if len(r.Records) > 0 {
		return
	}
	switch {
	case r.Oldest == "":
		b.Nothing = "Nothing was ever recorded: trail.enabled has to be true, and a decision shows a second after it was made."
	case since != "all":
		b.Nothing = "Nothing is recorded about this in that time. Records go back to " + r.Oldest + ": look further back."
	default:
		b.Nothing = "Nothing is recorded about this. Records go back to " + r.Oldest + " (trail.retention_days, trail.max_size)."
	}
}

func newFound(r *trail.Record, zone *time.Location) foundRow {
	row := foundRow{
		Time: r.Time.In(zone).Format("2006-01-02 15:04:05"), ID: r.ID, Client: r.Client.Addr, Sender: "<" + r.Sender + ">",
		Action: r.Action.String(), Reason: r.Reason, Class: actionClass(r), Link: "/messages/" + url.PathEscape(r.ID),
	}
	if r.Kind == trail.OfConnection {
		row.Sender = ""
	}
	switch n := len(r.Recipients); n {
	case 0:
	case 1:
		row.Recipients = r.Recipients[0].Address
	default:
		row.Recipients = fmt.Sprintf("%s and %d more", harmless(r.Recipients[0].Address, maxCell), n-1)
	}
	if r.ID == "" { // of a connection that nothing was said to
		at := r.Time.Format(time.RFC3339Nano)
		row.Link = "/messages?" + url.Values{"q": {r.Client.Addr}, "since": {at}, "until": {at}}.Encode()
	}
	return row
}

// actionClass is how a decision looks.
func actionClass(r *trail.Record) string {
	switch {
	case r.Refused():
		return "stop"
	case slices.Contains([]filter.Action{filter.Tag, filter.Quarantine, filter.Discard}, r.Action):
		return "look"
	}
	return "pass"
}

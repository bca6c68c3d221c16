package trail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
)

// An Explanation is a record in plain words, for people: what decided first, then all that led to it. It holds text from
// mail, which whoever shows it has to make harmless.
type Explanation struct {
	Title   string      `json:"title"`
	Decided []string    `json:"decided"` // what decided
	Without []string    `json:"without"` // what would have been else
	Sender  []string    `json:"sender"`  // what the sender can do
	Facts   [][2]string `json:"facts"`
	Steps   []Step      `json:"steps"` // in the order they were taken
}

// A Step is one stage's part.
type Step struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

// A Row is what one source said, or one of its hits.
type Row struct {
	Source string `json:"source"`
	Said   string `json:"said"`  // "listed", "not listed", "no answer"; of a hit its symbol
	Score  string `json:"score"` // of a hit
	Does   string `json:"does"`  // what it demands, or makes of the recipient
	Fresh  string `json:"fresh"` // "asked, 12ms" or "cached, 40s ago"
	Detail string `json:"detail"`
}

// Explain tells a record in plain words. Times are told in a zone.
func (r *Record) Explain(zone *time.Location) *Explanation {
	e := &Explanation{Title: r.title(zone), Decided: r.decided(), Without: []string{}, Sender: []string{}, Facts: r.facts(), Steps: []Step{}}
	for _, a := range r.Alternatives() {
		if len(e.Without) == maxAlternatives {
			e.Without = append(e.Without, "and more: --json has all")
			break
		}
		e.Without = append(e.Without, a.sentence(r))
	}
	switch {
	case len(e.Without) > 0 || !r.Refused():
	case r.Cut:
		e.Without = append(e.Without, "Not known: the record was too long, and was written without all that was answered.")
	case r.Policy == nil:
		e.Without = append(e.Without, "Not known: the record does not say by which settings it was decided.")
	case r.Decider != nil:
		e.Without = append(e.Without, "Nothing: more than one list, entry or rule wanted it so, and none of them alone would have been missed.")
	}
	e.Sender = append(e.Sender, r.forSender()...)
	for i := range r.Reports {
		e.Steps = append(e.Steps, r.Reports[i].step())
	}
	return e
}

// maxAlternatives is how many are told.
const maxAlternatives = 10

var become = map[filter.Action]string{
	filter.None:       "not decided on",
	filter.Accept:     "delivered",
	filter.Tag:        "delivered, tagged as spam",
	filter.Quarantine: "held in the queue",
	filter.Defer:      "deferred (451)",
	filter.Reject:     "refused (550)",
	filter.Discard:    "accepted and thrown away",
}

func (r *Record) title(zone *time.Location) string {
	what := become[r.Action]
	if r.Kind == OfConnection && r.Action < filter.Defer {
		what = "connection without a message"
	}
	id := ""
	if r.ID != "" {
		id = "[" + r.ID + "] "
	}
	return id + what + ", " + r.Time.In(zone).Format("2006-01-02 15:04:05 MST")
}

// decided tells what decided.
func (r *Record) decided() []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	d := r.Decider
	switch hit, result := r.lookUp(d); {
	case r.Class == filter.ClassOutbound:
		say("It was outbound: the client logged in or is in networks.own. Such mail is not scanned.")
	case r.Kind == OfConnection && d == nil && r.Action < filter.Defer:
		say("No list wanted the client refused; it named no recipient.")
	case d == nil && r.Action >= filter.Tag && r.Class == filter.ClassScanned:
		say("Points did: %g in all, from %g on it is %s.", r.Total, r.reached(), become[max(r.Weakened, r.Action)])
		say("%s", r.Reason)
	case d != nil && result != nil && result.Kind == filter.List && r.byClient():
		say("The client %s is listed by %s: %s.", orUnknown(r.Client.Addr), d.Source, d.Symbol)
	case d != nil && hit != nil && hit.Standing == filter.Blacklisted:
		say("The recipient's blacklist has the sender or the client: %s of %s.", d.Symbol, d.Source)
	case d != nil:
		say("%s of %s demanded it.", d.Symbol, d.Source)
	case r.Action == filter.None:
		say("Nothing: the transaction ended before its content was decided on. The client went away, or winnow would not take it: then the log tells why.")
	case r.Class == filter.ClassScanned:
		say("It was scanned: %g points, tagged from %g on.", r.Total, r.Threshold)
	case r.Class == filter.ClassTooLarge:
		say("It was not scanned: %d octets are more than policy.max_size%s.", r.Size, r.maxSize())
	case r.Class == filter.ClassWhitelisted:
		say("It was not scanned: every recipient knows the sender. %s", r.Reason)
	case r.Class == filter.ClassNotEnabled:
		say("It was not scanned: no recipient who has filtering enabled wanted it scanned.")
	case r.Reason == "" && r.Connection != nil:
		say("%s", r.Connection.Reason)
	default:
		say("%s", r.Reason)
	}
	if hit, _ := r.lookUp(d); hit != nil && hit.Detail != "" {
		say("Evidence: %s", hit.Detail)
	}
	if r.Weakened != filter.None {
		why := "some recipient is whitelisted, exempt, or has no filtering enabled, and a message is refused to all or none"
		if r.Relayed {
			why = "a relay had taken it already, and would have to bounce it (policy.relayed)"
		}
		say("It would have been %s, but %s.", become[r.Weakened], why)
	}
	return all
}

func orUnknown(text string) string {
	if text == "" {
		return "(address not known)"
	}
	return text
}

func (r *Record) maxSize() string {
	if r.Policy == nil {
		return ""
	}
	return fmt.Sprintf(" (%d)", r.Policy.MaxSize)
}

// reached is the highest threshold that the points came to.
func (r *Record) reached() float64 {
	from := r.Threshold
	if p := r.Policy; p != nil {
		for _, t := range []float64{p.Tag, p.Quarantine, p.Defer, p.Reject, p.Discard} {
			if t > 0 && r.Total >= t-1e-9 {
				from = max(from, t)
			}
		}
	}
	return from
}

// byClient tells whether the connection's verdict is what decided.
func (r *Record) byClient() bool {
	return r.Kind == OfConnection || r.Connection != nil && r.Connection.Decider != nil && r.Decider != nil && *r.Connection.Decider == *r.Decider
}

// lookUp finds a decider's hit in the record.
func (r *Record) lookUp(d *Decider) (*Hit, *Result) {
	if d == nil {
		return nil, nil
	}
	for i := range r.Reports {
		for j := range r.Reports[i].Results {
			result := &r.Reports[i].Results[j]
			for k := range result.Hits {
				if result.Source == d.Source && result.Hits[k].Symbol == d.Symbol {
					return &result.Hits[k], result
				}
			}
		}
	}
	return nil, nil
}

var kindWords = map[filter.Kind]string{filter.List: "the list ", filter.Rules: "the rule ", filter.Entry: "the entry in "}

// sentence tells an alternative.
func (a *Alternative) sentence(r *Record) string {
	text := "Without " + kindWords[a.Kind] + a.Without
	switch {
	case !a.Complete:
		return text + " it would have gone on to be scanned; what that had found nobody knows, for the message never came so far."
	case r.Kind == OfConnection && a.Action < filter.Defer:
		return text + " the client would have been let in."
	}
	text += " it would have been " + become[a.Action]
	switch {
	case a.By != nil:
		text += fmt.Sprintf(", by %s of %s", a.By.Symbol, a.By.Source)
	case a.Class == filter.ClassScanned:
		text += fmt.Sprintf(", with %g points", a.Total)
	}
	return text + "."
}

var link = regexp.MustCompile(`https?://[^\s"<>]+`)

// forSender tells what whoever wrote can do. Nothing, where it reached everybody.
func (r *Record) forSender() []string {
	if !r.Refused() && !slices.ContainsFunc(r.Recipients, func(r Recipient) bool { return r.Action >= filter.Defer }) {
		return nil
	}
	var all []string
	if r.Action == filter.Defer {
		all = append(all, "Nothing: mail servers try again by themselves.")
	}
	hit, _ := r.lookUp(r.Decider)
	if hit != nil && hit.Text != "" {
		all = append(all, "The sender was told: "+strings.ReplaceAll(hit.Text, "{id}", r.ID))
	}
	pages := map[string]bool{}
	for i := range r.Reports {
		for _, result := range r.Reports[i].Results {
			for _, h := range result.Hits {
				page := link.FindString(h.Text)
				if page == "" || h.Observe || pages[page] || r.Decider != nil && hit != nil && page != link.FindString(hit.Text) {
					continue
				}
				pages[page] = true
				all = append(all, fmt.Sprintf("Look up why %s has it, and ask to be taken off: %s", result.Source, page))
			}
		}
	}
	if r.Decider == nil && r.Class == filter.ClassScanned {
		all = append(all, "Write with fewer of the marks below, or ask the recipient to write first or to whitelist the address.")
	}
	return append(all, "Write to postmaster of the recipient's domain, who is never refused (unless milter.reject_at is connect), and quote the id.")
}

func (r *Record) facts() [][2]string {
	var all [][2]string
	fact := func(name, value string) {
		if value != "" {
			all = append(all, [2]string{name, value})
		}
	}
	if n := r.StandsFor(); n > 1 {
		fact("stands for", fmt.Sprintf("%d decisions like it: of what is refused for its client one in so many is recorded (trail.refused_one_in)", n))
	}
	fact("queue id", r.QueueID)
	fact("node", r.Node)
	fact("client", strings.TrimSpace(orUnknown(r.Client.Addr)+" "+r.Client.Name+helo(r.Client.Helo)))
	if r.Origin != nil {
		fact("given to the relay by", strings.TrimSpace(r.Origin.Addr+" "+r.Origin.Name+helo(r.Origin.Helo)))
	}
	fact("login", r.User)
	if r.Kind == OfMessage {
		fact("sender", "<"+r.Sender+">")
	}
	for i, to := range r.Recipients {
		if i == maxShownRecipients {
			fact("recipient", fmt.Sprintf("and %d more", len(r.Recipients)-i))
			break
		}
		fact("recipient", to.sentence())
	}
	fact("author", r.Author)
	fact("message-id", r.MessageID)
	fact("subject", r.Subject)
	if r.Size > 0 {
		fact("size", fmt.Sprintf("%d octets", r.Size))
	}
	if r.Class != filter.NoMessage {
		fact("class", r.Class.String())
	}
	if r.Number > 1 {
		fact("on its connection", fmt.Sprintf("message number %d", r.Number))
	}
	if r.TookMS > 0 {
		fact("took", fmt.Sprintf("%v since MAIL, the sender's own time included", time.Duration(r.TookMS)*time.Millisecond))
	}
	return all
}

// maxShownRecipients is how many recipients are told.
const maxShownRecipients = 20

func helo(name string) string {
	if name == "" {
		return ""
	}
	return " (HELO " + name + ")"
}

// sentence tells what was decided about a recipient.
func (r *Recipient) sentence() string {
	var notes []string
	if r.Action >= filter.Defer {
		notes = append(notes, become[r.Action])
	}
	if r.Standing != filter.Scan {
		notes = append(notes, r.Standing.String())
	}
	if r.Exempt {
		notes = append(notes, "never refused")
	}
	if r.Decider != nil {
		notes = append(notes, "by "+r.Decider.Symbol+" of "+r.Decider.Source)
	}
	if len(notes) == 0 {
		return r.Address
	}
	return r.Address + " (" + strings.Join(notes, ", ") + ")"
}

func (r *Report) step() Step {
	s := Step{Title: r.Phase.String() + ": " + r.Stage, Rows: []Row{}}
	if r.Recipient != "" {
		s.Title += " about " + r.Recipient
	}
	if r.TookUS > 0 {
		s.Title += ", " + micros(r.TookUS)
	}
	if r.Error != "" {
		s.Title += ": failed: " + r.Error
	}
	for i := range r.Results {
		s.Rows = append(s.Rows, r.Results[i].rows()...)
	}
	return s
}

func micros(us int64) string {
	d := time.Duration(us) * time.Microsecond
	if d >= time.Millisecond {
		d = d.Round(100 * time.Microsecond)
	}
	return d.String()
}

// rows tells what a source said, then its hits.
func (r *Result) rows() []Row {
	row := Row{Source: r.Source, Said: r.said(), Fresh: r.fresh(), Detail: r.Error}
	for _, a := range r.Answers {
		row.Detail = strings.TrimSpace(row.Detail + " " + a.Name + " " + strings.Join(a.Codes, " "))
	}
	all := []Row{row}
	for _, h := range r.Hits {
		hit := Row{Said: h.Symbol, Score: fmt.Sprintf("%g", h.Score), Detail: h.Detail}
		switch {
		case h.Observe:
			hit.Does = "observed only"
		case h.Standing != filter.Scan:
			hit.Does = h.Standing.String()
		case h.Action != filter.None:
			hit.Does = h.Action.String()
		}
		if r.Kind == filter.Entry {
			hit.Score = ""
		}
		all = append(all, hit)
	}
	return all
}

func (r *Result) said() string {
	listed := len(r.Hits) > 0 || r.Listed
	switch {
	case r.Failed == Refused:
		return "refused to answer"
	case r.Failed == Bogus:
		return "bogus answer"
	case r.Failed == Unknown && !listed:
		return "undeclared code"
	case r.Failed != "" && !listed:
		return "no answer"
	case r.Kind == filter.List && listed:
		return "listed"
	case r.Asked == 0 && !listed:
		return "not asked"
	case r.Kind == filter.List:
		return "not listed"
	case listed:
		return "hit"
	}
	return "no entry"
}

// fresh tells whether the answer was asked for, or how old it was.
func (r *Result) fresh() string {
	switch {
	case r.Asked == 0 || r.Kind == filter.Rules || r.Kind == filter.Entry && r.TookUS == 0:
		return ""
	case r.Cached == 0:
		return "asked, " + micros(r.TookUS)
	case r.Cached < r.Asked:
		return fmt.Sprintf("%d of %d cached, %s", r.Cached, r.Asked, since(r.AgeS))
	}
	return "cached, " + since(r.AgeS)
}

func since(seconds int64) string {
	if seconds == 0 {
		return "just now"
	}
	return (time.Duration(seconds) * time.Second).String() + " ago"
}

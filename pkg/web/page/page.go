// Package page is what people see of winnow in a browser: the funnel of a day, lists, rules, messages. It asks a Source,
// which reads the account as the API and the command line do, and shows what it gets; it computes no figure of its own.
//
// A page works without scripts; a small one sorts and filters tables and shows what a bar of a chart stands for. Whatever
// came from mail is escaped by html/template, cut, and rid of characters that turn the text around it. WriteReport makes
// of the same templates one file that can be mailed.
package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"winnow/pkg/stats"
	"winnow/pkg/trail"
	"winnow/pkg/web"
)

// A Source is what pages are made of.
type Source interface {
	Report(ctx context.Context, days web.Days) ([]*stats.Report, error)
	RuleReport(ctx context.Context, days web.Days) ([]*stats.RuleReport, error)
	RuleDays(ctx context.Context, days web.Days) ([]*stats.RuleReport, error) // one for each day, without those that hit before
	Sets(ctx context.Context, days web.Days) ([]*stats.SetReport, error)
	List(ctx context.Context, days web.Days, name string) (*stats.ListReport, error)
	Hours(ctx context.Context, days web.Days, list string) ([]*stats.HourReport, error)

	Health() []Health       // of each list
	Rule(name string) *Rule // nil: no rule in force has this name
	Searches() bool         // messages may be looked for
	Search(ctx context.Context, q trail.Query) (*trail.Results, error)
	Explain(r *trail.Record) (e *trail.Explanation, identity []string) // as winnow why tells it
	HasCopy(r *trail.Record) bool                                      // one of the message is kept: trail.keep_samples
	RefusedOneIn() int64                                               // one in so many refused clients is recorded
	Now() time.Time                                                    // in the zone whose days are counted
	Version() string
}

// A Health is how a list is.
type Health struct {
	List, Title, Zone string
	State             string // off, unprobed, ok, suspect-empty, refused, broken or down
	Why               string
	Since             time.Time
}

// A Rule is what is known of a content rule in force.
type Rule struct {
	Type, File, Definition, Describe, Score, Flags string
	Line                                           int
	Off                                            string // why it is not run
	Cost                                           string
	DependsOn, NeededBy                            []string // names of rules
}

// Pages serves the pages.
type Pages struct {
	source    Source
	templates templates
	api       *description
	mux       *http.ServeMux
}

var _ web.Pages = (*Pages)(nil)

// New makes the pages of a source.
func New(source Source) *Pages {
	p := &Pages{source: source, templates: parseTemplates(), api: readDescription(web.Description()), mux: http.NewServeMux()}
	for path, show := range map[string]func(*http.Request) (shown, error){
		"/{$}":             p.day,
		"/lists":           p.lists,
		"/lists/{name}":    p.list,
		"/overlap":         p.overlap,
		"/rules":           p.rules,
		"/rules/{name}":    p.rule,
		"/messages":        p.messages,
		"/messages/{word}": p.message,
		"/api":             p.showAPI,
	} {
		p.mux.HandleFunc("GET "+path, p.answer(show))
	}
	p.mux.HandleFunc("GET /", p.answer(func(r *http.Request) (shown, error) {
		return shown{}, &problem{http.StatusNotFound, "There is no such page", "Choose one from the top of the page."}
	}))
	return p
}

// ServeHTTP shows a page.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// A shown is one page, made.
type shown struct {
	template string
	frame    frame
	body     any
}

// A frame is what stands around the body of each page.
type frame struct {
	Title   string // of the window, and the heading
	Lead    string // a sentence below it
	Here    string // which entry of the menu leads here
	Chooser *chooser
	API     string // where the same figures are as JSON
	Version string
	LogOut  bool
}

// A problem is an error as a person reads it: what is wrong, and what to do.
type problem struct {
	status int
	What   string
	Remedy string
}

func (p *problem) Error() string { return p.What }

// shown is the problem as a page, in place of that in a frame.
func (p *problem) shown(of frame) shown {
	return shown{template: "problem", frame: frame{Title: p.What, Here: of.Here, Chooser: of.Chooser}, body: p}
}

// answer makes a handler of what makes a page.
func (p *Pages) answer(show func(*http.Request) (shown, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), web.PageLimit)
		defer cancel()
		s, err := show(r.WithContext(ctx))
		status := http.StatusOK
		if err != nil {
			wrong := asProblem(err)
			status, s = wrong.status, wrong.shown(s.frame)
		}
		p.write(w, r, status, s)
	}
}

// Busy tells that too many pages are asked for at a time.
func (p *Pages) Busy(w http.ResponseWriter, r *http.Request) {
	wrong := &problem{http.StatusServiceUnavailable, "Too much is asked at a time", "Others are looking, too. Load this page again in a moment."}
	p.write(w, r, wrong.status, wrong.shown(frame{}))
}

func (p *Pages) write(w http.ResponseWriter, r *http.Request, status int, s shown) {
	_, err := r.Cookie(web.SessionCookie)
	s.frame.LogOut = err == nil
	if s.template != "login" { // a stranger need not know
		s.frame.Version = p.source.Version()
	}
	text, err := p.templates.page(s)
	if err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the asker went away: nobody is left to tell
}

func asProblem(err error) *problem {
	var known *problem
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, stats.ErrNoSuchList):
		return &problem{http.StatusNotFound, "There is no such list", "No enabled list has this name, and none was counted under it on these days. The page Lists has all."}
	case errors.Is(err, web.ErrQuestion):
		why := strings.TrimPrefix(err.Error(), web.ErrQuestion.Error()+": ")
		return &problem{http.StatusBadRequest, "These days cannot be shown", why + ". Choose others above."}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{http.StatusServiceUnavailable, "This took too long", "Ask about fewer days, or again in a moment."}
	}
	return &problem{http.StatusServiceUnavailable, "The account cannot be read", fmt.Sprintf(
		"%v. Mail flows, and counts wait in the journal. Look at the store (store: in the configuration), then load this page again.", err)}
}

// Login asks for the token.
func (p *Pages) Login(w http.ResponseWriter, r *http.Request, next string, wrong bool) {
	status := http.StatusOK
	if wrong {
		status = http.StatusForbidden
	}
	p.write(w, r, status, shown{template: "login", frame: frame{Title: "winnow", Here: "login"}, body: struct {
		Next  string
		Wrong bool
	}{next, wrong}})
}

// values reads a page's parameters: those that say which days are meant, and its own.
func values(r *http.Request, own ...string) (url.Values, error) {
	q, err := web.Parameters(r, append([]string{"day", "from", "to"}, own...)...)
	if err != nil {
		return nil, &problem{http.StatusBadRequest, "This cannot be shown", fmt.Sprintf("%v. Choose a page above.", err)}
	}
	return q, nil
}

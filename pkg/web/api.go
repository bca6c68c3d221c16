package web

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// A View answers what the front is asked. It only looks. What the API's answers hold is described in openapi.yaml.
type View interface {
	Parts(ctx context.Context) []Part
	Figures(ctx context.Context) *Figures
	Version(ctx context.Context) (any, error)
	Lists(ctx context.Context) (any, error)
	Rules(ctx context.Context) (any, error)
	Report(ctx context.Context, days Days) (any, error)
	RuleReport(ctx context.Context, days Days) (any, error)
	Sets(ctx context.Context, days Days) (any, error)
	ListReport(ctx context.Context, list string, days Days) (any, error)
	Hours(ctx context.Context, list string, days Days) (any, error) // of all where list is ""
}

// Days are those that are asked about.
type Days struct {
	From, To string // 2016-12-14, today or yesterday
	PerDay   bool   // one report for each day, instead of one for all
}

// ErrQuestion is what a View's error wraps where the question is at fault.
var ErrQuestion = errors.New("bad question")

//go:embed openapi.yaml
var openAPI []byte

// Description is the API's description, for whoever shows it to people.
func Description() []byte { return openAPI }

// apiRoutes is what the API answers, by path.
func apiRoutes(view View) map[string]http.Handler {
	return map[string]http.Handler{
		"/api/v1/version":      plain(view.Version),
		"/api/v1/lists":        plain(view.Lists),
		"/api/v1/rules":        plain(view.Rules),
		"/api/v1/report":       dated(view.Report),
		"/api/v1/rules/report": dated(view.RuleReport),
		"/api/v1/sets":         dated(view.Sets),
		"/api/v1/lists/report": ofList(true, view.ListReport),
		"/api/v1/hours":        ofList(false, view.Hours),
		"/api/v1/openapi.yaml": http.HandlerFunc(describe),
	}
}

func describe(w http.ResponseWriter, r *http.Request) {
	if _, err := Parameters(r); err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml") // RFC 9512
	_, _ = w.Write(openAPI)                            // the asker went away: nobody is left to tell
}

// plain answers a question without parameters.
func plain(ask func(context.Context) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := Parameters(r); err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		respond(w, r, ask)
	})
}

// dated answers a question about days.
func dated(ask func(context.Context, Days) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		days, _, err := parseDays(r)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		respond(w, r, func(ctx context.Context) (any, error) { return ask(ctx, days) })
	})
}

// ofList answers a question about days and a list.
func ofList(needed bool, ask func(context.Context, string, Days) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		days, q, err := parseDays(r, "list")
		list := q.Get("list")
		if err == nil && needed && list == "" {
			err = errors.New("list: write which one, by the name it has in the configuration; rules for the content rules")
		}
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		respond(w, r, func(ctx context.Context) (any, error) { return ask(ctx, list, days) })
	})
}

func respond(w http.ResponseWriter, r *http.Request, ask func(context.Context) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), frontAskLimit)
	defer cancel()
	value, err := ask(ctx)
	switch {
	case errors.Is(err, ErrQuestion):
		fail(w, http.StatusBadRequest, err)
	case err != nil:
		fail(w, http.StatusServiceUnavailable, err)
	default:
		write(w, http.StatusOK, value)
	}
}

// parseDays reads which days are meant. There may be further parameters.
func parseDays(r *http.Request, further ...string) (Days, url.Values, error) {
	q, err := Parameters(r, append([]string{"day", "from", "to", "per_day"}, further...)...)
	if err != nil {
		return Days{}, nil, err
	}
	d, err := ReadDays(q)
	return d, q, err
}

// ReadDays reads which days are meant: day, or from and to; today where nothing is said.
func ReadDays(q url.Values) (Days, error) {
	d := Days{From: q.Get("from"), To: q.Get("to")}
	switch q.Get("per_day") {
	case "", "false":
	case "true":
		d.PerDay = true
	default:
		return Days{}, errors.New("per_day: write true or false")
	}
	day := q.Get("day")
	switch {
	case day != "" && (d.From != "" || d.To != ""):
		return Days{}, errors.New("day is one day, from and to are several: choose one")
	case d.From == "" && d.To != "":
		return Days{}, errors.New("to is the last of several days: write the first, too, with from")
	case d.From == "":
		if day == "" {
			day = "today"
		}
		d.From, d.To = day, day
	case d.To == "":
		d.To = "today"
	}
	return d, nil
}

// Parameters reads a question's parameters. One that does not exist is an error, or a misspelled one would go unnoticed. Those
// known as "name..." may stand there more than once.
func Parameters(r *http.Request, known ...string) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errors.New("the question cannot be read")
	}
	for name, values := range q {
		several := slices.Contains(known, name+"...")
		if !several && !slices.Contains(known, name) {
			return nil, fmt.Errorf("%.20q is no parameter of this", name)
		}
		if len(values) > 1 && !several {
			return nil, fmt.Errorf("%s is there twice", name)
		}
	}
	return q, nil
}

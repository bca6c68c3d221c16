package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"
)

// A Part is how something is that winnow works with.
type Part struct {
	Name string `json:"name"` // milter, rules, store, resolver
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"` // it is not
}

// Readiness is the answer of /readyz. Parts are told to those only who show what is wanted.
type Readiness struct {
	Ready bool   `json:"ready"`
	Parts []Part `json:"parts,omitempty"`
}

// readyLimit is how long finding out may take.
const readyLimit = 2 * time.Second

func alive(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]bool{"alive": true})
}

// ready tells whether mail is filtered: the milter takes connections, and what else need names is well. Other parts that
// are not well are told, and are no reason to take mail elsewhere: it flows without them.
func (f *Front) ready(need []string, view View) http.HandlerFunc {
	var asking singleflight.Group // everybody may ask this, and it asks the store: those who do at the same time share an answer
	parts := func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
		defer cancel()
		return view.Parts(ctx), nil
	}
	return func(w http.ResponseWriter, r *http.Request) {
		found, _, _ := asking.Do("", parts)
		answer := Readiness{Ready: true, Parts: found.([]Part)}
		for _, part := range answer.Parts {
			if !part.OK && (part.Name == PartMilter || slices.Contains(need, part.Name)) {
				answer.Ready = false
			}
		}
		if !f.allowed(r) {
			answer.Parts = nil
		}
		status := http.StatusOK
		if !answer.Ready {
			status = http.StatusServiceUnavailable
		}
		write(w, status, answer)
	}
}

package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// What takes too long ends while there is time left to say so, before the server cuts the connection.
func TestLimitsNest(t *testing.T) {
	if pageWait+PageLimit >= frontWriteLimit || frontAskLimit >= frontWriteLimit || PageLimit < 10*time.Second {
		t.Errorf("a page waits %v and takes %v, a question takes %v, of %v", pageWait, PageLimit, frontAskLimit, frontWriteLimit)
	}
	w := httptest.NewRecorder()
	respond(w, httptest.NewRequest(http.MethodGet, "/", nil), func(ctx context.Context) (any, error) {
		end, ok := ctx.Deadline()
		if left := time.Until(end); !ok || left >= frontWriteLimit {
			t.Errorf("a question has %v, limited: %v", left, ok)
		}
		return nil, context.DeadlineExceeded
	})
	var said problem
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != http.StatusServiceUnavailable || said.Error == "" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// Who finds no place is told so, and who finds one after a while is served.
func TestPlacesAreLimited(t *testing.T) {
	inside, leave := make(chan struct{}), make(chan struct{})
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside <- struct{}{}
		<-leave
		w.WriteHeader(http.StatusNoContent)
	})
	teapot := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }
	var places http.Handler
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		places.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w
	}
	for _, wait := range []time.Duration{0, time.Millisecond} {
		places = limited(1, wait, teapot, next)
		first := make(chan *httptest.ResponseRecorder)
		go func() { first <- ask() }()
		<-inside
		if w := ask(); w.Code != http.StatusTeapot || w.Header().Get("Retry-After") == "" {
			t.Errorf("with a wait of %v: got %d %v", wait, w.Code, w.Header())
		}
		leave <- struct{}{}
		if w := <-first; w.Code != http.StatusNoContent {
			t.Errorf("the first: got %d", w.Code)
		}
	}
	places = limited(1, time.Minute, teapot, next)
	both := make(chan *httptest.ResponseRecorder)
	for range 2 {
		go func() { both <- ask() }()
	}
	for range 2 {
		<-inside
		leave <- struct{}{}
		if w := <-both; w.Code != http.StatusNoContent {
			t.Errorf("who waits: got %d", w.Code)
		}
	}
}

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

package web

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// A session that was ended stays so however its cookie is written; one that was not goes on until its time.
func TestEndedSessions(t *testing.T) {
	now := time.Date(2016, 12, 14, 17, 30, 0, 0, time.UTC)
	s := newLogins()
	s.now = func() time.Time { return now }
	token := NewSecret("0123456789abcdef0123456789abcdef")
	cookie, other := s.begin(token), s.begin(token)
	last := base64Digits[strings.IndexByte(base64Digits, cookie[len(cookie)-1])|1] // a bit that stands for nothing
	odd := cookie[:len(cookie)-1] + string(last)
	if same, err := base64.RawURLEncoding.DecodeString(odd); err != nil || len(same) == 0 || odd == cookie || !s.holds(token, odd) {
		t.Fatalf("%q is not another way to write %q: %v", odd, cookie, err)
	}
	s.end(token, cookie)
	for _, ended := range []string{cookie, odd} {
		if s.holds(token, ended) {
			t.Errorf("%q goes on", ended)
		}
	}
	if !s.holds(token, other) || s.holds(NewSecret("another-token-another-token"), other) || s.holds(Secret{}, other) || s.holds(token, other+"A") {
		t.Error("another session is not what it should be")
	}
	for range 2 * maxEnded {
		s.end(token, s.begin(token))
	}
	if len(s.ended) > maxEnded {
		t.Errorf("%d ended sessions are remembered", len(s.ended))
	}
	now = now.Add(sessionLife)
	if s.holds(token, other) {
		t.Error("a session outlives its time")
	}
	s.end(token, other)
	if len(s.ended) > maxEnded {
		t.Errorf("%d ended sessions are remembered", len(s.ended))
	}
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

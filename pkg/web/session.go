package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A browser cannot send the token by itself. A person types it in once, and from then on the browser shows a cookie: a
// random number, until when it is good, and a signature of both whose key is made of the token. So nothing has to be kept,
// nodes behind one address take each other's, and another token ends every session. Only those that somebody ended before
// their time are remembered, by the process that was told: a copy of such a cookie is good again elsewhere, up to its end.

// SessionCookie is the cookie's name.
const SessionCookie = "winnow-session"

const (
	sessionLife  = 12 * time.Hour
	sessionNonce = 16   // octets
	maxEnded     = 1024 // sessions that were ended before their time: who ends one had the token
	maxLoginForm = 4 << 10
)

// logins are the sessions of one Front.
type logins struct {
	now   func() time.Time
	mu    sync.Mutex
	ended map[string]time.Time // by stamp: until when they would have been good
}

func newLogins() *logins { return &logins{now: time.Now, ended: map[string]time.Time{}} }

// begin returns a session's cookie.
func (s *logins) begin(token Secret) string {
	stamp := make([]byte, sessionNonce, sessionNonce+8+sha256.Size)
	_, _ = rand.Read(stamp) // never fails
	stamp = binary.BigEndian.AppendUint64(stamp, uint64(s.now().Add(sessionLife).Unix()))
	return base64.RawURLEncoding.EncodeToString(append(stamp, sign(token, stamp)...))
}

func sign(token Secret, stamp []byte) []byte {
	key := sha256.Sum256([]byte("winnow session\x00" + token.reveal()))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(stamp)
	return mac.Sum(nil)
}

// stampOf reads a cookie that we signed: its stamp, and until when it is good. The same stamp can be written in several ways,
// for base64 leaves bits over, so that it is what a session is known by.
func stampOf(token Secret, cookie string) (stamp string, until time.Time, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(raw) != sessionNonce+8+sha256.Size || !token.IsSet() {
		return "", time.Time{}, false
	}
	signed, signature := raw[:sessionNonce+8], raw[sessionNonce+8:]
	until = time.Unix(int64(binary.BigEndian.Uint64(signed[sessionNonce:])), 0)
	return string(signed), until, hmac.Equal(signature, sign(token, signed))
}

// holds tells whether a cookie is a session's that is under way.
func (s *logins) holds(token Secret, cookie string) bool {
	stamp, until, ok := stampOf(token, cookie)
	s.mu.Lock()
	_, over := s.ended[stamp]
	s.mu.Unlock()
	return ok && !over && s.now().Before(until)
}

// end ends a session before its time.
func (s *logins) end(token Secret, cookie string) {
	stamp, until, ok := stampOf(token, cookie)
	if !ok || !s.now().Before(until) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, over := range s.ended {
		if len(s.ended) >= maxEnded || !s.now().Before(over) {
			delete(s.ended, old)
		}
	}
	s.ended[stamp] = until
}

// allowed tells whether a request shows what is wanted: the token, or a session.
func (f *Front) allowed(r *http.Request) bool {
	k := f.credentials.Load()
	if k.allow(r) {
		return true
	}
	cookie, err := r.Cookie(SessionCookie)
	if err != nil {
		return false
	}
	return f.sessions.holds(k.token, cookie.Value)
}

// askToken shows where the token is typed in.
func (f *Front) askToken(pages Pages) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		next := localPath(r.URL.Query().Get("next"))
		if f.allowed(r) {
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
		pages.Login(w, r, next, false)
	}
}

// logIn takes the token that somebody typed in.
func (f *Front) logIn(pages Pages) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxLoginForm)
		next := localPath(r.PostFormValue("next"))
		token := f.credentials.Load().token
		if token.IsSet() && !token.matches(strings.TrimSpace(r.PostFormValue("token"))) {
			pages.Login(w, r, next, true)
			return
		}
		if token.IsSet() {
			http.SetCookie(w, cookieFor(r, f.sessions.begin(token), int(sessionLife.Seconds())))
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

// logOut ends the session of a browser.
func (f *Front) logOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(SessionCookie); err == nil {
		f.sessions.end(f.credentials.Load().token, cookie.Value)
	}
	http.SetCookie(w, cookieFor(r, "", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// cookieFor makes the cookie. Over TLS, ours or that of a proxy before us, it never goes over a connection without; who
// forges the proxy's word shuts nobody out but himself.
func cookieFor(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: SessionCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https"),
	}
}

// localPath is where to go on to: a page of ours, whatever a link says.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(next, `\`) {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

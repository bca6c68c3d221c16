package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
)

// Limits of a connection to the front. Whoever is slower, or says more, is cut off: nobody holds on to a place.
const (
	frontHeaderLimit = 5 * time.Second  // to send the header of a request
	frontReadLimit   = 10 * time.Second // to send all of it
	frontWriteLimit  = 30 * time.Second // to be answered
	frontAskLimit    = 25 * time.Second // of that, to wait and to be asked about: then it can still be said that it took too long
	frontIdleLimit   = time.Minute      // between requests
	frontHeaderSize  = 16 << 10         // octets of a header; net/http adds 4 KiB of slack
	frontConns       = 64               // connections at a time; more wait
	frontQuestions   = 4                // that ask the store or gather figures, at a time; more are told to come again
)

// A Front serves over TCP: whether winnow is alive and ready, its figures, the API that only looks, and the pages.
type Front struct {
	http        *http.Server
	listener    net.Listener
	credentials atomic.Pointer[Credentials]
	sessions    *logins
	done        chan struct{} // closed when served is there
	served      error         // why it ended
}

// ListenFront opens what the configuration says and serves view and pages there until Close; pages may be nil. errorLog is
// told of what goes wrong with connections; nil tells nobody.
func ListenFront(c Config, k *Credentials, view View, pages Pages, errorLog *log.Logger) (*Front, error) {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("web: listen on %s: %w; does another program listen there?", c.Listen, err)
	}
	f := &Front{listener: listener, sessions: newLogins(), done: make(chan struct{})}
	f.credentials.Store(k)
	f.http = &http.Server{
		Handler:           f.handler(c, view, pages),
		ReadHeaderTimeout: frontHeaderLimit,
		ReadTimeout:       frontReadLimit,
		WriteTimeout:      frontWriteLimit,
		IdleTimeout:       frontIdleLimit,
		MaxHeaderBytes:    frontHeaderSize,
		ErrorLog:          errorLog,
	}
	bounded := netutil.LimitListener(listener, frontConns)
	if k.tls != nil {
		bounded = tls.NewListener(bounded, &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return f.credentials.Load().tls, nil
		}})
	}
	go func() {
		f.served = f.http.Serve(bounded)
		close(f.done)
	}()
	return f, nil
}

// Addr is where it listens.
func (f *Front) Addr() net.Addr { return f.listener.Addr() }

// Use puts other credentials in force, for connections and requests that begin from now on. Whether there is TLS at all
// takes a restart.
func (f *Front) Use(k *Credentials) {
	if (k.tls == nil) == (f.credentials.Load().tls == nil) {
		f.credentials.Store(k)
	}
}

// Close lets requests under way finish until ctx ends, then cuts them. It may be called again.
func (f *Front) Close(ctx context.Context) error {
	err := f.http.Shutdown(ctx)
	if err != nil { // somebody is still asking: what he asks only looks
		err = f.http.Close()
	}
	if <-f.done; !errors.Is(f.served, http.ErrServerClosed) {
		err = errors.Join(err, f.served)
	}
	return err
}

// handler is all that is served. Two things are told to anybody who gets through: that we live, and whether we are ready.
func (f *Front) handler(c Config, view View, pages Pages) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", f.ready(c.ReadyNeed, view))
	mux.Handle("GET /metrics", f.guarded(limited(frontQuestions, 0, busy, metricsHandler(view))))
	for path, answer := range apiRoutes(view) {
		mux.Handle("GET "+path, f.guarded(limited(frontQuestions, 0, busy, answer)))
	}
	if pages != nil {
		f.servePages(mux, pages)
	}
	return f.strict(mux)
}

// strict takes only what is asked under our own name. A page in the operator's browser could otherwise have its name point to
// 127.0.0.1 and read what needs no token there (DNS rebinding).
func (f *Front) strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if f.credentials.Load().open() && !isAddress(r.Host) {
			fail(w, http.StatusMisdirectedRequest, errors.New("ask under an address or localhost, or set a token"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isAddress tells whether a Host field has an address or localhost.
func isAddress(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil || host == "localhost"
}

// guarded answers those who show what is wanted.
func (f *Front) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.allowed(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="winnow"`)
			fail(w, http.StatusUnauthorized, errors.New("show the token: Authorization: Bearer TOKEN"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limited has only so many questions of one kind answered at a time. Others wait for their turn, and are told to come again
// where that takes too long.
func limited(most int, wait time.Duration, busy http.HandlerFunc, next http.Handler) http.Handler {
	places := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !take(r.Context(), places, wait) {
			w.Header().Set("Retry-After", "1")
			busy(w, r)
			return
		}
		defer func() { <-places }()
		next.ServeHTTP(w, r)
	})
}

// busy tells a program to come again.
func busy(w http.ResponseWriter, _ *http.Request) {
	fail(w, http.StatusServiceUnavailable, errors.New("too many questions at a time: ask again"))
}

func take(ctx context.Context, places chan<- struct{}, wait time.Duration) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	if wait == 0 {
		return false
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case places <- struct{}{}:
		return true
	case <-timeout.C:
	case <-ctx.Done():
	}
	return false
}

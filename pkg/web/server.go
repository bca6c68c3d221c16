// Package web is the door that a running winnow opens to its operator: a small JSON API over HTTP on a unix socket
// that only its own user can reach. The command line asks through it what only the daemon knows (the state of each
// list and of the rules) and has it do what only the daemon can (an embedded store is written by one process at a time).
// Beside it there is a Front, over TCP and off until somebody wants it, for those who only look: health, metrics, an API
// that is described in openapi.yaml, and the pages that a browser shows (package page).
//
// Each declares what it needs of the daemon, as Desk and View, and knows nothing else of it. Answers are JSON; an error is
// {"error": "…"}, with status 503 where it is not the question's fault.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A Desk answers what the API is asked. What it returns is written as JSON.
type Desk interface {
	Lists(ctx context.Context) (any, error)
	Rules(ctx context.Context) (any, error)
	Forget(ctx context.Context, local, remote string) (found bool, err error)
	// NotSpam takes a record of the trail whose message was reported as not spam.
	NotSpam(ctx context.Context, record []byte) (any, error)
}

// maxRecord bounds a record that is sent, in octets: the trail's own are shorter.
const maxRecord = 4 << 20

const (
	headerLimit = 5 * time.Second  // to send a question
	answerLimit = 30 * time.Second // to take an answer
)

// A Server serves the API on a unix socket.
type Server struct {
	http   *http.Server
	done   chan struct{} // closed when served is there
	served error         // why it ended
}

// Listen opens the socket, mode 0600, and serves desk there until Close. A socket that a dead process left behind is
// removed; one that somebody still serves is an error.
func Listen(path string, desk Desk) (*Server, error) {
	if err := clearStale(path); err != nil {
		return nil, err
	}
	listener, err := listenPrivately(path)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	s := &Server{
		http: &http.Server{Handler: handler(desk), ReadHeaderTimeout: headerLimit, WriteTimeout: answerLimit},
		done: make(chan struct{}),
	}
	go func() {
		s.served = s.http.Serve(listener)
		close(s.done)
	}()
	return s, nil
}

// listenPrivately makes the socket in a directory that nobody else can enter and moves it into place once its mode is
// right, so that there is no moment at which another user could connect.
func listenPrivately(path string) (net.Listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".control-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	private := filepath.Join(dir, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: private, Net: "unix"})
	if errors.Is(err, syscall.EINVAL) { // sockaddr_un has room for 107 octets
		return nil, fmt.Errorf("%w: the path is too long for a socket; choose a state_dir that is shorter", err)
	}
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err = os.Chmod(private, 0o600); err == nil {
		err = os.Rename(private, path)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return &unlinking{listener, path}, nil
}

// unlinking removes the socket, which was moved since it was made, on Close: before it stops listening, or the next winnow
// could have put its own there by then.
type unlinking struct {
	*net.UnixListener
	path string
}

func (u *unlinking) Close() error {
	return errors.Join(os.Remove(u.path), u.UnixListener.Close())
}

func clearStale(path string) error {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return fmt.Errorf("control socket %s: another winnow serves it; stop that one first", path)
	}
	if info, statErr := os.Lstat(path); statErr == nil && info.Mode().Type() == os.ModeSocket {
		return os.Remove(path)
	}
	return nil
}

// Close lets requests under way finish until ctx ends, and removes the socket. It may be called again.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if <-s.done; !errors.Is(s.served, http.ErrServerClosed) {
		err = errors.Join(err, s.served)
	}
	return err
}

func handler(desk Desk) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/lists", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) { return desk.Lists(r.Context()) })
	})
	mux.HandleFunc("GET /v1/rules", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) { return desk.Rules(r.Context()) })
	})
	mux.HandleFunc("DELETE /v1/correspondents", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) { return desk.Forget(r.Context(), r.FormValue("local"), r.FormValue("remote")) })
	})
	mux.HandleFunc("POST /v1/not-spam", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func() (any, error) {
			record, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRecord))
			if err != nil {
				return nil, err
			}
			return desk.NotSpam(r.Context(), record)
		})
	})
	return mux
}

func answer(w http.ResponseWriter, ask func() (any, error)) {
	value, err := ask()
	if err != nil {
		fail(w, http.StatusServiceUnavailable, err)
		return
	}
	write(w, http.StatusOK, value)
}

// problem is what an error looks like on the wire.
type problem struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, status int, err error) { write(w, status, problem{err.Error()}) }

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the asker went away: nobody is left to tell
}

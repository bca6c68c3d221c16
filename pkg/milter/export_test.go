package milter

import (
	"net"

	gomilter "github.com/emersion/go-milter"
)

// What the tests in milter_test reach into.

var (
	Activated = activated
	Rows      = rows
	Refuse    = refuse
)

// ServeConn runs a session over a connection that no listener took.
func (s *Server) ServeConn(nc net.Conn) {
	s.slots <- struct{}{}
	s.start(nc)
}

// Listen has the server take connections from a listener of the test's.
func (s *Server) Listen(l net.Listener) { s.listeners = append(s.listeners, l) }

// RowOf returns how an action ends a message, and the status it refuses with.
func RowOf(r row) (gomilter.ActionCode, string) { return r.end, r.status }

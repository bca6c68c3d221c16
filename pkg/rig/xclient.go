package rig

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Client is who Postfix shall take the SMTP client for.
type Client struct {
	Addr  netip.Addr // nothing else counts where there is none: the connection is taken as it is
	Name  string     // the verified host name, "" where there is none
	Helo  string     // what it says of itself; "" says the name, or else the address in brackets
	Login string     // the SASL login that it authenticated as, "" for none
	Port  uint16     // its port, 0 where unknown
}

// Xclient has Postfix take this connection for one from that client. Postfix begins the conversation anew: the reply is
// its banner, and what comes next is EHLO.
func (s *Session) Xclient(c Client) (Reply, error) { return s.Command(c.xclient()) }

// unavailable is the value of an attribute of which nothing is known.
const unavailable = "[UNAVAILABLE]"

// xclient is the command for c (XCLIENT_README). An attribute that is not sent keeps the value it had, hence all of them
// are sent.
func (c Client) xclient() string {
	addr := c.Addr.Unmap().String()
	if c.Addr.Unmap().Is6() {
		addr = "IPV6:" + addr
	}
	port := unavailable
	if c.Port != 0 {
		port = strconv.Itoa(int(c.Port))
	}
	return "XCLIENT ADDR=" + addr + " NAME=" + attribute(c.Name) + " PORT=" + port + " LOGIN=" + attribute(c.Login)
}

// helo is what the client says of itself.
func (c Client) helo() string {
	switch {
	case c.Helo != "":
		return c.Helo
	case c.Name != "":
		return c.Name
	case c.Addr.Unmap().Is4():
		return "[" + c.Addr.Unmap().String() + "]" // RFC 5321, 4.1.3
	case c.Addr.IsValid():
		return "[IPv6:" + c.Addr.String() + "]"
	}
	return "localhost"
}

// attribute encodes a value as xtext (RFC 3461, 4).
func attribute(value string) string {
	if value == "" {
		return unavailable
	}
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

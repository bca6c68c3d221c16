package rig

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range that kernels take outgoing connections' ports from (Linux: 32768-60999), so
// that a program which was killed finds its port still free when it comes back.
const (
	firstPort = 20000
	lastPort  = 32000
)

// portTries is how many ports are tried before giving up, and how often a start is tried again with another port when
// somebody else took the one chosen in the meantime.
const portTries = 20

// pickPort returns a port that is free for TCP and UDP on all hosts.
func pickPort(hosts []string) (int, error) {
	for range portTries {
		if port := firstPort + rand.IntN(lastPort-firstPort); free(hosts, port) {
			return port, nil
		}
	}
	return 0, errors.New("found no free port on " + fmt.Sprint(hosts))
}

// address is a host and port as net takes them.
func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }

// free tells whether nobody listens on that port of any host.
func free(hosts []string, port int) bool {
	for _, host := range hosts {
		addr := address(host, port)
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			return false
		}
		defer tcp.Close()
		udp, err := net.ListenPacket("udp", addr)
		if err != nil {
			return false
		}
		defer udp.Close()
	}
	return true
}

package milter

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"go.uber.org/zap"
)

// A place is where to listen.
type place struct {
	network string // as package net names it: unix, tcp4, tcp6
	address string
}

// parsePlace reads a place as Postfix and Sendmail write it.
func parsePlace(s string) (place, error) {
	kind, rest, found := strings.Cut(s, ":")
	if !found || rest == "" {
		return place{}, fmt.Errorf(`%q: write "unix:/path" or "inet:host:port"`, s)
	}
	switch kind {
	case "unix", "local":
		if !filepath.IsAbs(rest) {
			return place{}, fmt.Errorf("%q: the path must begin with /", s)
		}
		if len(rest) >= maxSocketPath {
			return place{}, fmt.Errorf("%q: the path has more than %d octets, the most that a socket's can have", s, maxSocketPath-1)
		}
		return place{"unix", filepath.Clean(rest)}, nil
	case "inet":
		return parseInet("tcp4", s, rest)
	case "inet6":
		return parseInet("tcp6", s, rest)
	}
	return place{}, fmt.Errorf(`%q: unknown kind %q; there are unix, inet and inet6`, s, kind)
}

// maxSocketPath is the room in a sockaddr_un on Linux, the NUL at its end included.
const maxSocketPath = 108

func parseInet(network, s, rest string) (place, error) {
	if port, host, turned := strings.Cut(rest, "@"); turned { // Sendmail's way
		rest = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil {
		return place{}, fmt.Errorf(`%q: write "inet:host:port", an IPv6 address as "inet6:[address]:port"`, s)
	}
	if host == "" {
		return place{}, fmt.Errorf(`%q: name the address to listen at; 127.0.0.1 if Postfix is on this machine, for a milter trusts whoever connects`, s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 && port != "0" {
		return place{}, fmt.Errorf("%q: %q is no port; a port is a number up to 65535", s, port)
	}
	return place{network, net.JoinHostPort(host, port)}, nil
}

// listen opens every place, or takes the sockets that systemd hands over.
func listen(c *Config, log *zap.Logger) ([]net.Listener, error) {
	handed, err := activated(activation.Files(true))
	if err != nil {
		return nil, err
	}
	if len(handed) > 0 {
		for _, l := range handed {
			log.Info("listening at a socket from systemd; listen is not looked at", zap.Stringer("at", l.Addr()))
		}
		return handed, nil
	}
	var listeners []net.Listener
	for _, s := range c.Listen {
		p, err := parsePlace(s)
		if err == nil {
			var l net.Listener
			if l, err = p.listen(c); err == nil {
				listeners = append(listeners, l)
				continue
			}
			err = fmt.Errorf("%q: %w", s, err)
		}
		for _, l := range listeners {
			_ = l.Close()
		}
		return nil, fmt.Errorf("listen: %w", err)
	}
	return listeners, nil
}

// activated makes listeners of the files that systemd handed over (sd_listen_fds(3)): of those that the unit names
// milter (FileDescriptorName=milter), or of all of them where it names none so.
func activated(files []*os.File) ([]net.Listener, error) {
	named := false
	for _, f := range files {
		named = named || f.Name() == "milter"
	}
	var listeners []net.Listener
	for _, f := range files {
		if named && f.Name() != "milter" {
			continue
		}
		l, err := net.FileListener(f) // takes a copy
		_ = f.Close()
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return nil, fmt.Errorf("socket %q from systemd: %w; the unit wants ListenStream", f.Name(), err)
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

func (p place) listen(c *Config) (net.Listener, error) {
	if p.network == "unix" {
		return p.listenUnix(c)
	}
	l, err := net.Listen(p.network, p.address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens there; stop it or choose another port: %w", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("this machine does not have that address: %w", err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("ports below 1024 want root; choose a higher one: %w", err)
	}
	return l, err
}

func (p place) listenUnix(c *Config) (net.Listener, error) {
	dir := filepath.Dir(p.address)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no directory %s; create it, or have systemd do so (RuntimeDirectory=)", dir)
	}
	group, err := groupID(c.SocketGroup)
	if err != nil {
		return nil, err
	}
	if err := removeStale(p.address); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", p.address)
	if err != nil {
		return nil, err
	}
	if err := permit(p.address, group, c.SocketMode); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// permit lets those connect that are to. The group comes first: the mode may give it more than it had.
func permit(path string, group int, mode FileMode) error {
	if group >= 0 {
		if err := os.Chown(path, -1, group); err != nil {
			return fmt.Errorf("socket_group: %w; run winnow as a member of that group", err)
		}
	}
	if err := os.Chmod(path, fs.FileMode(mode)); err != nil {
		return fmt.Errorf("socket_mode: %w", err)
	}
	return nil
}

// groupID returns a group's number, -1 for none.
func groupID(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, fmt.Errorf("socket_group: there is no group %q; create it or name another", name)
	}
	return strconv.Atoi(g.Gid)
}

// staleTimeout is how long a socket that is in the way may take to show that someone listens.
const staleTimeout = time.Second

// removeStale removes a socket that a dead process left behind, and nothing else.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("something that is no socket is in the way; remove it or choose another path")
	}
	c, err := net.DialTimeout("unix", path, staleTimeout)
	if err == nil {
		_ = c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return errors.New("another process listens there; stop it or choose another path")
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a dead process left its socket, which cannot be removed: %w", err)
	}
	return nil
}

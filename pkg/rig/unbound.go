package rig

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
)

// A Stub says which server knows a zone.
type Stub struct {
	Zone string // "zen.spamhaus.org"
	Addr string // "127.0.0.1:20053"
}

// UnboundConfig says what a private unbound knows. Whatever is in no stub's zone does not exist.
type UnboundConfig struct {
	Stubs []Stub
	Lines []string // further lines of the section `server:`
}

// Unbound is a private unbound: the caching resolver that stands between a mail server and its lists.
type Unbound struct {
	*Program
	conf UnboundConfig
}

// Unbound starts a private unbound.
func (r *Rig) Unbound(ctx context.Context, conf UnboundConfig) (*Unbound, error) {
	p, err := r.program("unbound")
	if err != nil {
		return nil, err
	}
	u := &Unbound{Program: p, conf: conf}
	p.makeCommand, p.askReady = u.command, u.answers
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	return u, nil
}

// Flush forgets all answers, and what is known of servers.
func (u *Unbound) Flush(ctx context.Context) error { return u.Restart(ctx) }

// answers asks for a name that does not exist: any answer will do.
func (u *Unbound) answers(ctx context.Context, addr string) error {
	_, err := Lookup(ctx, addr, generationZone)
	return err
}

func (u *Unbound) command(port int) ([]string, error) {
	path, err := find(UnboundProgram)
	if err != nil {
		return nil, err
	}
	text, err := u.text(port)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(u.dir, "unbound.conf")
	return []string{path, "-d", "-c", file}, writeFile(file, []byte(text))
}

// unboundBase keeps unbound to this machine and to plain questions and answers.
var unboundBase = []string{
	`chroot: ""`,
	`username: ""`,
	`pidfile: ""`,
	"use-syslog: no",
	`logfile: ""`,
	"verbosity: 1",
	"do-daemonize: no",
	"num-threads: 1",
	"so-reuseport: no", // a second one on our port shall fail, not share it
	"access-control: 127.0.0.0/8 allow",
	"do-not-query-localhost: no", // that is where our servers are
	"do-ip6: no",
	`module-config: "iterator"`, // nothing here is signed
	"qname-minimisation: no",    // rbldnsd answers for whole names
	"minimal-responses: yes",
	"infra-host-ttl: 1", // a server that was dead a moment ago is asked again
	"infra-keep-probing: yes",
	`local-zone: "." static`, // nothing else exists
}

// text is the configuration file.
func (u *Unbound) text(port int) (string, error) {
	var b strings.Builder
	b.WriteString("server:\n")
	lines := append([]string{
		"interface: 127.0.0.1",
		"port: " + strconv.Itoa(port),
		fmt.Sprintf("directory: %q", u.dir),
	}, unboundBase...)
	for _, s := range u.conf.Stubs {
		lines = append(lines, fmt.Sprintf("local-zone: %q transparent", s.Zone+"."), fmt.Sprintf("domain-insecure: %q", s.Zone))
	}
	for _, line := range append(lines, u.conf.Lines...) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	b.WriteString("remote-control:\n  control-enable: no\n")
	for _, s := range u.conf.Stubs {
		host, port, err := net.SplitHostPort(s.Addr)
		if err != nil {
			return "", fmt.Errorf("stub %s: %w", s.Zone, err)
		}
		fmt.Fprintf(&b, "stub-zone:\n  name: %q\n  stub-addr: %s@%s\n", s.Zone, host, port)
	}
	return b.String(), nil
}

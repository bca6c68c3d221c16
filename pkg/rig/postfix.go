package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// PostfixConfig says what a private Postfix accepts and where it hands it on. It listens on 127.0.0.1, and believes a
// client from there that says (XCLIENT) it is somebody else. Whatever it accepts, for whatever recipient, it gives to
// the mailbox by LMTP.
type PostfixConfig struct {
	Milters   []string // smtpd_milters, in order: "inet:127.0.0.1:8890" or "unix:/path/socket", or in braces with settings
	Mailbox   string   // where to deliver: Mailbox.Addr
	Domains   []string // whose mail it receives; the first names the host, "mx.our.example"
	Networks  []string // mynetworks: the operator's own
	IPv6      bool     // listen on [::1] as well
	Processes int      // default_process_limit: most processes of one kind at a time; 100 if 0
	Lines     []string // further lines "name = value" of main.cf, which win
}

// Postfix is a private Postfix.
//
// Milters see a client as XCLIENT describes it: Postfix ends its conversation with them and begins a new one at that
// command. The connection from 127.0.0.1 that precedes it is kept from them by smtpd_milter_maps, or a mail would be
// two connections in the account. `smtpd_milter_maps =` among the lines shows it to them.
type Postfix struct {
	*Program

	daemons string // where the master is, once it is known

	mu   sync.Mutex // guards conf
	conf PostfixConfig
}

// Postfix starts a private Postfix, 3.6 or later. It needs root, as Postfix does.
func (r *Rig) Postfix(ctx context.Context, conf PostfixConfig) (*Postfix, error) {
	if missing := Missing(PostfixProgram); missing != nil {
		return nil, errors.New("rig: " + missing[0])
	}
	p, err := r.program("postfix")
	if err != nil {
		return nil, err
	}
	s := &Postfix{Program: p, conf: conf}
	if conf.IPv6 {
		p.hosts = append(p.hosts, "::1")
	}
	p.logFiles = append(p.logFiles, s.path("mail.log"))
	p.makeCommand, p.askReady = s.command, s.greets
	if err := s.lay(); err != nil {
		return nil, fmt.Errorf("rig: postfix: %w", err)
	}
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// path is a file or folder of this Postfix.
func (s *Postfix) path(name string) string { return filepath.Join(s.dir, name) }

// lay makes the folders that must be there before `postfix check` makes the others.
func (s *Postfix) lay() error {
	if err := checkOpen(s.dir); err != nil {
		return err
	}
	for _, name := range []string{"conf", "queue", "data"} {
		if err := mkdir(s.path(name)); err != nil {
			return err
		}
	}
	owner, err := postfixUser()
	if err != nil {
		return err
	}
	return os.Chown(s.path("data"), owner, -1)
}

// command writes the configuration and returns the command line of Postfix's master.
//
// The master is run as `postfix start-fg` runs it (postfix-script), but as our own child: the script would stand between
// us and it, and does not serve where the system's Postfix has several instances.
func (s *Postfix) command(port int) ([]string, error) {
	if err := s.writeConf(port); err != nil {
		return nil, err
	}
	if s.daemons == "" {
		if err := s.prepare(); err != nil {
			return nil, err
		}
	}
	return []string{filepath.Join(s.daemons, "master"), "-c", s.path("conf"), "-s"}, nil
}

// prepare has Postfix check its configuration and lay out its queue, and asks where its daemons are.
func (s *Postfix) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if _, err := s.run(ctx, "postfix", "check"); err != nil {
		return err
	}
	dir, err := s.run(ctx, "postconf", "-h", "daemon_directory")
	s.daemons = strings.TrimSpace(string(dir))
	return err
}

// run runs one of Postfix's commands on this instance.
func (s *Postfix) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	path, err := find(name)
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append([]string{"-c", s.path("conf")}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, environment(), &stdout, &stderr
	cmd.WaitDelay = time.Second // the scripts among them have children, which a kill would not reach
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// greets waits for the banner. A refusal is one too: the server is there.
func (s *Postfix) greets(ctx context.Context, addr string) error {
	session, err := Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer session.Close()
	if _, err = session.Quit(); isGone(err) {
		err = nil
	}
	return err
}

// Reload puts lines "name = value" behind those of main.cf that are already there, where they win, and starts Postfix
// anew with them. Its own reload would not do: each of its daemons may serve one client more by what it knew before.
func (s *Postfix) Reload(ctx context.Context, lines ...string) error {
	if err := checkLines(lines); err != nil {
		return fmt.Errorf("rig: postfix: %w", err)
	}
	s.mu.Lock()
	s.conf.Lines = append(s.conf.Lines, lines...)
	s.mu.Unlock()
	return s.Restart(ctx)
}

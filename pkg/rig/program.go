package rig

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Limits of a program's start.
const (
	startLimit = 30 * time.Second      // until it answers
	askLimit   = time.Second           // for one answer
	askTick    = 10 * time.Millisecond // between questions
)

// A Program is one private instance of a program, with an address that it keeps when it is stopped and started again.
// Its methods may be called by several goroutines.
type Program struct {
	rig      *Rig
	name     string   // as errors and progress call it
	dir      string   // its own, within the rig
	hosts    []string // loopback addresses it listens on, all on one port
	logFiles []string // where it writes what it does; the first takes its standard output

	makeCommand func(port int) (argv []string, err error)    // writes the configuration for that port
	askReady    func(ctx context.Context, addr string) error // asks it a question; nil when it answers

	mu     sync.Mutex // guards what follows
	port   int
	proc   *process // nil before the first start
	closed bool
}

// program makes room for a program; its maker fills in the rest and starts it.
func (r *Rig) program(name string) (*Program, error) {
	dir, err := r.room(name)
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	p := &Program{rig: r, name: name, dir: dir, hosts: []string{"127.0.0.1"}}
	p.logFiles = []string{filepath.Join(dir, "log")}
	return p, r.add(p)
}

// Addr is where the program listens, as "127.0.0.1:port".
func (p *Program) Addr() string { return address(p.hosts[0], p.Port()) }

// Port is the port that the program listens on.
func (p *Program) Port() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.port
}

// Dir is the program's directory.
func (p *Program) Dir() string { return p.dir }

// Pid is the process id of the program as it was last started, 0 if it never was.
func (p *Program) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil {
		return 0
	}
	return p.proc.pid
}

// Start starts the program and returns when it answers. The first start chooses the port, later ones keep it. An error
// carries the end of the program's log.
func (p *Program) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if p.proc != nil && p.proc.alive() {
		return fmt.Errorf("rig: %s is running", p.name)
	}
	began := time.Now()
	var err error
	if p.port == 0 {
		err = p.startFresh(ctx)
	} else {
		err = p.launch(ctx)
	}
	if err != nil {
		return fmt.Errorf("rig: %s did not start: %w%s", p.name, err, p.tail())
	}
	p.rig.progress("%s listens on port %d (%v)", p.name, p.port, time.Since(began).Round(time.Millisecond))
	return nil
}

// startFresh starts the program on a port of its own choice. Between the choice and the program's own listening
// somebody may take the port: then another is tried.
func (p *Program) startFresh(ctx context.Context) (err error) {
	for range portTries {
		if p.port, err = pickPort(p.hosts); err != nil {
			return err
		}
		if err = p.launch(ctx); err == nil {
			return nil
		}
		taken := !free(p.hosts, p.port)
		p.port = 0
		if !taken || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// launch runs the program once. The caller holds p.mu.
func (p *Program) launch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	argv, err := p.makeCommand(p.port)
	if err != nil {
		return err
	}
	if p.proc, err = start(p.rig.warden, argv, p.dir, p.logFiles[0]); err != nil {
		return err
	}
	if err := p.await(ctx); err != nil {
		p.proc.kill()
		return err
	}
	return nil
}

// await asks the program until it answers, ends or runs out of time. The caller holds p.mu.
func (p *Program) await(ctx context.Context) error {
	addr := address(p.hosts[0], p.port)
	err := poll(ctx, p.proc.ended, func(ctx context.Context) error { return p.askReady(ctx, addr) })
	if !p.proc.alive() {
		return fmt.Errorf("it ended: %v", p.proc.err) // whoever answered was somebody else
	}
	return err
}

// poll asks a question again and again until it is answered without an error, ended is closed or ctx ends.
func poll(ctx context.Context, ended <-chan struct{}, ask func(context.Context) error) error {
	for {
		err := once(ctx, ask)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-ended:
			return err
		case <-time.After(askTick):
		}
	}
}

// once asks with a limit of its own, for a program that is only just starting may swallow a question.
func once(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return ask(ctx)
}

// Stop ends the program in good order, and by force if it takes too long.
func (p *Program) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
}

// stop is called with p.mu held.
func (p *Program) stop() {
	if p.proc != nil && p.proc.alive() {
		p.proc.stop()
		p.rig.progress("%s stopped", p.name)
	}
}

// close stops the program for good.
func (p *Program) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.stop()
	return nil
}

// Kill ends the program and its children as a crash would (KILL): it gets no chance to save or to say goodbye.
func (p *Program) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc != nil && p.proc.alive() {
		p.proc.kill()
	}
}

// Restart stops the program, if it runs, and starts it on the same port.
func (p *Program) Restart(ctx context.Context) error {
	p.Stop()
	return p.Start(ctx)
}

// Pause halts the program and its children: connections to it stand open and nothing answers, as on a host that hangs.
func (p *Program) Pause() error { return p.send(syscall.SIGSTOP) }

// Resume lets a paused program go on.
func (p *Program) Resume() error { return p.send(syscall.SIGCONT) }

// hangup tells the program to read its configuration or data again.
func (p *Program) hangup() error {
	return p.withProcess(func(proc *process) error { return syscall.Kill(proc.pid, syscall.SIGHUP) })
}

func (p *Program) send(sig syscall.Signal) error {
	return p.withProcess(func(proc *process) error { return syscall.Kill(-proc.pid, sig) })
}

// withProcess calls f with the running process.
func (p *Program) withProcess(f func(*process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil || !p.proc.alive() {
		return errors.New("rig: " + p.name + " is not running")
	}
	return f(p.proc)
}

package rig

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// How long processes are given to end before they are made to.
const (
	termLimit  = 10 * time.Second // for a program, after TERM
	groupLimit = 2 * time.Second  // for the children it leaves, and for those to be gone after KILL
	groupTick  = 10 * time.Millisecond
)

// A process is a child of ours, in a session and process group of its own: a signal meant for us, such as the terminal's
// interrupt, does not reach it, and one meant for it can reach its children too.
type process struct {
	pid   int
	ended chan struct{} // closed when it and its children are gone; the pid means nothing from then on
	err   error         // how it ended; read it after ended
}

// start runs a command in dir with its output appended to a log file.
func start(w *warden, argv []string, dir, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, log, log, environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, ended: make(chan struct{})}
	w.tell("started", p.pid)
	go func() { // ends with the process; stop and kill wait for it
		p.err = cmd.Wait()
		p.sweep()
		w.tell("ended", p.pid)
		close(p.ended)
	}()
	return p, nil
}

// environment is all that a program gets of ours: what it does must not depend on who runs it.
func environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
}

// alive tells whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal to the process and its children, unless they are gone.
func (p *process) signal(sig syscall.Signal) {
	if p.alive() {
		syscall.Kill(-p.pid, sig)
	}
}

// stop asks the process to end, insists after a limit, and returns when it and its children are gone.
func (p *process) stop() {
	if !p.alive() {
		return
	}
	syscall.Kill(p.pid, syscall.SIGTERM) // only the process: it sees to its children
	p.signal(syscall.SIGCONT)            // a paused one would not notice
	select {
	case <-p.ended:
	case <-time.After(termLimit):
		p.kill()
	}
}

// kill ends the process and its children at once.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// sweep sees that the ended process leaves no children.
func (p *process) sweep() {
	if !p.empty(groupLimit) {
		syscall.Kill(-p.pid, syscall.SIGKILL)
		p.empty(groupLimit)
	}
}

// empty waits until the process group is, or until a limit.
func (p *process) empty(limit time.Duration) bool {
	for end := time.Now().Add(limit); ; time.Sleep(groupTick) {
		if !groupLives(p.pid) {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

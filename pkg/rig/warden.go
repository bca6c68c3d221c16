package rig

import (
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// A warden is a process that sees to what we can no longer see to when we are killed. It is told of every program that
// starts and ends. When its standard input ends without a goodbye, it ends those that are left and removes the directory.
//
// Linux' own way, PR_SET_PDEATHSIG, does not do: the kernel forgets it when a process changes its effective user
// (prctl(2)), as Postfix's master does while it starts.
type warden struct {
	cmd *exec.Cmd

	mu sync.Mutex // one line at a time
	in io.WriteCloser
}

// wardenScript is given the directory that it is to remove, or nothing. What was just killed may still write for an
// instant, hence the second try.
const wardenScript = `
alive=
while read -r word pid; do
	case $word in
	started) alive="$alive $pid" ;;
	ended)
		others=
		for other in $alive; do
			[ "$other" = "$pid" ] || others="$others $other"
		done
		alive=$others
		;;
	goodbye) exit 0 ;;
	esac
done
for pid in $alive; do
	kill -s KILL -- "-$pid"
done
[ -z "$1" ] || rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
`

// newWarden starts a warden over dir, which it leaves alone if it is "".
func newWarden(dir string) (*warden, error) {
	cmd := exec.Command("/bin/sh", "-c", wardenScript, "warden", dir)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", environment(), &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &warden{cmd: cmd, in: in}, nil
}

// tell tells the warden what became of a process. One that is gone cannot be told, and we do not need it.
func (w *warden) tell(word string, pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintln(w.in, word, pid)
}

// close says goodbye.
func (w *warden) close() error {
	w.tell("goodbye", 0)
	w.in.Close()
	return w.cmd.Wait()
}

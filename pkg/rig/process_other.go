//go:build !linux

package rig

import (
	"errors"
	"syscall"
)

// groupLives tells whether a process group has a member.
func groupLives(pgid int) bool { return !errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) }

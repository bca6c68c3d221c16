package rig

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// groupLives tells whether a process group has a living member. Dead ones that init has not collected count for the
// kernel, and where there is no init, as in many a container, they stay for good: /proc tells them from the living.
func groupLives(pgid int) bool {
	if errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) {
		return false
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return true
	}
	for _, name := range stats {
		if data, err := os.ReadFile(name); err == nil && livesIn(pgid, data) {
			return true
		}
	}
	return false
}

// livesIn tells whether a process is alive and in a group, by its "pid (name) state ppid pgrp ..." (proc(5)). The name
// may hold anything, hence the last parenthesis.
func livesIn(pgid int, stat []byte) bool {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	return len(fields) > 2 && string(fields[0]) != "Z" && string(fields[2]) == strconv.Itoa(pgid)
}

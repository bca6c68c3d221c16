package rig

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The programs that a rig can run, by the name of the executable.
const (
	PostfixProgram = "postfix"
	RbldnsdProgram = "rbldnsd"
	UnboundProgram = "unbound"
	RedisProgram   = "redis-server"
)

// packages are the programs and the Debian package that brings each.
var packages = []struct{ program, debian string }{
	{PostfixProgram, "postfix"},
	{RbldnsdProgram, "rbldnsd"},
	{UnboundProgram, "unbound"},
	{RedisProgram, "redis-server"},
}

// sbin is where programs of system services are that an ordinary user's PATH does not name.
var sbin = []string{"/usr/local/sbin", "/usr/sbin", "/sbin"}

// Missing says in a line each what keeps the programs from running here: one that is not installed, with the package
// that brings it, or root, which Postfix needs. Without names it answers for all that a rig can run.
func Missing(programs ...string) []string {
	if len(programs) == 0 {
		for _, p := range packages {
			programs = append(programs, p.program)
		}
	}
	var missing []string
	for _, name := range programs {
		if _, err := find(name); err != nil {
			missing = append(missing, err.Error())
		} else if name == PostfixProgram && os.Geteuid() != 0 {
			missing = append(missing, "postfix: a private instance can be started by root only; run this as root")
		}
	}
	return missing
}

// find returns the path of a program, or an error that says what to install.
func find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return filepath.Abs(path)
	}
	for _, dir := range sbin {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: not found; apt-get install %s", name, debianPackage(name))
}

// debianPackage returns the package that brings a program; what is not in the table has its package's name.
func debianPackage(program string) string {
	for _, p := range packages {
		if p.program == program {
			return p.debian
		}
	}
	return program
}

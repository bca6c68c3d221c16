package rig

import (
	"fmt"
	"os"
	"path/filepath"
)

// mkdir makes a directory that every user may enter, whatever the umask: programs run as users of their own.
func mkdir(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// writeFile writes a file that every user may read, whatever the umask.
func writeFile(name string, data []byte) error {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return err
	}
	return os.Chmod(name, 0o644)
}

// checkOpen tells whether every user may enter dir and all directories above it.
func checkOpen(dir string) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			return fmt.Errorf("%s has mode %v, so a program that runs as another user cannot enter it: choose a directory below one that is open to all, such as /tmp",
				dir, info.Mode().Perm())
		}
		above := filepath.Dir(dir)
		if above == dir {
			return nil
		}
		dir = above
	}
}

package rig

import (
	"io"
	"os"
	"strings"
)

// Limits of what is shown of a program's log.
const (
	tailLines = 12      // in an error
	maxLog    = 8 << 20 // octets that are read, from the end
)

// Log is what the program wrote since its first start, the end of it where it is very long.
func (p *Program) Log() string {
	var log strings.Builder
	for _, name := range p.logFiles {
		log.WriteString(readFrom(name, 0))
	}
	return log.String()
}

// sizeOf is how long a file is, 0 if it is not there.
func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// readFrom returns what stands in a file from an offset on, of that the last maxLog octets; "" if it cannot be read.
func readFrom(name string, offset int64) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	offset = max(offset, sizeOf(name)-maxLog)
	data, _ := io.ReadAll(io.NewSectionReader(f, offset, maxLog))
	return string(data)
}

// tail is the end of the log as an error shows it: indented, below the error's own line.
func (p *Program) tail() string {
	log := strings.TrimSpace(p.Log())
	if log == "" {
		return ""
	}
	lines := strings.Split(log, "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "\n\t" + strings.Join(lines, "\n\t")
}

package dnslist

import (
	"bytes"
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// Skip is the domains that are too well known to ask about: no list would have them, and asking costs every mail that
// links to them. The nil Skip holds none.
type Skip struct {
	names map[string]bool
}

// Limits on a skip file.
const (
	maxSkipFile = 4 << 20 // octets
	maxSkips    = 100_000 // domains
)

// LoadSkip reads domains, one on a line; # begins a comment. file is what faults call it. It returns every fault.
func LoadSkip(file string, data []byte) (*Skip, []error) {
	if len(data) > maxSkipFile {
		return nil, []error{&Fault{File: file, What: fmt.Sprintf("larger than %d octets: is it the right file?", maxSkipFile)}}
	}
	s := &Skip{names: map[string]bool{}}
	var faults []error
	line := 0
	for text := range bytes.Lines(data) {
		line++
		name, _, _ := strings.Cut(string(text), "#")
		name = strings.TrimSpace(name)
		host, ok := message.HostASCII(name)
		switch {
		case name == "":
		case !ok || !validHost(host):
			faults = append(faults, &Fault{File: file, Line: line, What: fmt.Sprintf("%q is no domain: write one on each line, such as example.com; # begins a comment", name)})
		case len(s.names) == maxSkips:
			return nil, append(faults, &Fault{File: file, Line: line, What: fmt.Sprintf("more than %d domains", maxSkips)})
		default:
			s.names[host] = true
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return s, nil
}

// Has tells whether the host, or its registered domain, is to be skipped.
func (s *Skip) Has(host, domain string) bool {
	return s != nil && (s.names[host] || domain != "" && s.names[domain])
}

// Len is how many domains it holds.
func (s *Skip) Len() int {
	if s == nil {
		return 0
	}
	return len(s.names)
}

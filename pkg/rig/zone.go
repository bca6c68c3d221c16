package rig

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// A Zone is what rbldnsd serves below one name: data in one of its formats. A name may come with several types, such as
// addresses of both families, which are then served together.
type Zone struct {
	Name string // "zen.spamhaus.org"
	Type string // rbldnsd(8), "Dataset Types": "ip4set", "ip6trie", "dnset", "generic", "combined", ...
	Data []byte
}

// zoneTypes are the types of data that rbldnsd takes for a zone.
var zoneTypes = []string{"ip4set", "ip4tset", "ip4trie", "ip6tset", "ip6trie", "dnset", "combined", "generic"}

// zoneName is what a zone may be called: it stands in rbldnsd's and unbound's command line, configuration and file names.
var zoneName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_.-]{0,250}[a-z0-9])?$`)

// ReadZones reads the zones of a folder: each file there is called after its zone and type, as in
// "zen.spamhaus.org.ip4set".
func ReadZones(folder fs.FS) ([]Zone, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fmt.Errorf("zones: %w", err)
	}
	var zones []Zone
	for _, e := range entries {
		data, err := fs.ReadFile(folder, e.Name())
		if err != nil {
			return nil, fmt.Errorf("zones: %w", err)
		}
		dot := strings.LastIndexByte(e.Name(), '.')
		zone := Zone{Name: e.Name()[:max(0, dot)], Type: e.Name()[dot+1:], Data: data}
		if err := zone.check(); err != nil {
			return nil, fmt.Errorf("zones: %s: %w", e.Name(), err)
		}
		zones = append(zones, zone)
	}
	return zones, nil
}

func (z *Zone) check() error {
	if !zoneName.MatchString(z.Name) || strings.Contains(z.Name, "..") {
		return fmt.Errorf("%q is no name of a zone: it is written in lower case and without a dot at its end", z.Name)
	}
	if !slices.Contains(zoneTypes, z.Type) {
		return fmt.Errorf("rbldnsd knows no zones of type %q: write one of %s", z.Type, strings.Join(zoneTypes, ", "))
	}
	return nil
}

// file is the zone's file within rbldnsd's directory.
func (z *Zone) file() string { return z.Name + "." + z.Type }

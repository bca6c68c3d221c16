package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Rbldnsd is a private rbldnsd, the name server that DNS lists are served with.
type Rbldnsd struct {
	*Program

	zones      []Zone
	reloading  sync.Mutex   // one reload at a time
	generation atomic.Int64 // of the zones: counted up by each reload
}

// Besides its zones, rbldnsd is given two of ours. The SOA of every zone that brings none says how long "not listed" may
// be remembered, without which resolvers remember nothing (RFC 2308, 5). The generation is asked for to know that
// rbldnsd has read its zones: it answers nothing while it reads.
const (
	soaFile        = "soa"
	soaData        = "$SOA 60 ns.rig.invalid hostmaster.rig.invalid 0 1h 1h 1w 60\n"
	generationZone = "rig.invalid"
	generationName = "generation." + generationZone
	generationFile = "generation"
	zoneTTL        = "1m" // of records in zones that set none
)

// Rbldnsd starts a private rbldnsd that serves zones. A line in their data that rbldnsd does not take is an error.
func (r *Rig) Rbldnsd(ctx context.Context, zones []Zone) (*Rbldnsd, error) {
	if len(zones) == 0 {
		return nil, errors.New("rig: rbldnsd: no zones to serve")
	}
	for i := range zones {
		if err := zones[i].check(); err != nil {
			return nil, fmt.Errorf("rig: rbldnsd: %w", err)
		}
	}
	p, err := r.program("rbldnsd")
	if err != nil {
		return nil, err
	}
	d := &Rbldnsd{Program: p, zones: zones}
	p.makeCommand, p.askReady = d.command, d.loaded
	if err := d.write(zones); err != nil {
		return nil, fmt.Errorf("rig: rbldnsd: %w", err)
	}
	if err := p.Start(ctx); err != nil {
		return nil, err
	}
	if err := d.faults(0); err != nil {
		d.Stop()
		return nil, err
	}
	return d, nil
}

// Stubs tells unbound where the zones are.
func (d *Rbldnsd) Stubs() []Stub {
	var stubs []Stub
	for _, name := range d.names() {
		stubs = append(stubs, Stub{Zone: name, Addr: d.Addr()})
	}
	return stubs
}

// names returns the zones' names, each once.
func (d *Rbldnsd) names() []string {
	var names []string
	for i := range d.zones {
		if !slices.Contains(names, d.zones[i].Name) {
			names = append(names, d.zones[i].Name)
		}
	}
	return names
}

// Replace gives zones new data and returns when it is served. Zones that were not there at the start cannot be added:
// rbldnsd takes their names from its command line.
func (d *Rbldnsd) Replace(ctx context.Context, zones ...Zone) error {
	d.reloading.Lock()
	defer d.reloading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for i := range zones {
		if !d.serves(&zones[i]) {
			return fmt.Errorf("rig: rbldnsd was started without a zone %s of type %s", zones[i].Name, zones[i].Type)
		}
	}
	before := sizeOf(d.logFiles[0])
	if err := d.write(zones); err != nil {
		return fmt.Errorf("rig: rbldnsd: %w", err)
	}
	if err := d.hangup(); err != nil {
		return err
	}
	addr := d.Addr()
	if err := poll(ctx, nil, func(ctx context.Context) error { return d.loaded(ctx, addr) }); err != nil {
		return fmt.Errorf("rig: rbldnsd did not reload: %w", err)
	}
	return d.faults(before)
}

func (d *Rbldnsd) serves(zone *Zone) bool {
	return slices.ContainsFunc(d.zones, func(z Zone) bool { return z.file() == zone.file() })
}

func (d *Rbldnsd) command(port int) ([]string, error) {
	path, err := find(RbldnsdProgram)
	if err != nil {
		return nil, err
	}
	argv := []string{path,
		"-n", // stay in the foreground
		"-a", // answers carry no NS records, which would lead nowhere
		"-t", zoneTTL,
		"-c", "0", // zones are read again when told to, never by the clock
		"-b", "127.0.0.1/" + strconv.Itoa(port),
		"-w", d.dir,
	}
	if os.Geteuid() == 0 { // rbldnsd refuses to run as root
		if err := checkOpen(d.dir); err != nil {
			return nil, err
		}
		argv = append(argv, "-u", unprivileged())
	}
	for i := range d.zones {
		argv = append(argv, d.zones[i].Name+":"+d.zones[i].Type+":"+d.zones[i].file())
	}
	for _, name := range d.names() {
		argv = append(argv, name+":generic:"+soaFile) // behind the zone's own data, whose $SOA is the one that counts
	}
	return append(argv, generationZone+":generic:"+generationFile), nil
}

// unprivileged is whom rbldnsd runs as: the user that its package made, or else nobody.
func unprivileged() string {
	if _, err := user.Lookup("rbldns"); err == nil {
		return "rbldns"
	}
	return "nobody"
}

// write writes the zones' data and a new generation.
func (d *Rbldnsd) write(zones []Zone) error {
	generation := d.generation.Add(1)
	files := map[string][]byte{
		soaFile:        []byte(soaData),
		generationFile: fmt.Appendf(nil, "generation 1s TXT \"%d\"\n", generation),
	}
	for i := range zones {
		files[zones[i].file()] = zones[i].Data
	}
	// rbldnsd knows a changed file by its time in whole seconds: every generation gets a second of its own.
	stamp := time.Now().Add(time.Duration(generation) * time.Second)
	for name, data := range files {
		path := filepath.Join(d.dir, name)
		if err := writeFile(path, data); err != nil {
			return err
		}
		if err := os.Chtimes(path, stamp, stamp); err != nil {
			return err
		}
	}
	return nil
}

// loaded tells whether rbldnsd serves the newest generation of its zones.
func (d *Rbldnsd) loaded(ctx context.Context, addr string) error {
	texts, err := lookupTXT(ctx, addr, generationName)
	if err == nil && strings.Join(texts, "") != fmt.Sprint(d.generation.Load()) {
		err = fmt.Errorf("it serves generation %q of its zones and not yet %d", texts, d.generation.Load())
	}
	return err
}

// fault is how rbldnsd tells of a line that it does not take: "rbldnsd: file zen.ip4set(6): invalid address".
var fault = regexp.MustCompile(`(?m)^rbldnsd: file ([^\s()]+)\((\d+)\): (.*)$`)

// faults returns what rbldnsd did not take of the zones, as it stands in the log from an offset on.
func (d *Rbldnsd) faults(offset int64) error {
	var errs []error
	for _, f := range fault.FindAllStringSubmatch(readFrom(d.logFiles[0], offset), -1) {
		errs = append(errs, fmt.Errorf("%s:%s: %s", f[1], f[2], f[3]))
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("rig: rbldnsd does not take all of its zones:\n%w", errors.Join(errs...))
}

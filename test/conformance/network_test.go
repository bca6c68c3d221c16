package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"winnow/pkg/auth"
	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/dnslist"
	"winnow/pkg/message"
	"winnow/pkg/rules"
)

// The rules that ask the network are compared in a world of our own: see world. What SpamAssassin found there stands in
// golden/network.jsonl, with the rules of network-rules/, and in golden/stock-network.jsonl, with its stock rules.

func TestNetworkRules(t *testing.T)      { compareNetwork(t, "network", "network-rules") }
func TestStockNetworkRules(t *testing.T) { compareNetwork(t, "stock-network", stockFolder) }

// manyLinks is a mail with so many links that SpamAssassin loses answers.
const manyLinks = "30-html/large.eml"

// networkMails are all our mails, and those that are for the network alone.
func networkMails(t testing.TB) []mail {
	t.Helper()
	all := slices.DeleteFunc(mails(t), func(m mail) bool { return m.name == manyLinks })
	names, err := filepath.Glob("network/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(data).Files {
			all = append(all, mail{strings.TrimSuffix(filepath.Base(name), ".txtar") + "/" + f.Name, f.Data})
		}
	}
	return all
}

func compareNetwork(t *testing.T, name, dir string) {
	digest := digestOf(dir)
	if digest == "" {
		t.Skipf("%s is not there: install Debian's package spamassassin", dir)
	}
	file := filepath.Join("golden", name+".jsonl")
	if *update {
		makeGolden(t, networkMails(t), file, dir, digest, serve(t), networkSettings)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	made, want, err := readGolden(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if made.Rules != digest {
		t.Skipf("the rules in %s are others than those that %s was made with: make conformance", dir, file)
	}
	set, c := loadNetwork(t, dir), comparison{rules: map[string]*difference{}}
	known := knownDifferences(t)
	for _, m := range networkMails(t) {
		golden, found := want[m.name]
		if !found {
			t.Fatalf("%s is not in %s: make conformance", m.name, file)
		}
		c.add(find(t, set, m, true), golden, known)
	}
	t.Logf("%s rules, SpamAssassin %s:\n%s", name, made.Version, c.String())
	if c.wrong > 0 {
		t.Errorf("%d differences that known.txt does not name:\n%s", c.wrong, strings.Join(c.lines, "\n"))
	}
}

// serve has the world answer on a port, for SpamAssassin, and returns the port.
func serve(t testing.TB) string {
	server := dnstest.ServeFunc(t, world{}.find)
	return server.Addr[strings.LastIndexByte(server.Addr, ':')+1:]
}

// networkSettings is what both engines are told beside the rules: SpamAssassin's choice among many links is by chance, and
// what others found out about a sender is not believed here.
const networkSettings = "uridnsbl_max_domains 200\nignore_received_spf_header 1\n"

// loadNetwork loads rules, and has them ask the world.
func loadNetwork(t testing.TB, dir string) *rules.Set {
	t.Helper()
	extra := t.TempDir()
	if err := os.WriteFile(filepath.Join(extra, "network.cf"), []byte(networkSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	config := rules.DefaultConfig()
	config.Shipped, config.Folders, config.FreshTags = false, []string{dir, extra}, false // SpamAssassin keeps the first mail's
	set, _ := rules.Load(config.Open(nil), config)
	if set.Running() == 0 {
		t.Fatalf("%s has no rules", dir)
	}
	cache := dns.NewCache(world{}, nil, dns.DefaultCacheConfig())
	t.Cleanup(func() { cache.Close() })
	zones := dnslist.New(nil, dnslist.DefaultConfig(), dnslist.Options{Resolver: cache, Zones: set.Zones()})
	// The signatures in our mails are of the day before.
	now := func() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }
	checker := auth.NewChecker(auth.DefaultConfig(), cache, now)
	set.Connect(&rules.Network{
		Zone:     func(zone string) rules.Zone { return zones.Visit(zone) },
		Resolver: cache,
		Identify: checker.Identity,
	})
	return set
}

// stored sets what a mail that is not in a session says of its client and sender.
func stored(set *rules.Set, m *message.Message) {
	networks := set.Settings().Networks()
	m.Stored = true
	if relay, found := m.Relays(networks).LastExternal(); found {
		m.Client = message.Client{Addr: relay.Addr, Name: relay.Name, Helo: relay.Helo}
	}
	m.Sender, _ = m.EnvelopeFrom(networks)
}

var (
	sample  = flag.String("sample", "", "have SpamAssassin and winnow judge these mails of -corpus with network tests: a file with a name on each line")
	verbose = flag.Bool("differences", false, "name every difference")
)

// TestNetworkCorpus has SpamAssassin and winnow judge the mails of a list in the world.
func TestNetworkCorpus(t *testing.T) {
	if *corpus == "" || *sample == "" {
		t.Skip("wants -corpus and -sample: make conformance")
	}
	list, err := os.ReadFile(*sample)
	if err != nil {
		t.Fatal(err)
	}
	want := judge(t, *corpus, strings.Fields(string(list)), stockFolder, serve(t))
	set, c := loadNetwork(t, stockFolder), comparison{rules: map[string]*difference{}}
	var adding sync.Mutex
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	known := knownDifferences(t)
	for _, golden := range want {
		work.Go(func() error {
			text, err := os.ReadFile(filepath.Join(*corpus, golden.File))
			if err != nil {
				return err
			}
			got := find(t, set, mail{golden.File, text}, true)
			adding.Lock()
			defer adding.Unlock()
			c.add(got, golden, known)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(c.lines)
	t.Logf("corpus with network:\n%s", c.String())
	if *verbose {
		t.Logf("differences:\n%s", strings.Join(c.lines, "\n"))
	}
	const promised = 0.99 // of messages with the same set of hits: docs/rules.md
	if c.mails == 0 || float64(c.same) < promised*float64(c.mails) {
		t.Errorf("%d of %d mails have the same hits, want %g", c.same, c.mails, promised)
	}
}

// judge has SpamAssassin judge files of a folder, in as many processes as there is room for.
func judge(t *testing.T, dir string, files []string, rules, port string) []verdict {
	t.Helper()
	script, err := filepath.Abs("golden.pl")
	if err != nil {
		t.Fatal(err)
	}
	n := runtime.GOMAXPROCS(0)
	parts := make([][]verdict, n)
	var work errgroup.Group
	for part := range n {
		work.Go(func() (err error) {
			var list, out, complaints bytes.Buffer
			for i := part; i < len(files); i += n {
				fmt.Fprintln(&list, files[i])
			}
			c := exec.CommandContext(t.Context(), "perl", script, rules, port, networkSettings)
			c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, &list, &out, &complaints
			if err := c.Run(); err != nil {
				return fmt.Errorf("golden.pl: %w\n%s", err, complaints.String())
			}
			parts[part], err = verdicts(out.Bytes())
			return err
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(parts...)
}

func verdicts(out []byte) ([]verdict, error) {
	var all []verdict
	for line := range bytes.Lines(out) {
		var v verdict
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, err
		}
		if v.File != "" {
			all = append(all, v)
		}
	}
	return all, nil
}

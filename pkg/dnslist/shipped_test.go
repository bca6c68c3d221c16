package dnslist

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

func shippedFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../rules/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// shipped returns the lists that come with winnow, those that are off included.
func shipped(t testing.TB) []List {
	t.Helper()
	c := DefaultConfig()
	lists, faults := c.Lists(shippedFile(t, "lists.yaml"))
	for _, fault := range faults {
		t.Error(fault)
	}
	if len(faults) > 0 {
		t.FailNow()
	}
	return lists
}

// TestShippedLists tells what is asked without a word in the configuration: nothing that needs a subscription or a
// registration, and only ZEN refuses.
func TestShippedLists(t *testing.T) {
	type row struct {
		Zone    string
		Enabled bool
		Phase   filter.Phase
		Ask     []Ask
	}
	client, uri := []Ask{Client}, []Ask{URI}
	named, behind := []Ask{RDNS, Helo, Sender, Author, ReplyTo, DKIM, URI}, []Ask{Relays, URIAddress, URINS}
	want := map[string]row{
		"zen":        {"zen.spamhaus.org", true, filter.Connect, client},
		"zen-dqs":    {"{key}.zen.dq.spamhaus.net", false, filter.Connect, client},
		"ivmsip":     {"sip.invaluement.com", false, filter.Connect, client},
		"ivmsip24":   {"sip24.invaluement.com", false, filter.Content, client},
		"barracuda":  {"b.barracudacentral.org", false, filter.Content, client},
		"instantrbl": {"", false, filter.Content, client},
		"psky":       {"bad.psky.me", false, filter.Content, client},
		"spamcop":    {"bl.spamcop.net", true, filter.Content, client},
		"dnswl":      {"list.dnswl.org", true, filter.Content, client},
		"dbl":        {"dbl.spamhaus.org", true, filter.Content, named},
		"dbl-dqs":    {"{key}.dbl.dq.spamhaus.net", false, filter.Content, named},
		"uribl":      {"multi.uribl.com", true, filter.Content, uri},
		"surbl":      {"multi.surbl.org", true, filter.Content, uri},
		"ivmuri":     {"uri.invaluement.com", false, filter.Content, uri},

		"sbl":           {"sbl.spamhaus.org", false, filter.Content, behind},
		"sbl-dqs":       {"{key}.sbl.dq.spamhaus.net", false, filter.Content, behind},
		"authbl-dqs":    {"{key}.authbl.dq.spamhaus.net", false, filter.Content, []Ask{Relays}},
		"zrd-dqs":       {"{key}.zrd.dq.spamhaus.net", false, filter.Content, append(named, Mail)},
		"ebl":           {"ebl.msbl.org", false, filter.Content, []Ask{Author, ReplyTo, Mail}},
		"hbl-email-dqs": {"_email.{key}.hbl.dq.spamhaus.net", false, filter.Content, []Ask{Sender, Author, ReplyTo, Mail}},
		"surbl-hash":    {"hashbl.surbl.org", false, filter.Content, uri},
	}
	got := map[string]row{}
	for _, l := range shipped(t) {
		got[l.Name] = row{l.Zone, l.Enabled, l.Phase, l.Ask}
		for _, c := range l.Codes {
			if c.Action == filter.Reject && l.Phase != filter.Connect {
				t.Errorf("%s: %s refuses; lists of the content phase give points", l.Name, c.Symbol)
			}
			if c.Score == 0 && c.Symbol != "DNSWL_NONE" {
				t.Errorf("%s: %s has no score", l.Name, c.Symbol)
			}
			if strings.Contains(c.Symbol, "_ABUSED_") && c.Score > 1.5 {
				t.Errorf("%s: %s has %g points: it is of honest domains", l.Name, c.Symbol, c.Score)
			}
		}
		if l.asks(Relays) && l.classifies("127.0.0.10", "127.0.0.11") {
			t.Errorf("%s: the PBL says nothing of relays", l.Name)
		}
		if l.Terms == "" {
			t.Errorf("%s: its terms are missing", l.Name)
		}
		if l.asks(URI) && strings.HasPrefix(l.Name, "dbl") && l.Addresses {
			t.Errorf("%s: DBL must not be asked about addresses", l.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// classifies tells whether one of the return codes is a hit.
func (l *List) classifies(codes ...string) bool {
	return slices.ContainsFunc(codes, func(code string) bool {
		outcome, _, _ := l.classify(addrs(code), newAsks(l.Ask...))
		return outcome == Hit
	})
}

// TestShippedPairs holds the lists that exist twice, public and with a key, to the same codes.
func TestShippedPairs(t *testing.T) {
	lists := shipped(t)
	find := func(name string) List {
		return lists[slices.IndexFunc(lists, func(l List) bool { return l.Name == name })]
	}
	for _, name := range []string{"zen", "dbl", "sbl"} {
		public, dqs := find(name), find(name+"-dqs")
		if diff := cmp.Diff(public.Codes, dqs.Codes, ignorePlaces); diff != "" {
			t.Errorf("%s: codes differ (-public +dqs):\n%s", name, diff)
		}
		if public.Dataset == "" || public.Dataset != dqs.Dataset {
			t.Errorf("%s: the data sets are %q and %q", name, public.Dataset, dqs.Dataset)
		}
	}
}

// TestShippedSkip holds the shipped skip file to registered domains, each once: a host in it would skip less than it says.
func TestShippedSkip(t *testing.T) {
	data := shippedFile(t, "skip_domains.txt")
	c := DefaultConfig()
	skip, faults := c.Skip(data)
	for _, fault := range faults {
		t.Error(fault)
	}
	if skip.Len() < 150 {
		t.Errorf("got %d domains, want 150 or more", skip.Len())
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		name, _, _ := strings.Cut(line, "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if seen[name] {
			t.Errorf("%s stands twice", name)
		}
		seen[name] = true
		if domain := message.Domain(name); domain != name {
			t.Errorf("%s is no registered domain; that is %q", name, domain)
		}
	}
	for _, open := range []string{"bit.ly", "tinyurl.com", "t.co", "blogspot.com", "github.io", "weebly.com", "sendgrid.net"} {
		if seen[open] {
			t.Errorf("%s is open to anybody: lists have entries for it", open)
		}
	}
}

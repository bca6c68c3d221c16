package rig

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var (
	zenZone  = Zone{"zen.example", "ip4set", []byte("127.0.0.2 :2:\n192.0.2.1 :4:\n")}
	zen6Zone = Zone{"zen.example", "ip6trie", []byte("2001:db8:bad::/48 :3:\n")}
	uriZone  = Zone{"uri.example", "dnset", []byte(":2:\n.spam.example\n")}
	oddZone  = Zone{"odd.example", "generic", []byte("1.2.0.192 A 127.0.0.2\n1.2.0.192 A 127.0.0.4\n")}
)

// A question to a name server and the addresses it answers.
type question struct {
	name string
	want []string
}

func askAll(t *testing.T, ctx context.Context, server string, questions []question) {
	t.Helper()
	for _, q := range questions {
		addrs, err := Lookup(ctx, server, q.name)
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, a := range addrs {
			got = append(got, a.String())
		}
		if slices.Sort(got); !slices.Equal(got, q.want) {
			t.Errorf("%s: got %v, want %v", q.name, got, q.want)
		}
	}
}

// nibbles is an IPv6 address as lists are asked for it (RFC 5782, 2.4).
func nibbles(addr string) string {
	var labels []string
	for _, b := range netip.MustParseAddr(addr).As16() {
		labels = append(labels, string("0123456789abcdef"[b>>4]), string("0123456789abcdef"[b&15]))
	}
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

var listQuestions = []question{
	{"2.0.0.127.zen.example", []string{"127.0.0.2"}},
	{"1.2.0.192.zen.example", []string{"127.0.0.4"}},
	{"2.2.0.192.zen.example", nil},
	{nibbles("2001:db8:bad::25") + ".zen.example", []string{"127.0.0.3"}},
	{nibbles("2001:db8:900d::25") + ".zen.example", nil},
	{"spam.example.uri.example", []string{"127.0.0.2"}},
	{"www.spam.example.uri.example", []string{"127.0.0.2"}},
	{"ham.example.uri.example", nil},
	{"1.2.0.192.odd.example", []string{"127.0.0.2", "127.0.0.4"}},
}

func TestRbldnsd(t *testing.T) {
	r := newRig(t, RbldnsdProgram)
	ctx := patience(t)
	d := must(r.Rbldnsd(ctx, []Zone{zenZone, zen6Zone, uriZone, oddZone}))(t)
	askAll(t, ctx, d.Addr(), listQuestions)
	if _, err := Lookup(ctx, d.Addr(), "elsewhere.example"); err == nil || !strings.Contains(err.Error(), "Refused") {
		t.Errorf("a name of no zone: got %v, want it refused", err)
	}
}

// New data is served when Replace returns, however fast one follows the other, and a restart serves the newest.
func TestRbldnsdReplace(t *testing.T) {
	r := newRig(t, RbldnsdProgram)
	ctx := patience(t)
	d := must(r.Rbldnsd(ctx, []Zone{zenZone, uriZone}))(t)
	for _, code := range []string{"5", "6", "7"} {
		check(t, d.Replace(ctx, Zone{zenZone.Name, zenZone.Type, []byte("192.0.2.1 :" + code + ":\n")}))
		askAll(t, ctx, d.Addr(), []question{{"1.2.0.192.zen.example", []string{"127.0.0." + code}}})
	}
	check(t, d.Restart(ctx))
	askAll(t, ctx, d.Addr(), []question{{"1.2.0.192.zen.example", []string{"127.0.0.7"}}, listQuestions[5]})
	if err := d.Replace(ctx, zen6Zone); err == nil || !strings.Contains(err.Error(), "without a zone zen.example of type ip6trie") {
		t.Errorf("Replace of a zone that is not there: got %v", err)
	}
	err := d.Replace(ctx, Zone{zenZone.Name, zenZone.Type, []byte("192.0.2.1\nnonsense\n")})
	if err == nil || !strings.Contains(err.Error(), "zen.example.ip4set:2: invalid address") {
		t.Errorf("Replace with a fault: got %v, want its line", err)
	}
}

// Zones that rbldnsd would serve only in part, or not at all, are errors.
func TestRbldnsdFaults(t *testing.T) {
	r := newRig(t, RbldnsdProgram)
	ctx := patience(t)
	for _, test := range []struct {
		zone Zone
		want string
	}{
		{Zone{"zen.example", "ip4set", []byte("192.0.2.1\n# fine\n192.0.2.256\nx\n")},
			"zen.example.ip4set:3: invalid address\nzen.example.ip4set:4: invalid address"},
		{Zone{"zen.example", "ip5set", nil}, `no zones of type "ip5set"`},
		{Zone{"../zen", "ip4set", nil}, `"../zen" is no name of a zone`},
		{Zone{"zen..example", "ip4set", nil}, "is no name of a zone"},
		{Zone{"-u root", "ip4set", nil}, "is no name of a zone"},
	} {
		_, err := r.Rbldnsd(ctx, []Zone{test.zone})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of type %s: got %v, want %q", test.zone.Name, test.zone.Type, err, test.want)
		}
	}
	if _, err := r.Rbldnsd(ctx, nil); err == nil {
		t.Error("no zones: got no error")
	}
}

func TestReadZones(t *testing.T) {
	folder := fstest.MapFS{
		"zen.example.ip4set":  {Data: zenZone.Data},
		"zen.example.ip6trie": {Data: zen6Zone.Data},
	}
	got := must(ReadZones(folder))(t)
	if len(got) != 2 || got[0].Name != "zen.example" || got[0].Type != "ip4set" || got[1].Type != "ip6trie" || string(got[1].Data) != string(zen6Zone.Data) {
		t.Errorf("ReadZones: got %v", got)
	}
	for _, name := range []string{"README", "zen.example.txt", ".ip4set", "Zen.example.ip4set"} {
		if _, err := ReadZones(fstest.MapFS{name: {}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a file %s: got %v, want an error that names it", name, err)
		}
	}
}

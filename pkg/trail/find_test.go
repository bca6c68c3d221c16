package trail

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// A record is found by everything that it is known by; the files are nobody else's to read.
func TestFindByAll(t *testing.T) {
	for _, privacy := range []Privacy{Clear, Hashed} {
		t.Run(string(privacy), func(t *testing.T) {
			b := newBench(t, func(c *Config, _ *Options) { c.Privacy = privacy })
			b.tell("w7k2-9fqx")
			other := letter("aaaa-bbbb")
			other.Client.Addr, other.Sender, other.QueueID = netip.MustParseAddr("2001:db8:1:2::7"), "", "OTHER"
			other.Header = nil
			b.Message(other, decide(other, []string{"carol@our.example"}))
			b.Connection(message.Client{Addr: netip.MustParseAddr("198.51.100.9")}, &filter.Verdict{ID: "cccc-dddd", Action: filter.Reject})
			for _, test := range []struct{ words, want string }{
				{"w7k2-9fqx", "w7k2-9fqx"},
				{"[W7K2-9FQX]", "w7k2-9fqx"},
				{"4Fqw7k2-9fqx", "w7k2-9fqx"},
				{"<w7k2-9fqx@sender.example>", "w7k2-9fqx"},
				{"192.0.2.4", "w7k2-9fqx"},
				{"192.0.2.0/24", "w7k2-9fqx"},
				{"2001:db8:1:2::/64", "aaaa-bbbb"},
				{"198.51.100.9", "cccc-dddd"},
				{"BOB@sender.example", "w7k2-9fqx"},
				{"author@sender.example", "w7k2-9fqx"},
				{"alice@our.example", "w7k2-9fqx"},
				{"bob@sender.example alice@our.example", "w7k2-9fqx"},
				{"author@sender.example alice@our.example", "w7k2-9fqx"},
				{"alice@our.example bob@sender.example", ""},
				{"bob@sender.example carol@our.example", ""},
				{"<>", "aaaa-bbbb"},
				{"<> carol@our.example", "aaaa-bbbb"},
				{"192.0.2.4 carol@our.example", ""},
				{"192.0.2.4 alice@our.example", "w7k2-9fqx"},
				{"", "cccc-dddd aaaa-bbbb w7k2-9fqx"},
				{"ZEN_XBL", ""}, // it stands in a line, and is none of these
			} {
				if got := ids(b.search(t, strings.Fields(test.words)...)); got != test.want && !(test.words == "" && len(got) == len(test.want)) {
					t.Errorf("%q: got %q, want %q", test.words, got, test.want)
				}
			}
			if privacy == Clear {
				for _, wide := range []string{"192.0.0.0/8", "192.0.2.0/28", "192.0.2.4/32", "0.0.0.0/0"} {
					if got := ids(b.search(t, wide)); !strings.Contains(got, "w7k2-9fqx") {
						t.Errorf("%s: got %q", wide, got)
					}
				}
			}
			file := filepath.Join(Dir(b.dir), "2026-11-26.jsonl")
			for name, want := range map[string]os.FileMode{Dir(b.dir): 0o700 | os.ModeDir, file: 0o600, filepath.Join(b.dir, keyName): 0o600} {
				if info, err := os.Stat(name); err != nil || info.Mode() != want {
					t.Errorf("%s: got %v, %v, want mode %v", name, info.Mode(), err, want)
				}
			}
		})
	}
}

// Behind the veil no address is in the files: not of a client, a sender, a recipient, nor in what lists, rules and errors say.
func TestHashedKeepsNoAddress(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.Privacy = Hashed })
	secrets := []string{"192.0.2.4", "4.2.0.192", "bob", "alice", "author@", "sender.example", "our.example", "carla", "2001:db8", "Gr", "login7", "203.0.113"}
	all := []filter.Hit{zenHit}
	all[0].Claim, all[0].Detail = "carla@our.example", "alice@our.example wrote to carla@our.example"
	list := filter.Result{Source: "zen", Hits: all, Err: errors.New("192.0.2.4: no answer"), Answers: []filter.Answer{{Ask: "client", Name: "4.2.0.192.zen", Codes: []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("127.0.0.4")}}}}
	for _, at := range []filter.Phase{filter.Connect, filter.Envelope, filter.Content} {
		hits := slices.Clone(all)
		if at == filter.Connect {
			hits[0].Action = filter.None
		}
		if at == filter.Envelope {
			hits[0].Standing, hits[0].Action = filter.Blacklisted, filter.None
		}
		for _, broken := range []bool{false, true} {
			m := letter("w7k2-9fqx")
			m.User = "login7"
			if broken {
				m.User = ""
			}
			stage := &filtertest.Stage{Named: "s", At: at, Answer: func(context.Context, *message.Message) []filter.Result {
				if broken && at == filter.Content {
					panic("alice@our.example")
				}
				result := list
				result.Hits = hits
				return []filter.Result{result}
			}}
			m.Identify(t.Context(), func() *message.Identity {
				return &message.Identity{
					SPF: message.SPF{Domain: "sender.example", Reason: "192.0.2.4"}, Helo: message.SPF{Domain: "h.sender.example"},
					DKIM: []message.Signature{{Domain: "sender.example", Agent: "bob@sender.example", Reason: "alice", Selector: "bob", Algorithm: "carla@our.example", Value: "alice"}},
					ARC:  message.ARC{Claims: "smtp.mailfrom=bob@sender.example", Sealer: "sender.example", Reason: "bob"}, DMARC: message.DMARC{Author: "sender.example", Domain: "sender.example", Reason: "bob", Exempt: "alice"},
				}
			})
			b.Message(m, decide(m, []string{"alice@our.example"}, stage))
		}
	}
	b.Connection(message.Client{Addr: netip.MustParseAddr("2001:db8::7"), Name: "bob", Helo: "alice"}, &filter.Verdict{ID: "cccc-dddd", Reason: "ZEN of zen: 192.0.2.4", Decider: &filter.Decider{Source: "zen", Hit: zenHit}})
	b.Flush(t.Context())
	data, err := os.ReadFile(filepath.Join(Dir(b.dir), "2026-11-26.jsonl"))
	if err != nil || bytes.Count(data, []byte("\n")) != 7 {
		t.Fatalf("%v: %s", err, data)
	}
	for _, secret := range secrets {
		if i := bytes.Index(data, []byte(secret)); i >= 0 {
			t.Errorf("%q is in the file: %s", secret, data[max(0, i-80):min(len(data), i+80)])
		}
	}
	if !bytes.Contains(data, []byte("127.0.0.4")) {
		t.Error("the return code is not in the file")
	}
}

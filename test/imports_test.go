package test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is the house: which of our packages each may import. Test-only packages (…test) and tests are free.
var mayImport = map[string][]string{
	"cmd/winnow":       {"pkg/app", "pkg/auth", "pkg/config", "pkg/dns", "pkg/dnslist", "pkg/filter", "pkg/message", "pkg/replay", "pkg/rig", "pkg/rules", "pkg/stats", "pkg/trail", "pkg/web", "pkg/whitelist", "rules", "test"},
	"pkg/app":          {"pkg/auth", "pkg/config", "pkg/dns", "pkg/dnslist", "pkg/filter", "pkg/message", "pkg/milter", "pkg/replay", "pkg/rules", "pkg/stats", "pkg/store", "pkg/trail", "pkg/web", "pkg/whitelist", "rules"},
	"pkg/milter":       {"pkg/filter", "pkg/message", "pkg/stack"},
	"pkg/web":          {},
	"pkg/web/page":     {"pkg/filter", "pkg/stats", "pkg/trail"},
	"pkg/stats":        {"pkg/filter", "pkg/message"},
	"pkg/trail":        {"pkg/filter", "pkg/message"},
	"pkg/replay":       {"pkg/filter", "pkg/message", "pkg/trail"},
	"pkg/dnslist":      {"pkg/filter", "pkg/message", "pkg/dns"},
	"pkg/whitelist":    {"pkg/filter", "pkg/message", "pkg/dns", "pkg/stack"},
	"pkg/auth":         {"pkg/filter", "pkg/message", "pkg/dns", "pkg/stack"},
	"pkg/rules":        {"pkg/filter", "pkg/message", "pkg/dns", "pkg/stack"},
	"pkg/filter":       {"pkg/message", "pkg/stack"},
	"pkg/message":      {"pkg/stack"},
	"pkg/dns":          {"pkg/stack"},
	"pkg/stack":        {},
	"pkg/store":        {},
	"pkg/config":       {},
	"pkg/rig":          {},
	"rules":            {},
	"test":             {},
	"test/conformance": {},
	"deploy":           {},
}

// onlyIn says where a library may be imported: each can be replaced by editing one folder.
var onlyIn = map[string][]string{
	"github.com/emersion/go-milter": {"pkg/milter"},
	"github.com/miekg/dns":          {"pkg/dns"},
	"github.com/redis/go-redis":     {"pkg/store"},
	"go.etcd.io/bbolt":              {"pkg/store"},
	"github.com/spf13/viper":        {"pkg/config"},
	"github.com/spf13/cobra":        {"cmd/winnow"},
	"github.com/prometheus":         {"pkg/web"},
	"go.uber.org/zap":               {"pkg/app", "pkg/milter", "cmd/winnow"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "winnow/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name, imports := strings.TrimPrefix(words[0], "winnow/"), words[1:]
		if isTestOnly(name) {
			continue
		}
		allowed, known := mayImport[name]
		if !known { // a room within a room may do what the outer one may
			allowed, known = mayImport[parent(name)]
		}
		if !known {
			t.Errorf("%s has no row in mayImport: say what it may import", name)
		}
		allowed = append(slices.Clone(allowed), parent(name))
		for _, i := range imports {
			checkImport(t, name, i, allowed)
		}
	}
}

func checkImport(t *testing.T, name, imported string, allowed []string) {
	if ours, ok := strings.CutPrefix(imported, "winnow/"); ok {
		if isTestOnly(ours) {
			t.Errorf("%s imports %s, which is for tests", name, ours)
		}
		if !slices.ContainsFunc(allowed, func(a string) bool { return ours == a || parent(ours) == a }) {
			t.Errorf("%s imports %s; it may import %v", name, ours, allowed)
		}
	}
	for library, rooms := range onlyIn {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && !slices.ContainsFunc(rooms, func(r string) bool { return name == r || parent(name) == r }) {
			t.Errorf("%s imports %s; only %v may", name, imported, rooms)
		}
	}
}

// parent is the room that a room of its own belongs to: pkg/dns of pkg/dns/wire.
func parent(name string) string {
	if parts := strings.Split(name, "/"); len(parts) > 2 {
		return strings.Join(parts[:2], "/")
	}
	return name
}

func isTestOnly(name string) bool {
	last := name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasSuffix(last, "test") && last != "test"
}

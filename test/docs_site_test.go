package test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
)

// A docSite is a folder that stands for /etc/winnow, with the files that pages show.
type docSite struct{ dir string }

func newDocSite(t testing.TB, docs ...document) *docSite {
	t.Helper()
	s := &docSite{t.TempDir()}
	s.write(t, "whitelist", "")
	s.write(t, "blacklist", "")
	s.write(t, "dqs.key", "abcdefghijklmnopqrstuvwxyz\n")
	s.write(t, "redis.password", "secret\n")
	s.write(t, "scores.cf", "")
	s.write(t, "rules/99_trial.cf", "")
	s.write(t, "kam/KAM.cf", "")
	for _, d := range docs {
		for _, b := range d.blocks {
			if file := b.file(); file != "" && !strings.HasPrefix(file, "pkg/") {
				s.write(t, strings.TrimPrefix(file, etc), b.text)
			}
		}
	}
	return s
}

func (s *docSite) write(t testing.TB, name, text string) {
	t.Helper()
	file := filepath.Join(s.dir, name)
	must(t, os.MkdirAll(filepath.Dir(file), 0o700))
	writeFile(t, file, text)
}

// run runs a command line, and returns what it prints.
func (s *docSite) run(ctx context.Context, bin, command string) string {
	c := exec.CommandContext(ctx, "sh", "-c", strings.ReplaceAll(command, etc, s.dir))
	c.Dir = s.dir
	c.Env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"),
		"HOME=" + s.dir,
		"WINNOW_STATE_DIR=" + s.dir + "/state",
		"WINNOW_DNS_SERVERS=127.0.0.1:1", // nobody is there: an example asks nobody
		"WINNOW_WHITELIST_WHITELIST=" + s.dir + "/whitelist",
		"WINNOW_WHITELIST_BLACKLIST=" + s.dir + "/blacklist",
	}
	out, _ := c.CombinedOutput() // what is printed tells how it ended
	return strings.TrimSpace(strings.ReplaceAll(string(out), s.dir, etc))
}

// TestDocsConfiguration has winnow start with every configuration that a page shows.
func TestDocsConfiguration(t *testing.T) {
	docs := documents(t)
	s := newDocSite(t, docs...)
	t.Setenv("WINNOW_STATE_DIR", s.dir+"/state")
	for _, b := range blocksOf(t, docs, "yaml winnow") {
		t.Run(b.at(), func(t *testing.T) {
			s.write(t, "winnow.yaml", strings.NewReplacer(etc, s.dir, "/usr/share/spamassassin", s.dir+"/rules").Replace(b.text))
			c, err := app.LoadConfig(s.dir + "/winnow.yaml")
			must(t, err)
			a, err := app.New(t.Context(), c, app.Options{ReadOnly: true, Local: true})
			must(t, err)
			must(t, a.Close())
		})
	}
}

// TestDocsCommands builds winnow, runs the examples that show what is printed, and looks for every verb and flag that a
// page names in the program's own help.
func TestDocsCommands(t *testing.T) {
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin+"/winnow", "./cmd/winnow")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	docs := documents(t)
	for _, b := range blocksOf(t, docs, "console run") {
		i := slices.IndexFunc(docs, func(d document) bool { return d.name == b.page })
		s := newDocSite(t, docs[i])
		for example := range strings.SplitSeq(strings.TrimPrefix(b.text, "$ "), "\n$ ") {
			command, want, _ := strings.Cut(example, "\n")
			if diff := cmp.Diff(strings.TrimSpace(want), s.run(t.Context(), bin, command)); diff != "" {
				t.Errorf("%s: %s (-page +program):\n%s", b.at(), command, diff)
			}
		}
	}
	s := newDocSite(t)
	helps := map[string]string{}
	help := func(verb string) string {
		if helps[verb] == "" {
			helps[verb] = s.run(t.Context(), bin, "winnow "+verb+" --help")
		}
		return helps[verb]
	}
	for _, d := range docs {
		for _, words := range calls(&d) {
			checkCall(t, d.name, words, help)
		}
	}
}

// calls returns the words of every call of winnow that a page shows.
func calls(d *document) [][]string {
	found := inlineCall.FindAllStringSubmatch(d.prose, -1)
	for _, b := range d.blocks {
		if b.is("sh") || b.is("console run") {
			found = append(found, shellCall.FindAllStringSubmatch(b.text, -1)...)
		}
	}
	var all [][]string
	for _, m := range found {
		all = append(all, strings.Fields(m[1]))
	}
	return all
}

// checkCall looks for verb and flags of a call in the program's help.
func checkCall(t *testing.T, page string, words []string, help func(verb string) string) {
	verb := ""
	for _, word := range words {
		m := listed.FindStringSubmatch(help(verb))
		if m == nil || !strings.Contains("\n"+m[1], "\n  "+word+" ") {
			break
		}
		verb = strings.TrimSpace(verb + " " + word)
	}
	if verb == "" {
		t.Errorf("%s: winnow %s: there is no such verb", page, strings.Join(words, " "))
	}
	for _, word := range words {
		flag, _, _ := strings.Cut(word, "=")
		exists := regexp.MustCompile(`(?m)(?:^|\s)` + regexp.QuoteMeta(flag) + `(?:[\s,]|$)`)
		if len(flag) > 1 && flag[0] == '-' && !exists.MatchString(help(verb)) {
			t.Errorf("%s: winnow %s has no flag %s", page, verb, flag)
		}
	}
}

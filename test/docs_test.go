package test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/auth"
	"winnow/pkg/config"
	"winnow/pkg/dnslist"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	shipped "winnow/rules"
)

// The manual is run. What stands behind ``` says what a block is:
//
//	yaml winnow     a configuration: winnow must start with it
//	yaml lists      a lists file
//	cf, cf faulty   a rule file without faults whose tests pass; one with faults
//	sh              commands: each `winnow VERB --flag` must exist
//	console run     commands and what they print, which must be so
//	text demo       a cut of what the demo prints
//	text replay     what a replay of the configuration new.yaml prints, on a day that a test makes
//
// Behind it, file=PATH says where the block stands in the examples (/etc/winnow/..., here a temporary folder), or
// which file of the repository it is a copy of (pkg/...).

// A document is a page of the manual.
type document struct {
	name   string // within the repository
	text   string
	prose  string // the text without its blocks
	blocks []docBlock
}

// A docBlock is what stands between two lines of ```.
type docBlock struct {
	page string
	line int // of its first line
	info string
	text string
}

func (b *docBlock) at() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

func (b *docBlock) is(info string) bool { return b.info == info || strings.HasPrefix(b.info, info+" ") }

// file is where the block stands in the examples, "" for nowhere.
func (b *docBlock) file() string {
	_, name, _ := strings.Cut(b.info, "file=")
	return name
}

// repository is the tree that this file is in.
var repository = os.DirFS("..")

func repoFile(t testing.TB, name string) string {
	t.Helper()
	text, err := fs.ReadFile(repository, name)
	must(t, err)
	return string(text)
}

func documents(t testing.TB) []document {
	t.Helper()
	pages, err := fs.Glob(repository, "docs/*.md")
	must(t, err)
	var docs []document
	for _, name := range append(pages, "README.md", "CHANGELOG.md") {
		docs = append(docs, parseDocument(name, repoFile(t, name)))
	}
	return docs
}

func parseDocument(name, text string) document {
	d := document{name: name, text: text}
	var prose, body strings.Builder
	var open *docBlock
	n := 0
	for line := range strings.Lines(text) {
		n++
		info, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			open = &docBlock{page: name, line: n + 1, info: info}
		case fence:
			open.text = body.String()
			d.blocks, open = append(d.blocks, *open), nil
			body.Reset()
		case open != nil:
			body.WriteString(line)
		default:
			prose.WriteString(line)
		}
	}
	d.prose = prose.String()
	return d
}

// blocksOf returns the blocks of a kind, of which there must be some.
func blocksOf(t testing.TB, docs []document, info string) []docBlock {
	t.Helper()
	var all []docBlock
	for _, d := range docs {
		for _, b := range d.blocks {
			if b.is(info) {
				all = append(all, b)
			}
		}
	}
	if len(all) == 0 {
		t.Errorf("no block is marked %q", info)
	}
	return all
}

func TestDocsLinks(t *testing.T) {
	docs := documents(t)
	anchors := map[string]map[string]bool{}
	for _, d := range docs {
		anchors[d.name] = anchorsOf(d.prose)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for _, d := range docs {
		for _, m := range link.FindAllStringSubmatch(d.prose, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			page := d.name
			if target != "" {
				page = path.Join(path.Dir(d.name), target)
			}
			if _, err := fs.Stat(repository, page); err != nil {
				t.Errorf("%s: link to %s: %v", d.name, m[1], err)
			} else if anchor != "" && !anchors[page][anchor] {
				t.Errorf("%s: link to %s: %s has no such heading", d.name, m[1], page)
			}
		}
	}
}

// anchorsOf returns what the headings of a page are linked by: lower case, with hyphens for blanks, without signs.
func anchorsOf(prose string) map[string]bool {
	all := map[string]bool{}
	signs := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(prose, -1) {
		all[strings.ReplaceAll(signs.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return all
}

// TestDocsFiles shows that the files of the repository that pages name are there, and copies of them are true.
func TestDocsFiles(t *testing.T) {
	name := regexp.MustCompile("`((?:cmd|deploy|docs|pkg|rules|test)/[A-Za-z0-9_./-]*)`")
	for _, d := range documents(t) {
		for _, m := range name.FindAllStringSubmatch(d.prose, -1) {
			if strings.Contains(m[1], "NN_") {
				continue // stands for any topic
			}
			if _, err := fs.Stat(repository, path.Clean(m[1])); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
		}
		for _, b := range d.blocks {
			if file := b.file(); strings.HasPrefix(file, "pkg/") {
				if diff := cmp.Diff(repoFile(t, file), b.text); diff != "" {
					t.Errorf("%s is no copy of %s (-file +block):\n%s", b.at(), file, diff)
				}
			}
		}
	}
}

// etc is where the examples have their files.
const etc = "/etc/winnow"

var (
	shellCall  = regexp.MustCompile(`(?m)(?:^(?:bin/)?|[|;] |&& |^\$ |-u winnow )winnow ([^|<>#;&\n]*)`)
	inlineCall = regexp.MustCompile("`(?:sudo -u winnow )?winnow ([^`|]+)`")
	listed     = regexp.MustCompile(`(?s)\nAvailable Commands:\n(.*?)\n\n`)
)

func TestDocsLists(t *testing.T) {
	for _, b := range blocksOf(t, documents(t), "yaml lists") {
		lists, faults := dnslist.Load(b.at(), []byte(b.text))
		for _, fault := range append(faults, dnslist.Lint(lists)...) {
			t.Error(fault)
		}
	}
}

// TestDocsShippedLists shows that docs/lists.md has a row for each shipped list, and every key.
func TestDocsShippedLists(t *testing.T) {
	page := repoFile(t, "docs/lists.md")
	data, err := fs.ReadFile(shipped.Files, "lists.yaml")
	must(t, err)
	lists, _ := dnslist.Load("lists.yaml", data)
	for _, l := range lists {
		row := regexp.MustCompile("(?m)^\\| `" + l.Name + "` \\|.*$").FindString(page)
		state := map[bool]string{true: "| on |", false: "| off |"}[l.Enabled]
		for _, want := range []string{"| " + l.Title + " |", l.Zone, state} {
			if !strings.Contains(row, want) {
				t.Errorf("%s: got row %q, want %q in it", l.Name, row, want)
			}
		}
	}
	for _, key := range listKeys() {
		if !strings.Contains(page, "`"+key+"`") {
			t.Errorf("docs/lists.md does not tell of the key %s", key)
		}
	}
}

// listKeys returns every key of a lists file: the fault of one that is unknown names the others.
func listKeys() (keys []string) {
	names := regexp.MustCompile(`unknown key "x"; there are: (.*)$`)
	_, faults := dnslist.Load("x", []byte("- x: 1\n- codes: [{x: 1}]"))
	for _, fault := range faults {
		for _, m := range names.FindAllStringSubmatch(fault.Error(), -1) {
			keys = append(keys, strings.Split(m[1], ", ")...)
		}
	}
	return keys
}

// TestDocsIdentity shows that docs/identity.md has a row for each symbol, and that those are the scores.
func TestDocsIdentity(t *testing.T) {
	page := repoFile(t, "docs/identity.md")
	var rows strings.Builder
	for _, s := range auth.Symbols() {
		fmt.Fprintf(&rows, "| `%s` | %g | %s |\n", s.Name, s.Score, s.When)
	}
	if !strings.Contains(page, "|---|---|---|\n"+rows.String()+"\n") {
		t.Errorf("the table of symbols is not:\n%s", rows.String())
	}
}

func TestDocsRules(t *testing.T) {
	for _, b := range blocksOf(t, documents(t), "cf") {
		if b.is("cf faulty") {
			continue
		}
		folder := rules.Folder{Name: b.at(), FS: fstest.MapFS{"a.cf": {Data: []byte(b.text)}}}
		set, faults := rules.Load([]rules.Folder{folder}, rules.DefaultConfig())
		for _, fault := range append(faults, set.Lint()...) {
			t.Error(fault)
		}
		results := set.RunTests()
		for _, result := range results {
			if result.Failure != "" || result.Skipped != "" {
				t.Error(result)
			}
		}
		if len(results) == 0 {
			t.Errorf("%s: no tests", b.at())
		}
	}
}

// TestDocsSettings shows that every setting and variable that pages name exists.
func TestDocsSettings(t *testing.T) {
	keys := config.Keys(&app.Config{})
	sections, variables := map[string]bool{}, map[string]bool{}
	for _, key := range keys {
		for at, r := range key {
			if r == '.' {
				sections[key[:at]] = true
			}
		}
		variables[config.EnvPrefix+"_"+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = true
	}
	dotted := regexp.MustCompile("`([a-z]+)((?:\\.[a-z_]+)+)(?::\\s[^`]*)?`")
	variable := regexp.MustCompile(`\bWINNOW_[A-Z_]+`)
	for _, d := range documents(t) {
		for _, m := range dotted.FindAllStringSubmatch(d.prose, -1) {
			key, isFile := m[1]+m[2], slices.Contains([]string{".yaml", ".journal"}, m[2])
			if sections[m[1]] && !isFile && !slices.Contains(keys, key) && !sections[key] {
				t.Errorf("%s: there is no setting %s", d.name, key)
			}
		}
		for _, name := range variable.FindAllString(d.text, -1) {
			if !variables[name] {
				t.Errorf("%s: %s sets nothing", d.name, name)
			}
		}
	}
}

// TestDocsFigures shows that docs/statistics.md tells of every figure that there is.
func TestDocsFigures(t *testing.T) {
	page := repoFile(t, "docs/statistics.md")
	reports, err := stats.Read(t.Context(), store.NewMemory(store.Options{}), stats.Query{Days: []string{"2016-12-14"}})
	must(t, err)
	var csv bytes.Buffer
	must(t, stats.NewForms(reports...).WriteCSV(&csv))
	for _, m := range regexp.MustCompile(`(?m)^2016.*,([a-z_0-9]+),0$`).FindAllStringSubmatch(csv.String(), -1) {
		if !strings.Contains(page, "`"+m[1]+"`") && !strings.Contains(m[0], ",actions,") {
			t.Errorf("docs/statistics.md does not tell of %s", m[1])
		}
	}
}

// TestDocsKeys shows that docs/statistics.md tells of every key of JSON that the API's description does not have, and of every
// figure of the reports that are no table of sources.
func TestDocsKeys(t *testing.T) {
	known := regexp.MustCompile("`[^`\n]+`").FindAllString(repoFile(t, "docs/statistics.md"), -1)
	for line := range strings.Lines(repoFile(t, "pkg/web/openapi.yaml")) {
		if key, _, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			known = append(known, "`"+key+"`")
		}
	}
	words := regexp.MustCompile(`\w+`)
	told := map[string]bool{}
	for _, span := range known {
		for _, word := range words.FindAllString(span, -1) {
			told[word] = true
		}
	}
	s := store.NewMemory(store.Options{})
	q := stats.Query{Days: []string{"2016-12-14"}, Lists: []stats.List{{Name: "zen"}, {Name: "uribl"}}}
	must(t, s.Apply(t.Context(), "n", 1, map[string]map[string]int64{q.Days[0]: {
		"caught": 9, "caught_by:uribl": 4, "caught_by:uribl,zen": 5, "claim:ann@example.org:forged": 1, "rule:GTUBE:caught": 1,
	}}, time.Hour))
	sets, err := stats.ReadSets(t.Context(), s, q)
	must(t, err)
	rules, err := stats.ReadRules(t.Context(), s, q, nil)
	must(t, err)
	forged, err := stats.ReadForged(t.Context(), s, q)
	must(t, err)
	day, err := stats.Read(t.Context(), s, q)
	must(t, err)
	for name, forms := range map[string]interface {
		WriteJSON(io.Writer) error
		WriteCSV(io.Writer) error
	}{
		"overlap": stats.NewForms(sets...), "keep": stats.NewForms(sets[0].Keep(99)), "without": stats.NewForms(sets[0].Without([]string{"uribl"})),
		"rules": stats.NewForms(rules...), "forged": stats.NewForms(forged...), "against": stats.NewForms(stats.Compare(day[0], day[0])),
	} {
		var asJSON, asCSV bytes.Buffer
		must(t, forms.WriteJSON(&asJSON))
		must(t, forms.WriteCSV(&asCSV))
		keys := regexp.MustCompile(`(?m)^ *"(\w+)": `).FindAllStringSubmatch(asJSON.String(), -1)
		figures := regexp.MustCompile(`(?m)^.*,(\w+),[0-9.]+$`).FindAllStringSubmatch(asCSV.String(), -1)
		for _, m := range slices.Concat(keys, figures) {
			if !told[m[1]] && !strings.Contains(m[0], ",actions,") {
				t.Errorf("docs/statistics.md does not tell of %s, which stats has with --%s", m[1], name)
				told[m[1]] = true // once is enough
			}
		}
	}
}

// TestDocsDemo shows that the mails in a cut of the demo are samples that it sends.
func TestDocsDemo(t *testing.T) {
	for _, b := range blocksOf(t, documents(t), "text demo") {
		mails, _, _ := strings.Cut(b.text, "\n\n")
		for _, title := range regexp.MustCompile(`(?m)^\S.*$`).FindAllString(mails, -1) {
			if !slices.ContainsFunc(Mails(), func(s Sample) bool { return s.Title == title }) {
				t.Errorf("%s: the demo sends no mail %q", b.at(), title)
			}
		}
	}
}

package rules

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"winnow/pkg/message"
)

// RunArchives runs the tests in a folder of *.txtar files: whole messages with the rules that are to hit them, for what one
// line of text cannot show. An archive holds pairs of files, any name.eml and name.want, the latter such as
//
//	sender: someone@example.org
//	hits:   ADVANCE_FEE_4 __AF_DYING
//	misses: GTUBE
//	only:   ADVANCE_FEE_4
//
// The sender is the envelope's. What stands behind only are all the rules with a score that hit; there may be none. folder
// names the folder in the results.
func (s *Set) RunArchives(folder string, from fs.FS) ([]TestResult, error) {
	names, err := fs.Glob(from, "*.txtar")
	if err != nil {
		return nil, err
	}
	var results []TestResult
	for _, name := range names {
		text, err := readFile(from, name)
		if err != nil {
			return results, fmt.Errorf("%s: %w", path.Join(folder, name), err)
		}
		results = append(results, s.runArchive(path.Join(folder, name), txtar.Parse([]byte(text)))...)
	}
	return results, nil
}

func (s *Set) runArchive(name string, archive *txtar.Archive) []TestResult {
	wants := map[string][]byte{}
	for _, file := range archive.Files {
		if stem, isWant := strings.CutSuffix(file.Name, ".want"); isWant {
			wants[stem] = file.Data
		}
	}
	var results []TestResult
	for _, file := range archive.Files {
		stem, isMessage := strings.CutSuffix(file.Name, ".eml")
		if !isMessage {
			continue
		}
		results = append(results, s.runMessage(name, file.Name, file.Data, wants[stem])...)
	}
	if len(results) == 0 {
		results = append(results, TestResult{File: name, Failure: "nothing is tested: an archive holds files name.eml and name.want"})
	}
	return results
}

// runMessage matches one message and compares what hit with want.
func (s *Set) runMessage(archive, name string, text, want []byte) []TestResult {
	broken := func(format string, args ...any) []TestResult {
		return []TestResult{{File: archive, Text: name, Failure: fmt.Sprintf(format, args...)}}
	}
	m, err := message.Parse(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return broken("%v", err)
	}
	run := s.begin(context.Background(), m)
	defer run.end()
	var results []TestResult
	for number, line := range strings.Split(string(want), "\n") {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		symbols := strings.Fields(value)
		switch key {
		case "":
		case "sender":
			m.Sender, m.SenderKnown = strings.TrimSpace(value), true
		case "hits", "misses":
			for _, symbol := range symbols {
				results = append(results, run.expect(archive, name, symbol, key == "hits"))
			}
		case "only":
			results = append(results, run.expectOnly(archive, name, symbols)...)
		default:
			return broken("line %d of what is wanted begins with %q: one of sender, hits, misses, only", number+1, key)
		}
	}
	if len(results) == 0 {
		return broken("nothing is wanted of it: write hits:, misses: or only: into its .want file")
	}
	return results
}

// expect tells whether one rule did what was wanted.
func (r *run) expect(archive, name, symbol string, want bool) TestResult {
	result := TestResult{File: archive, Rule: symbol, Text: name, Want: want}
	i, found := r.set.byName[symbol]
	if !found {
		result.Failure = "there is no such rule"
		return result
	}
	result.judge(r.ask(i) != 0, name)
	return result
}

// expectOnly tells whether those rules hit, and no other that has a score. Where all is well it is one result.
func (r *run) expectOnly(archive, name string, symbols []string) []TestResult {
	var failed []TestResult
	for _, symbol := range symbols {
		if result := r.expect(archive, name, symbol, true); result.Failure != "" {
			failed = append(failed, result)
		}
	}
	for _, src := range r.set.sources {
		for _, i := range src.rules {
			if symbol := r.set.rules[i].Name; !slices.Contains(symbols, symbol) && r.ask(i) != 0 {
				failed = append(failed, r.expect(archive, name, symbol, false))
			}
		}
	}
	if failed == nil {
		return []TestResult{{File: archive, Text: name, Want: true}}
	}
	return failed
}

package rules

import (
	"fmt"
	"math"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/filter"
)

// What an operator decides about rules that others wrote, and will write anew: a file of his own that changes scores,
// whole files that are only observed, or whose points have a bound, and the threshold, which is his alone.

// tuning is what may stand in the file of overrides, besides conditions. None of it makes a rule, so that whatever
// comes with the next update of the rules is still theirs.
var tuning = map[string]bool{"score": true, "describe": true, "tflags": true, "priority": true, "lang": true}

// overrides reads the operator's file behind all folders.
func (p *parser) overrides(index int, file string) {
	dir, name := filepath.Split(file)
	folder := Dir(path.Clean(dir))
	p.folderIndex = index
	r := &reader{parser: p, fs: folder.FS, folder: folder.Name, path: name, tunes: true}
	p.file(r, folder.FS, place{file: file})
}

// applyFiles has the rules of single files observed, or bounded. What is only observed ends nothing, either.
func (s *Set) applyFiles(files []FileConfig, faults *ledger) {
	for _, file := range files {
		var found []string
		for i := range s.sources {
			src := &s.sources[i]
			if src.name == file.Name || path.Base(src.name) == file.Name {
				src.observe, src.cap, found = file.Observe, file.Cap, append(found, src.name)
			}
		}
		s.circuits.rules = slices.DeleteFunc(s.circuits.rules, func(i int) bool {
			return slices.ContainsFunc(s.sources, func(src source) bool { return src.observe && src.file == s.rules[i].source })
		})
		switch len(found) {
		case 0:
			faults.add(place{file: "rules.files"}, Warning, "", file.Name+": no such file has rules that give points", "is the name right? winnow rules lint names files by folder and name")
		case 1:
		default:
			faults.add(place{file: "rules.files"}, Warning, "", file.Name+" is the name of several files, and holds for each: "+strings.Join(found, ", "), "name one with its folder")
		}
	}
}

// capSymbol is the hit that takes back what a file's rules have above its cap.
const capSymbol = "FILE_CAP"

// bound takes back what the rules of a file add above its cap. It is a hit of its own, so that each rule shows with its
// score and the total is still the sum of the hits.
func (src *source) bound(result *filter.Result) {
	if src.cap == 0 || src.observe {
		return
	}
	sum := 0.0
	for _, hit := range result.Hits {
		if !hit.Observe {
			sum += hit.Score
		}
	}
	if over := math.Round((sum-src.cap)*1000) / 1000; over > 0 {
		detail := fmt.Sprintf("the points of %s end at %g", src.name, src.cap)
		result.Hits = append(result.Hits, filter.Hit{Symbol: capSymbol, Score: -over, Detail: detail})
	}
}

// required is from how many points on a rule file wants mail to be spam.
type required struct {
	score float64 // 0 where none says
	at    place
}

// requiredScore keeps what a file takes for the threshold. The configuration decides; who reads the file expects another.
func (r *reader) requiredScore(l line) {
	score, err := strconv.ParseFloat(l.value, 64)
	if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
		r.fault(l, "", fmt.Sprintf("%s: %q is no number", l.key, l.value), "write it like 5.0")
		return
	}
	r.required = required{score, l.at}
}

// Threshold tells where the rule files take another number of points for the threshold than tag, which is in force.
func (s *Set) Threshold(tag float64) []Fault {
	if s.required.score == 0 || s.required.score == tag {
		return nil
	}
	return []Fault{{
		File: s.required.at.file, Line: s.required.at.line, Severity: Warning,
		What:   fmt.Sprintf("required_score %g: mail is tagged from %g points on, as the configuration says", s.required.score, tag),
		Remedy: fmt.Sprintf("set policy.tag: %g if that is what you want", s.required.score),
	}}
}

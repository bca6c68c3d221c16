package eval

import (
	"slices"
	"strings"
)

// A glob is a text in lower case in which "*" stands for any characters and "?" for any one. Characters are octets, and none
// is a line end.
type glob string

func (g glob) hasWildcard() bool { return strings.ContainsAny(string(g), "*?") }

// match tells whether all of text fits. It takes no more steps than the product of both lengths.
func (g glob) match(text string) bool {
	pos, star, retry := 0, -1, 0
	for i := 0; i < len(text); {
		switch {
		case pos < len(g) && g[pos] == '*':
			star, retry = pos, i
			pos++
		case pos < len(g) && (g[pos] == text[i] || g[pos] == '?' && text[i] != '\n'):
			pos++
			i++
		case star >= 0 && text[retry] != '\n':
			retry++
			pos, i = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(string(g[pos:]), "*") == ""
}

// tail is what stands behind the last wildcard.
func (g glob) tail() string { return string(g[strings.LastIndexAny(string(g), "*?")+1:]) }

// A globSet is many globs of which any may match. It is asked with a text in lower case, and looks only at the globs whose
// tail the text ends with: lists have thousands of them, nearly all of which end in a domain.
type globSet struct {
	exact map[string]bool   // as they were written, wildcards or none
	tails map[string][]glob // those with wildcards, by tail
	sizes []int             // lengths of tails, each once
}

func (s *globSet) add(text string) {
	if s.exact == nil {
		s.exact, s.tails = map[string]bool{}, map[string][]glob{}
	}
	if s.exact[text] {
		return
	}
	s.exact[text] = true
	if g := glob(text); g.hasWildcard() {
		tail := g.tail()
		if !slices.Contains(s.sizes, len(tail)) {
			s.sizes = append(s.sizes, len(tail))
		}
		s.tails[tail] = append(s.tails[tail], g)
	}
}

// remove takes out what was added in just these letters.
func (s *globSet) remove(text string) {
	if !s.exact[text] {
		return
	}
	delete(s.exact, text)
	if g := glob(text); g.hasWildcard() {
		var kept []glob
		for _, other := range s.tails[g.tail()] {
			if other != g {
				kept = append(kept, other)
			}
		}
		s.tails[g.tail()] = kept
	}
}

// has tells whether any of the globs matches.
func (s *globSet) has(text string) bool {
	if s.exact[text] {
		return true
	}
	for _, size := range s.sizes {
		if size > len(text) {
			continue
		}
		for _, g := range s.tails[text[len(text)-size:]] {
			if g.match(text) {
				return true
			}
		}
	}
	return false
}

func (s *globSet) empty() bool { return len(s.exact) == 0 }

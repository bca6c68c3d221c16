package whitelist

import (
	"iter"
	"strings"
)

// A patterns table holds a value for mail addresses, domains and trees of domains. A look-up costs a map access for each
// form that can stand for the address, however many entries there are.
type patterns[V any] struct {
	exact map[string]V // by "user@example.org" and "example.org"
	below map[string]V // by the "example.org" of ".example.org"
}

// all yields what stands for an address, the narrowest first: with its tag, without it, its domain, the trees above.
func (p *patterns[V]) all(a address) iter.Seq[V] {
	return func(yield func(V) bool) {
		if a.domain == "" {
			return // what has no @ must not pass for a domain
		}
		names := [...]string{a.full, a.base, a.domain}
		for i, name := range names {
			if i == 1 && name == a.full {
				continue
			}
			if v, ok := p.exact[name]; ok && !yield(v) {
				return
			}
		}
		if len(p.below) == 0 {
			return
		}
		for tree := a.domain; tree != ""; _, tree, _ = strings.Cut(tree, ".") {
			if v, ok := p.below[tree]; ok && !yield(v) {
				return
			}
		}
	}
}

// first returns the narrowest of what stands for an address.
func (p *patterns[V]) first(a address) (v V, ok bool) {
	for v := range p.all(a) {
		return v, true
	}
	return v, false
}

// empty tells whether nothing is in the table.
func (p *patterns[V]) empty() bool { return len(p.exact)+len(p.below) == 0 }

// at returns where the value of a pattern is kept: one of the two maps and the key in it.
func (p *patterns[V]) at(name string) (map[string]V, string) {
	if tree, ok := strings.CutPrefix(name, "."); ok {
		if p.below == nil {
			p.below = make(map[string]V)
		}
		return p.below, tree
	}
	if p.exact == nil {
		p.exact = make(map[string]V)
	}
	return p.exact, name
}

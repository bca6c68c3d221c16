package pattern

import (
	"slices"
	"strings"
)

// Holds tells whether every match of a pattern has a text of lower case letters in it, as far as it can be seen: false is
// not certain.
func Holds(source, flags, text string) (bool, error) {
	tree, parser, err := parse(source, flags)
	if err != nil {
		return false, err
	}
	tree = simplify(tree, make([]bool, len(parser.names)+1))
	measure(tree)
	known := literalsOf(tree)
	for _, n := range append(known.needs, need{texts: known.exact}) {
		if len(n.texts) > 0 && !slices.ContainsFunc(n.texts, func(t string) bool { return !strings.Contains(t, text) }) {
			return true, nil
		}
	}
	return false, nil
}

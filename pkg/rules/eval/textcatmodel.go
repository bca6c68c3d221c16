package eval

import (
	"cmp"
	"slices"
	"strings"
)

// A gram is one to five octets of text, those first and then their number, so that grams are in the order of their octets.
type gram uint64

const maxGram = 5

func gramOf(octets string) gram {
	g := gram(len(octets))
	for i := range len(octets) {
		g |= gram(octets[i]) << (56 - 8*i)
	}
	return g
}

// languageModels is the n-grams of languages with their ranks in each, the most frequent first.
type languageModels struct {
	names []string // "de.utf8", "ru.koi8-r"
	ranks map[gram][]gramRank
}

type gramRank struct{ model, rank int32 }

// readLanguages reads a file of models. It returns nil where it holds none.
func readLanguages(text string) *languageModels {
	m := &languageModels{ranks: map[gram][]gramRank{}}
	rank := int32(0)
	for line := range strings.SplitSeq(text, "\n") {
		if name, found := strings.CutPrefix(line, "0 "); found && name != "" {
			m.names = append(m.names, name)
			rank = 0
			continue
		}
		rank++
		if len(line) > 0 && len(line) <= maxGram {
			m.add(gramOf(line), gramRank{int32(len(m.names)), rank})
		}
	}
	if len(m.names) == 0 {
		return nil
	}
	return m
}

// add notes a rank; of two in one model the later holds.
func (m *languageModels) add(g gram, r gramRank) {
	ranks := m.ranks[g]
	if n := len(ranks); n > 0 && ranks[n-1].model == r.model {
		ranks[n-1] = r
		return
	}
	m.ranks[g] = append(ranks, r)
}

// A candidate is a language with its distance from the text.
type candidate struct {
	name     string
	distance int
}

// classify returns the languages that text may be in, the likeliest first; none where it could be too many.
func (m *languageModels) classify(text string, s *textCatSettings) []string {
	grams := topGrams(text, s.minCount, s.maxGrams)
	if len(grams) == 0 {
		return nil
	}
	found := m.candidates(grams, s)
	if len(found) == 0 {
		return nil
	}
	best := float64(found[0].distance)
	names := []string{found[0].name}
	for _, c := range found[1:] {
		if float64(c.distance) >= s.acceptable*best {
			break
		}
		names = append(names, c.name)
	}
	if len(names) > s.maxLanguages {
		return nil
	}
	return names
}

// candidates returns the active languages, the nearest first.
func (m *languageModels) candidates(grams []gram, s *textCatSettings) []candidate {
	distances := m.distances(grams, s.maxGrams)
	nearest := map[string]int{}
	for i, name := range m.names {
		short, _, _ := strings.Cut(name, ".")
		if slices.Contains(s.inactive, short) && !slices.Contains(s.welcome, short) {
			continue
		}
		if strings.Index(name, ".utf8") > 0 {
			name = short
		}
		if d, seen := nearest[name]; !seen || distances[i] < d {
			nearest[name] = distances[i]
		}
	}
	found := make([]candidate, 0, len(nearest))
	for name, distance := range nearest {
		found = append(found, candidate{name, distance})
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	return found
}

// distances returns how far the ranks in each model are from those in the text. What a model does not have counts most.
func (m *languageModels) distances(grams []gram, most int) []int {
	distances := make([]int, len(m.names))
	for i := range distances {
		distances[i] = most * len(grams)
	}
	for i, g := range grams {
		for _, r := range m.ranks[g] {
			away := int(r.rank) - i
			distances[r.model] += max(away, -away) - most
		}
	}
	return distances
}

// topGrams returns the most frequent n-grams of a text, the most frequent first, those as frequent in the order of their
// octets. There are at most so many, each more often in it than least.
func topGrams(text string, least, most int) []gram {
	counts := countGrams(text)
	all := counts.list(least)
	if len(all) > most {
		all = counts.list(max(least, counts.bar(most)-1))
	}
	slices.SortFunc(all, func(a, b gramCount) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.gram, b.gram))
	})
	grams := make([]gram, min(len(all), max(0, most)))
	for i := range grams {
		grams[i] = all[i].gram
	}
	return grams
}

// countGrams counts the n-grams of the words in text, each with a NUL at either end.
func countGrams(text string) *gramTable {
	table := newGramTable()
	word := make([]byte, 0, 64)
	for i := 0; i < len(text); {
		if !wordOctets[text[i]] {
			i++
			continue
		}
		end := i
		for end < len(text) && wordOctets[text[end]] {
			end++
		}
		word = append(append(append(word[:0], 0), text[i:end]...), 0)
		lowerWord(word)
		table.addWord(word)
		i = end
	}
	return table
}

// wordOctets are those that words are made of: all but digits, white space and punctuation other than the apostrophe.
var wordOctets = func() (all [256]bool) {
	for i := range all {
		all[i] = strings.IndexByte("0123456789 \t\r\n\f\v-!\"#$%&()*+,./:;<=>?@[\\]^_`{|}~", byte(i)) < 0
	}
	return all
}()

// lowerWord makes small letters of capitals where four letters of Latin-1 stand in a row: the models know small ones, but
// an abbreviation says little.
func lowerWord(word []byte) {
	run, capital, long := 0, false, false
	for _, c := range word {
		capital = capital || 'A' <= c && c <= 'Z'
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0xc0 && c != 0xd7 && c != 0xdf && c != 0xf7 && c != 0xff {
			run++
			long = long || run >= 4
		} else {
			run = 0
		}
	}
	if !capital || !long {
		return
	}
	for i, c := range word {
		if 'A' <= c && c <= 'Z' || 0xc0 <= c && c <= 0xde && c != 0xd7 {
			word[i] = c | 0x20
		}
	}
}

package stats

import (
	"net/netip"
	"slices"
	"strings"
)

// Codes is what the return codes of a list did. The list's hits are those that each code has alone (Only), and Several, and
// Before.
type Codes struct {
	Codes   []CodeRow `json:"codes"`   // by their numbers, the rest last
	Several int64     `json:"several"` // connections and messages that the list hit by several codes
	Before  int64     `json:"before"`  // those that it hit before codes were counted
}

// A CodeRow is the figures of one return code, in the units of the list's.
type CodeRow struct {
	Code           string  `json:"code"`    // 127.0.0.4; "*" for those beyond the bound of a day, and what nobody can tell apart
	Symbols        string  `json:"symbols"` // what it stands for in the file of lists; "" where that does not say
	Hits           int64   `json:"hits"`
	Only           int64   `json:"only"` // of those, by no other of the list's codes
	Favours        int64   `json:"favours"`
	Unique         int64   `json:"unique"`
	Decisive       int64   `json:"decisive"` // messages caught that would not have been without this code
	Doubtful       int64   `json:"doubtful"`
	DoubtfulOf     int64   `json:"doubtful_of"`
	DoubtfulShare  float64 `json:"doubtful_share"`
	DoubtfulLow    float64 `json:"doubtful_low"`
	DoubtfulHigh   float64 `json:"doubtful_high"`
	Observed       int64   `json:"observed"`
	ObservedUnique int64   `json:"observed_unique"`
}

// IsRest tells whether the row is of all that is not told apart.
func (r *CodeRow) IsRest() bool { return r.Code == codeOthers }

// A Meaning is what return codes of a list stand for.
type Meaning struct {
	Codes  interface{ Has(netip.Addr) bool }
	Symbol string
}

// addCodes adds the counters of a list's codes to what is known of them, by code.
func addCodes(into map[string]*codeCounts, list string, counters map[string]int64) {
	for name, n := range counters {
		if of, code, f, ok := parseCodeCounter(name); ok && of == list {
			if into[code] == nil {
				into[code] = new(codeCounts)
			}
			into[code][f] += n
		}
	}
}

// newCodes tells of codes of a list that has hits.
func newCodes(counts map[string]*codeCounts, hits int64, meanings []Meaning) Codes {
	c := Codes{Codes: []CodeRow{}, Before: hits}
	for name, n := range counts {
		if name == codeSeveral {
			c.Several = n[codeHits]
			c.Before -= c.Several
			continue
		}
		low, high := interval(n[codeDoubtful], n[codeWeighed])
		c.Codes = append(c.Codes, CodeRow{
			Code: name, Symbols: symbolsOf(name, meanings), Hits: n[codeHits], Only: n[codeOnly], Favours: n[codeFavours],
			Unique: n[codeUnique], Decisive: n[codeDecisive], Doubtful: n[codeDoubtful],
			DoubtfulOf: n[codeWeighed], DoubtfulShare: share(n[codeDoubtful], n[codeWeighed]), DoubtfulLow: low, DoubtfulHigh: high,
			Observed: n[codeObserved], ObservedUnique: n[codeObservedUnique],
		})
		c.Before -= n[codeOnly]
	}
	c.Before = max(0, c.Before)
	slices.SortFunc(c.Codes, func(a, b CodeRow) int {
		x, _ := netip.ParseAddr(a.Code)
		y, _ := netip.ParseAddr(b.Code)
		switch {
		case x.IsValid() != y.IsValid() && x.IsValid():
			return -1
		case x.IsValid() != y.IsValid():
			return 1
		}
		return x.Compare(y)
	})
	return c
}

// symbolsOf names what a code stands for; a code of bits stands for several things.
func symbolsOf(code string, meanings []Meaning) string {
	addr, err := netip.ParseAddr(code)
	if err != nil {
		return ""
	}
	var symbols []string
	for _, m := range meanings {
		if m.Codes.Has(addr) && !slices.Contains(symbols, m.Symbol) {
			symbols = append(symbols, m.Symbol)
		}
	}
	return strings.Join(symbols, " ")
}

// codeColumns is the order of figures in CSV and table.
var codeColumns = []column[CodeRow]{
	{"hits", "hits", func(r *CodeRow) float64 { return float64(r.Hits) }, number, nil},
	{"only", "only", func(r *CodeRow) float64 { return float64(r.Only) }, number, nil},
	{"favours", "favours", func(r *CodeRow) float64 { return float64(r.Favours) }, number, nil},
	{"unique", "unique", func(r *CodeRow) float64 { return float64(r.Unique) }, number, nil},
	{"decisive", "decisive", func(r *CodeRow) float64 { return float64(r.Decisive) }, number, nil},
	{"doubtful", "doubtful", func(r *CodeRow) float64 { return float64(r.Doubtful) }, number, nil},
	{"doubtful_of", "", func(r *CodeRow) float64 { return float64(r.DoubtfulOf) }, number, nil},
	{"doubtful_share", "doubt", func(r *CodeRow) float64 { return r.DoubtfulShare }, percents, (*CodeRow).isWeighed},
	{"doubtful_low", "at least", func(r *CodeRow) float64 { return r.DoubtfulLow }, percents, (*CodeRow).isWeighed},
	{"doubtful_high", "at most", func(r *CodeRow) float64 { return r.DoubtfulHigh }, percents, (*CodeRow).isWeighed},
	{"observed", "observed", func(r *CodeRow) float64 { return float64(r.Observed) }, number, nil},
	{"observed_unique", "obs. unique", func(r *CodeRow) float64 { return float64(r.ObservedUnique) }, number, nil},
}

func (r *CodeRow) isWeighed() bool { return r.DoubtfulOf > 0 }

func (c *Codes) lines(list string) (all []line) {
	if len(c.Codes) == 0 {
		return nil
	}
	for i := range c.Codes {
		all = append(all, figuresOf("code", list+":"+c.Codes[i].Code, &c.Codes[i], codeColumns)...)
	}
	return append(all, line{"codes", list, "several", float64(c.Several)}, line{"codes", list, "before", float64(c.Before)})
}

// text is a row for each code; nothing where none is known.
func (c *Codes) text() string {
	if len(c.Codes) == 0 {
		return ""
	}
	rows := make([]labelled[CodeRow], len(c.Codes))
	for i := range c.Codes {
		rows[i] = labelled[CodeRow]{strings.TrimSpace(c.Codes[i].Code + " " + c.Codes[i].Symbols), &c.Codes[i]}
	}
	text := "\n" + tableOf("code", rows, codeColumns, "hits", "only", "unique", "decisive", "doubtful") + "\n"
	if c.Several > 0 {
		text += "hit by several codes: " + number(float64(c.Several)) + "\n"
	}
	if c.Before > 0 {
		text += "hit before codes were counted: " + number(float64(c.Before)) + "\n"
	}
	return text
}

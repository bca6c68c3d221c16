package stats

import (
	"net/netip"
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// What each of a list's return codes did is counted beside what the list did:
//
//	code:zen:127.0.0.4:hits      connections and messages that the list hit by this code
//	code:zen:127.0.0.4:only      of those, by no other of its codes
//	code:zen:several:hits        connections and messages that it hit by several
//	code:zen:*:hits              the same as of a code, of all that are not told apart
//
// So the hits of a list are those that each code has alone, and those by several. What a code is worth is what the list's
// file says of it; a hit that a rule made of an answer is the code's where the answer has a single one.

const codePrefix = "code:"

// What stands in the place of a code.
const (
	codeOthers  = "*"
	codeSeveral = "several"
)

// maxCodes bounds the codes of a list that one winnow tells apart in a day. Lists have up to ten; lists of bits, and those
// that write a reputation or a category into the code, have some dozens.
const maxCodes = 32

// maxCodeLists bounds the lists whose codes are counted, in a day.
const maxCodeLists = 128

type codeFigure int

const (
	codeHits codeFigure = iota
	codeOnly
	codeFavours
	codeObserved
	codeUnique
	codeObservedUnique
	codeDecisive
	codeDoubtful
	codeWeighed
	codeFigures
)

// Those that sources have, too, have the same names.
var codeFigureNames = [codeFigures]string{
	"hits", "only", "favours", "observed", "unique", "observed_unique", "decisive", "doubtful", "doubtful_of",
}

type codeCounts [codeFigures]int64

func (c *codeCounts) count(f codeFigure, yes bool) {
	if yes {
		c[f]++
	}
}

// A code is one return code of a list.
type code struct {
	list   string
	octets [4]byte
}

// What is no return code: all that are not told apart, and several at once.
var others, several = [4]byte{}, [4]byte{255, 255, 255, 255}

func (c code) counter(f codeFigure) string {
	name := netip.AddrFrom4(c.octets).String()
	switch c.octets {
	case others:
		name = codeOthers
	case several:
		name = codeSeveral
	}
	return codePrefix + c.list + ":" + name + ":" + codeFigureNames[f]
}

// parseCodeCounter reads the name of a code's counter.
func parseCodeCounter(name string) (list, code string, f codeFigure, ok bool) {
	rest, found := strings.CutPrefix(name, codePrefix)
	last := strings.LastIndexByte(rest, ':')
	if !found || last < 0 {
		return "", "", 0, false
	}
	f = codeFigure(slices.Index(codeFigureNames[:], rest[last+1:]))
	before := strings.LastIndexByte(rest[:last], ':')
	if before < 0 || f < 0 {
		return "", "", 0, false
	}
	return rest[:before], rest[before+1 : last], f, true
}

// toldCodes is which codes of which lists were told apart today.
type toldCodes map[string][][4]byte

// find returns as which code octets are counted: as themselves while there is room. Of too many lists no codes are.
func (t toldCodes) find(list string, octets [4]byte) (as [4]byte, ok bool) {
	known, is := t[list]
	if !is && (len(t) >= maxCodeLists || !validCounter(code{list, several}.counter(codeObservedUnique))) {
		return others, false
	}
	switch {
	case octets == several, octets != others && len(known) >= maxCodes && !slices.Contains(known, octets):
		octets = others
	case octets != others && !slices.Contains(known, octets):
		known, is = append(known, octets), false
	}
	if !is {
		t[list] = known
	}
	return octets, true
}

// hasLists tells whether a list is among sources with hits. Where none is, which is most of what comes, there are no codes.
func hasLists(all []evidence) bool {
	for i := range all {
		if all[i].kind == filter.List {
			return true
		}
	}
	return false
}

// A codeRow is what was counted of one code of a list, or of all that are not told apart.
type codeRow struct {
	codeCounts
	octets [4]byte
	at     int // where the evidence of it may be, see aboutCode
}

// codeEvidence is what one code of a list said about one message.
type codeEvidence struct {
	evidence
	*codeRow
}

// codeHits counts the codes of lists with hits in reports, and returns what they said. What the lists did is in all, and
// settled; whose each result is, in from.
func (t *tally) codeHits(all []evidence, reports []filter.Report, from []*sourceCounts) []codeEvidence {
	codes := t.codeEvidence[:0]
	if !hasLists(all) {
		return codes
	}
	codes = t.gatherCodes(codes, reports, from)
	for i := range codes {
		c := &codes[i]
		if of := c.saidIn(all); c.isHit(of) {
			of.byCodes++
		}
	}
	for i := range codes {
		c := &codes[i]
		of, r := c.saidIn(all), c.codeRow
		hit := c.isHit(of)
		r.count(codeHits, hit)
		r.count(codeOnly, hit && of.byCodes == 1)
		r.count(codeObserved, c.onlyObserved())
		r.count(codeFavours, c.favours)
	}
	for i := range all {
		all[i].several.count(codeHits, all[i].byCodes > 1)
	}
	return codes
}

// gatherCodes adds up what the codes of lists with hits said in reports. Whose each result is is in from.
func (t *tally) gatherCodes(all []codeEvidence, reports []filter.Report, from []*sourceCounts) []codeEvidence {
	for i := range reports {
		for j := range reports[i].Results {
			result, c := &reports[i].Results[j], from[0]
			from = from[1:]
			if result.Kind != filter.List || len(result.Hits) == 0 && !result.Listed {
				continue
			}
			var e *codeEvidence
			for k := range result.Hits {
				hit := &result.Hits[k]
				octets := hit.Code
				if octets == others {
					octets = soleCode(result.Answers)
				}
				if all, e = t.aboutCode(all, c, octets); e != nil {
					e.add(reports[i].Phase, hit)
				}
			}
			if result.Listed {
				if all, e = t.aboutCode(all, c, soleCode(result.Answers)); e != nil {
					e.listed = true
				}
			}
		}
	}
	return all
}

// aboutCode finds the evidence of a code, beginning it where there is none yet; nil where its list's codes are not counted.
func (t *tally) aboutCode(all []codeEvidence, of *sourceCounts, octets [4]byte) ([]codeEvidence, *codeEvidence) {
	r := t.code(of, octets)
	if r == nil {
		return all, nil
	}
	if r.at >= len(all) || all[r.at].codeRow != r {
		r.at = len(all)
		all = append(all, codeEvidence{evidence{sourceCounts: of}, r})
	}
	return all, &all[r.at]
}

// code returns what is counted of a list's code; nil where nothing is.
func (t *tally) code(of *sourceCounts, octets [4]byte) *codeRow {
	for _, r := range of.codes {
		if r.octets == octets {
			return r
		}
	}
	as, ok := t.toldCodes.find(of.name, octets)
	if !ok {
		t.totals[uncounted]++
		return nil
	}
	if as != octets { // there is no room for it
		return t.code(of, as)
	}
	r := &codeRow{octets: octets}
	of.codes = append(of.codes, r)
	return r
}

// soleCode is the code of all answers, where they have but one.
func soleCode(answers []filter.Answer) (sole [4]byte) {
	for i := range answers {
		for _, addr := range answers[i].Codes {
			if !addr.Is4() || sole != others && addr.As4() != sole {
				return others
			}
			sole = addr.As4()
		}
	}
	return sole
}

// isHit tells whether a code hit. That a rule looks at what is listed is worth a hit where the list has nothing else to say.
func (c *codeEvidence) isHit(of *evidence) bool {
	return c.counts || c.listed && !c.shadow && !c.favours && !of.observed && !of.favours
}

func (c *codeEvidence) onlyObserved() bool { return c.shadow && !c.counts }

// creditCodes counts whose merit among a list's codes a message is, and whose doubt. What the lists have is in all, and judged.
func creditCodes(v *filter.Verdict, all []evidence, codes []codeEvidence) {
	for i := range codes {
		c := &codes[i]
		of, r := c.saidIn(all), c.codeRow
		r.count(codeUnique, of.unique && c.counts)
		r.count(codeObservedUnique, of.shadowUnique && c.onlyObserved())
		r.count(codeDecisive, isCaught(v) && !reaches(v.Total-c.points, v.Threshold) && !demandedWithout(c, all, codes))
		r.count(codeWeighed, of.weighed && (c.counts || c.shadow))
		r.count(codeDoubtful, of.doubtful && (c.counts || c.shadow))
	}
}

// demandedWithout tells whether somebody else demands that a message is caught, another code of the list among them.
func demandedWithout(c *codeEvidence, all []evidence, codes []codeEvidence) bool {
	for i := range all {
		if e := &all[i]; e.kind != filter.Entry && e.sourceCounts != c.sourceCounts && e.action >= filter.Tag {
			return true
		}
	}
	for i := range codes {
		if other := &codes[i]; other.sourceCounts == c.sourceCounts && other.codeRow != c.codeRow && other.action >= filter.Tag {
			return true
		}
	}
	return false
}

// codeCounters adds what was counted of a list's codes to counters by name.
func (c *sourceCounts) codeCounters(into map[string]int64) {
	add := func(octets [4]byte, counts *codeCounts) {
		for f, n := range counts {
			if n != 0 {
				into[code{c.name, octets}.counter(codeFigure(f))] += n
			}
		}
	}
	for _, r := range c.codes {
		add(r.octets, &r.codeCounts)
	}
	add(several, &c.several)
}

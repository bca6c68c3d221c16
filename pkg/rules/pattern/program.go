package pattern

import "unsafe"

// A program is a tree made ready to run: steps that name the step which follows them, so that a branch joins its
// continuation without a jump.
type program struct {
	steps    []step
	entry    int
	sets     []set
	texts    []string
	forks    []*fork
	targets  []int32 // of the forks' branches
	first    first   // where a match can begin
	refs     [][]int // groups of back-references
	regs     int     // registers: two for each group, then those of loops
	choices  int     // steps with a number for the memory of a run; see memory
	stateful bool    // what a step can lead to depends on more than itself and the place in the text
}

// A step is one thing to do at a place in the text. Which fields mean something depends on what it does.
type step struct {
	do     do
	mode   mode
	fold   bool  // doBackRef: in either case; doCount: a turn may take nothing; doRun: a line begins behind it
	octet  byte  // doSplit: which branches can match at the end of the text
	choice int32 // number among the program's choices; -1 is none
	then   int32 // step that follows
	other  int32 // doSplit: the branch that is tried second; doLook, doAtomic, doCount: the one inside; doTurn: the way out
	arg    int32 // index of a set, text, fork, register or back-reference; doSplit: set that the first branch begins with
	follow int32 // doRun: set that the octet behind it is of; -1 is any. doSplit: set that the second branch begins with.
	// doCount: octets that as many turns take as there must be
	min, max int32 // times; doLook: octets that a lookbehind looks back
}

type do uint8

const (
	doFail   do = iota
	doOctet     // one octet
	doSet       // one octet of a set
	doText      // a text
	doFold      // a text in any case
	doRun       // a set, several times
	doSplit     // one branch or the other
	doFork      // one of many branches, by the next octet
	doEnd       // the pattern has matched
	doDone      // what is inside a lookahead or an atomic group has matched
	doBehind    // the same of a lookbehind, if it ends where it was asked
	doHold      // an assertion: arg is its op
	doSave      // note the place in a register
	doClose     // a group has matched: arg is its register, min that of its beginning
	doTurn      // another turn of a loop, unless this one took nothing
	doZero      // begin to count
	doCount     // another turn of a counted loop, or none
	doLook
	doLookNot
	doAtomic
	doBackRef
)

// A fork leads by the next octet to those of its branches that can match there. Many have the same form, which a program
// keeps once.
type fork struct {
	by    [257]uint8 // list for each octet; 256 is for the end of the text
	lists [][]uint8  // branches by number, in order
	all   []uint8    // branches that any octet leads to
}

const endOfText = 256

// Branches of a split that can match at the end of the text.
const (
	endThen = 1 << iota
	endOther
)

// A first tells what can stand where a step is tried, if what begins with it is to match: an octet of the set, or,
// perhaps, the end of the text.
type first struct {
	set set
	end bool
}

var anything = first{anySet, true}

func (f first) or(g first) first { return first{f.set.union(g.set), f.end || g.end} }

func (f first) and(g first) first { return first{f.set.both(g.set), f.end && g.end} }

// size is about how many octets the program takes.
func (p *program) size() int {
	n := len(p.steps)*int(unsafe.Sizeof(step{})) + len(p.sets)*int(unsafe.Sizeof(set{})) + 4*len(p.targets)
	for _, text := range p.texts {
		n += 16 + len(text)
	}
	seen := map[*fork]bool{}
	for _, f := range p.forks {
		if n += 8; !seen[f] {
			seen[f] = true
			n += int(unsafe.Sizeof(fork{})) + len(f.all)
			for _, list := range f.lists {
				n += 24 + len(list)
			}
		}
	}
	return n
}

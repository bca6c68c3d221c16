package pattern

// A node is a piece of a parsed pattern.
type node struct {
	op     op
	at     int     // where it stands in the source
	set    set     // opOctet: what it matches
	subs   []*node // opConcat, opAlternate: all; opRepeat, opGroup, opLook, opAtomic: the one inside
	min    int     // opRepeat
	max    int     // opRepeat: -1 is without end
	mode   mode    // opRepeat
	behind bool    // opLook: lookbehind
	not    bool    // opLook: negative
	group  int     // opGroup: its number, from 1; 0 where nobody asks what it captured
	refs   []int   // opBackRef: the groups meant, of which the first that matched counts
	fold   bool    // opBackRef: in either case
	least  int     // octets that any match takes; set by measure
	most   int     // octets that no match exceeds; unbounded is -1; set by measure

	// What was found out, for a node that stands in several places.
	simple   *node
	measured bool
	literals *literals
}

type op uint8

const (
	opEmpty     op = iota // matches nothing, always
	opNever               // matches nothing, never
	opOctet               // one octet out of a set
	opConcat              // one after the other
	opAlternate           // the first that does
	opRepeat
	opGroup     // parentheses that capture
	opTextStart // \A, ^ without /m
	opLineStart // ^ with /m
	opTextEnd   // $ without /m, \Z: at the end, or before a line end there
	opLineEnd   // $ with /m
	opVeryEnd   // \z
	opBoundary  // \b
	opInside    // \B
	opLook      // lookahead and lookbehind
	opAtomic    // (?>...)
	opBackRef
	opKeep // \K: the match begins here
)

type mode uint8

const (
	greedy mode = iota
	lazy
	possessive
)

// assertions is a set of ops: those that hold.
type assertions uint32

func holding(ops ...op) (a assertions) {
	for _, o := range ops {
		a |= 1 << o
	}
	return a
}

var (
	atStart    = holding(opTextStart, opLineStart)
	atEnd      = holding(opTextEnd, opLineEnd)
	atGoodLuck = ^assertions(0)
)

// nullable tells whether n can match without taking an octet where those assertions hold, and only those.
func nullable(n *node, holds assertions) bool {
	switch n.op {
	case opEmpty:
		return true
	case opOctet, opNever:
		return false
	case opConcat:
		for _, sub := range n.subs {
			if !nullable(sub, holds) {
				return false
			}
		}
		return true
	case opAlternate:
		for _, sub := range n.subs {
			if nullable(sub, holds) {
				return true
			}
		}
		return false
	case opRepeat:
		return n.min == 0 || nullable(n.subs[0], holds)
	case opGroup, opAtomic:
		return nullable(n.subs[0], holds)
	}
	return n.op == opKeep || holds&(1<<n.op) != 0
}

// zeroWidth tells whether n never takes an octet.
func zeroWidth(n *node) bool {
	switch n.op {
	case opOctet, opNever, opBackRef:
		return false
	case opRepeat:
		return n.max == 0 || zeroWidth(n.subs[0])
	case opConcat, opAlternate, opGroup, opAtomic:
		for _, sub := range n.subs {
			if !zeroWidth(sub) {
				return false
			}
		}
	}
	return true
}

const unbounded = -1

// measure sets how many octets each node of the tree can take.
func measure(n *node) {
	if n.measured {
		return
	}
	n.measured = true
	for _, sub := range n.subs {
		measure(sub)
	}
	n.least, n.most = 0, 0
	switch n.op {
	case opOctet, opNever:
		n.least, n.most = 1, 1
	case opBackRef:
		n.most = unbounded
	case opConcat:
		for _, sub := range n.subs {
			n.least = min(n.least+sub.least, maxWidth)
			n.most = plus(n.most, sub.most)
		}
	case opAlternate:
		n.least = n.subs[0].least
		for _, sub := range n.subs {
			n.least = min(n.least, sub.least)
			if n.most != unbounded && sub.most != unbounded {
				n.most = max(n.most, sub.most)
			} else {
				n.most = unbounded
			}
		}
	case opGroup, opAtomic:
		n.least, n.most = n.subs[0].least, n.subs[0].most
	case opRepeat:
		sub := n.subs[0]
		n.least = min(n.min*sub.least, maxWidth)
		switch {
		case sub.most == 0 || n.max == 0:
		case n.max < 0 || sub.most == unbounded || n.max*sub.most > maxWidth:
			n.most = unbounded
		default:
			n.most = n.max * sub.most
		}
	}
}

// maxWidth is from where a width is as good as unbounded.
const maxWidth = 1 << 24

func plus(a, b int) int {
	if a == unbounded || b == unbounded || a+b > maxWidth {
		return unbounded
	}
	return a + b
}

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
	what   string  // for messages: the construct as the manual writes it
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
	return holds&(1<<n.op) != 0
}

// zeroWidth tells whether n never takes an octet.
func zeroWidth(n *node) bool {
	switch n.op {
	case opOctet, opNever, opBackRef:
		return false
	case opConcat, opAlternate, opRepeat, opGroup, opAtomic:
		for _, sub := range n.subs {
			if !zeroWidth(sub) {
				return false
			}
		}
	}
	return true
}

// foldsThroughout tells whether no set in the tree tells a letter's two cases apart. It is not asked which flags the
// pattern has: /\d+-\d+/ folds, too.
func foldsThroughout(n *node) bool {
	if n.op == opOctet {
		return n.set == n.set.anyCase()
	}
	for _, sub := range n.subs {
		if !foldsThroughout(sub) {
			return false
		}
	}
	return true
}

package pattern

// simplify returns a tree that matches the same, in the same order, with less in it: groups whose capture nobody asks for
// are gone, sequences and alternatives that stand directly within others are part of them, neighbouring branches of one
// octet are one set, and what neighbouring branches begin with stands before them once. The last two make of a replaced
// tag's thirty branches, and of a list of words, a tree that the first octet leads through.
func simplify(n *node, captured []bool) *node {
	if n.simple == nil {
		n.simple = simplified(n, captured)
		n.simple.simple = n.simple
	}
	return n.simple
}

func simplified(n *node, captured []bool) *node {
	for i, sub := range n.subs {
		n.subs[i] = simplify(sub, captured)
	}
	switch n.op {
	case opGroup:
		if n.group == 0 || !captured[n.group] {
			return n.subs[0]
		}
	case opConcat:
		return sequence(n.at, n.subs)
	case opAlternate:
		return branches(n.at, n.subs)
	case opRepeat:
		if n.min == 1 && n.max == 1 && n.mode != possessive {
			return n.subs[0]
		}
	}
	return n
}

// sequence is one node after the other.
func sequence(at int, subs []*node) *node {
	flat := make([]*node, 0, len(subs))
	for _, sub := range subs {
		switch sub.op {
		case opConcat:
			flat = append(flat, sub.subs...)
		case opEmpty:
		default:
			flat = append(flat, sub)
		}
	}
	switch len(flat) {
	case 0:
		return &node{op: opEmpty, at: at}
	case 1:
		return flat[0]
	}
	return &node{op: opConcat, at: at, subs: flat}
}

// branches is one node or the other.
func branches(at int, subs []*node) *node {
	flat := make([]*node, 0, len(subs))
	for _, sub := range subs {
		inner := []*node{sub}
		if sub.op == opAlternate {
			inner = sub.subs
		}
		for _, branch := range inner {
			last := len(flat) - 1
			switch {
			case last < 0 || branch.op != flat[last].op:
				flat = append(flat, branch)
			case branch.op == opOctet:
				flat[last] = &node{op: opOctet, at: branch.at, set: flat[last].set.union(branch.set)}
			case branch.op != opEmpty: // where one has failed, so does the next
				flat = append(flat, branch)
			}
		}
	}
	flat = factored(flat)
	if len(flat) == 1 {
		return flat[0]
	}
	return &node{op: opAlternate, at: at, subs: flat}
}

// factored takes out the octets that neighbouring branches begin with: abc|abd|x becomes ab(?:c|d)|x, and so on inwards.
// Their order stays, so that the first to match is the same. All that a group of branches has in common goes at once: words
// that differ at their ends alone would otherwise be copied for each of their octets.
func factored(subs []*node) []*node {
	var all []*node
	for i := 0; i < len(subs); {
		first, j := octetOf(subs[i], 0), i+1
		for first != nil && j < len(subs) && sameOctet(first, octetOf(subs[j], 0)) {
			j++
		}
		if j == i+1 {
			all = append(all, subs[i])
		} else {
			common := commonOctets(subs[i:j])
			rests := make([]*node, 0, j-i)
			for _, sub := range subs[i:j] {
				rests = append(rests, behindOctets(sub, len(common)))
			}
			all = append(all, sequence(first.at, append(common, branches(first.at, rests))))
		}
		i = j
	}
	return all
}

// commonOctets returns the octets that all nodes begin with.
func commonOctets(subs []*node) []*node {
	var common []*node
	for {
		octet := octetOf(subs[0], len(common))
		if octet == nil {
			return common
		}
		for _, sub := range subs[1:] {
			if !sameOctet(octet, octetOf(sub, len(common))) {
				return common
			}
		}
		common = append(common, octet)
	}
}

func sameOctet(a, b *node) bool { return a != nil && b != nil && a.set == b.set }

// octetOf is what n has at a place, from 0, if it is an octet; otherwise it is nil.
func octetOf(n *node, place int) *node {
	switch {
	case n.op == opConcat && place < len(n.subs):
		n = n.subs[place]
	case place > 0:
		return nil
	}
	if n.op != opOctet {
		return nil
	}
	return n
}

// behindOctets is n without the first of its octets.
func behindOctets(n *node, octets int) *node {
	switch {
	case n.op == opOctet || len(n.subs) == octets:
		return &node{op: opEmpty, at: n.at}
	case len(n.subs) == octets+1:
		return n.subs[octets]
	}
	return &node{op: opConcat, at: n.at, subs: n.subs[octets:]}
}

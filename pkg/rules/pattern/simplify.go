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
			if last := len(flat) - 1; last >= 0 && branch.op == opOctet && flat[last].op == opOctet {
				flat[last] = &node{op: opOctet, at: branch.at, set: flat[last].set.union(branch.set)}
				continue
			}
			flat = append(flat, branch)
		}
	}
	flat = factored(flat)
	if len(flat) == 1 {
		return flat[0]
	}
	return &node{op: opAlternate, at: at, subs: flat}
}

// factored takes out the octet that neighbouring branches begin with: abc|abd|x becomes a(?:bc|bd)|x, and so on inwards.
// Their order stays, so that the first to match is the same.
func factored(subs []*node) []*node {
	var all []*node
	for i := 0; i < len(subs); {
		first, j := opening(subs[i]), i+1
		for first != nil && j < len(subs) {
			if next := opening(subs[j]); next == nil || next.set != first.set {
				break
			}
			j++
		}
		if j == i+1 {
			all = append(all, subs[i])
		} else {
			rests := make([]*node, 0, j-i)
			for _, sub := range subs[i:j] {
				rests = append(rests, behindOpening(sub))
			}
			all = append(all, sequence(first.at, []*node{first, branches(first.at, rests)}))
		}
		i = j
	}
	return all
}

// opening is the octet that n begins with, nil where it begins with something else.
func opening(n *node) *node {
	if n.op == opConcat {
		n = n.subs[0]
	}
	if n.op != opOctet {
		return nil
	}
	return n
}

func behindOpening(n *node) *node {
	if n.op == opOctet {
		return &node{op: opEmpty, at: n.at}
	}
	if len(n.subs) == 2 {
		return n.subs[1]
	}
	return &node{op: opConcat, at: n.at, subs: n.subs[1:]}
}

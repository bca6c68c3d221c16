package rules

// Lint returns what Load lets pass without a word, and an author of rules wants to know: nothing of it changes what the
// rules do. The faults that Load found are not repeated.
func (s *Set) Lint() []Fault {
	l := ledger{lint: true}
	for _, f := range s.stray {
		l.add(place{f.File, f.Line}, f.Severity, f.Rule, f.What, f.Remedy)
	}
	used := s.used()
	for i, rule := range s.rules {
		warn := func(what, remedy string) { l.add(place{rule.File, rule.Line}, Warning, rule.Name, what, remedy) }
		switch {
		case !subrule(rule.Name) && rule.Describe == "":
			warn("no description", "write: describe "+rule.Name+" what it means that the rule hits")
		case subrule(rule.Name) && !used[i]:
			warn("no other rule asks for this subrule", "is its name right there?")
		case subrule(rule.Name) && rule.Score != 0 && rule.Score != defaultScore(rule.Name, rule.Flags):
			warn("a score has no effect on a subrule", "take the score out, or the __ off its name")
		}
		if silent := rule.silent(); silent != "" && silent != networkOff && !rule.off {
			l.add(place{rule.File, rule.Line}, Ignored, rule.Name, "it never hits: "+silent, "")
		}
		if rule.expr != nil && !rule.broken && rule.why != "" && rule.Score != 0 {
			warn(rule.why+": it never hits", "give that a score, or write this meta without it")
		}
		if rule.Flags.MaxHits > 0 && !rule.Flags.Multiple {
			warn("tflags: maxhits has no effect without multiple", "")
		}
		if rule.expr != nil {
			rule.expr.emptyGlobs(func(glob string) { warn("rules_matching("+glob+"): no rule has such a name", "") })
		}
		for _, text := range rule.unread {
			warn("this does not count: "+text, "each key may have one condition, key =~ /pattern/, that ends with white space")
		}
		if rule.Flags.NoSubject && rule.Type != Body {
			warn("tflags: nosubject has no effect on a "+rule.Type.String()+" rule", "")
		}
	}
	return l.all()
}

// used tells for each rule whether another needs it: a meta that names it, or a pattern that uses its tag.
func (s *Set) used() []bool {
	used := make([]bool, len(s.rules))
	for _, rule := range s.rules {
		rule.below(func(i int) { used[i] = true })
	}
	return used
}

// emptyGlobs calls f for each rules_matching in e that stands for no rule.
func (e *expr) emptyGlobs(f func(glob string)) {
	if e.op == opSum && len(e.args) == 0 {
		f(e.name)
	}
	for i := range e.args {
		e.args[i].emptyGlobs(f)
	}
}

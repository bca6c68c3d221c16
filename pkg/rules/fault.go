package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"winnow/pkg/dns"
)

// A Fault is something wrong with the rules, and where.
type Fault struct {
	File     string   `json:"file"`           // as its folder is named, and the path within
	Line     int      `json:"line,omitempty"` // from 1; 0 where it is about the whole file
	Rule     string   `json:"rule,omitempty"` // "" where it is about no rule
	What     string   `json:"what"`
	Remedy   string   `json:"remedy,omitempty"` // what to do about it, "" where that is plain
	Severity Severity `json:"severity"`
}

// A Severity is how bad a fault is.
type Severity uint8

const (
	Ignored Severity = iota + 1 // good SpamAssassin, of no use here: nothing is lost for content rules
	Warning                     // it works, and may not do what was meant
	Broken                      // the line has no effect; a rule it defines does not exist
)

func (s Severity) String() string { return [...]string{"", "ignored", "warning", "fault"}[s] }

// MarshalText writes the severity as its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String writes the fault as "file:line: NAME: what; remedy".
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	b.WriteString(": ")
	if f.Severity != Broken {
		b.WriteString(f.Severity.String() + ": ")
	}
	if f.Rule != "" {
		b.WriteString(f.Rule + ": ")
	}
	b.WriteString(f.What)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Error makes a Fault an error of the same words.
func (f Fault) Error() string { return f.String() }

// Worst returns the highest severity among faults, 0 for none.
func Worst(faults []Fault) Severity {
	worst := Severity(0)
	for _, f := range faults {
		worst = max(worst, f.Severity)
	}
	return worst
}

// place is where something stands.
type place struct {
	file string
	line int
}

// A ledger collects faults, without the keys of subscribers that stand in the lines which it quotes. Beyond its limit it only takes what is Broken, up to as many again. When it is full nothing more
// is read: that is no rule file.
type ledger struct {
	faults  []Fault
	dropped int
	worst   Severity // of the dropped
	lint    bool     // they are of what was read: being full is no end of that
}

func (l *ledger) add(at place, severity Severity, rule, what, remedy string) {
	if n := len(l.faults); n >= 2*maxFaults || n >= maxFaults && severity != Broken {
		l.dropped++
		l.worst = max(l.worst, severity)
		return
	}
	l.faults = append(l.faults, Fault{File: at.file, Line: at.line, Rule: rule, What: dns.HideKeys(what), Remedy: remedy, Severity: severity})
}

func (l *ledger) full() bool { return len(l.faults) >= 2*maxFaults }

// all returns the faults, file by file in the order in which the files came up, with one at the end for those that were too
// many.
func (l *ledger) all() []Fault {
	order := map[string]int{}
	for _, f := range l.faults {
		if _, known := order[f.File]; !known {
			order[f.File] = len(order)
		}
	}
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(order[a.File], order[b.File]), cmp.Compare(a.Line, b.Line))
	})
	if l.full() && !l.lint {
		return append(l.faults, Fault{File: "...", What: "there are too many faults: nothing more was read", Remedy: "are these rule files?", Severity: Broken})
	}
	if l.dropped == 0 {
		return l.faults
	}
	return append(l.faults, Fault{File: "...", What: fmt.Sprintf("%d more are not shown", l.dropped), Severity: l.worst})
}

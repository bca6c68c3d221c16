package app

import (
	"winnow/pkg/dns"
	"winnow/pkg/dnslist"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// otherLists is the name under which what is no list of the configuration is watched, all together: zones that only rules
// ask, whose names may hold somebody's key, and lists that a reload took out.
const otherLists = "*"

// sourceFigures tells what each list of the configuration did, and the content rules as a whole.
func sourceFigures(totals stats.Totals, states []dnslist.State, known []stats.List) (lists []web.ListFigures, ruleHits web.Hits) {
	health := map[string]string{}
	for i := range states {
		health[states[i].List] = string(states[i].Health)
	}
	names := map[string]bool{}
	for _, l := range known {
		names[l.Name] = true
	}
	other := web.ListFigures{Name: otherLists, Failures: map[string]int64{}}
	for i := range totals.Report.Sources {
		row := &totals.Report.Sources[i]
		switch {
		case row.Kind != "list":
			ruleHits = hitsOf(row)
		case names[row.Name]:
			l := listFigures(row, totals.Lists[row.Name])
			l.Name, l.Health = row.Name, health[row.Name]
			lists = append(lists, l)
		default:
			addList(&other, listFigures(row, totals.Lists[row.Name]))
		}
	}
	return append(lists, other), ruleHits
}

func listFigures(row *stats.Row, took stats.Histogram) web.ListFigures {
	return web.ListFigures{
		Asked: row.Asked, Cached: row.Cached, Refusals: row.Refusals, Hits: hitsOf(row), Took: web.Histogram(took),
		Failures: map[string]int64{"error": row.Errors, "refused": row.Refused, "bogus": row.Bogus, "unknown": row.Unknown},
	}
}

func hitsOf(row *stats.Row) web.Hits {
	return web.Hits{All: row.Hits, Unique: row.Unique, Decisive: row.Decisive, Doubtful: row.Doubtful}
}

func addList(to *web.ListFigures, l web.ListFigures) {
	to.Asked += l.Asked
	to.Cached += l.Cached
	to.Refusals += l.Refusals
	to.Hits.All += l.Hits.All
	to.Hits.Unique += l.Hits.Unique
	to.Hits.Decisive += l.Hits.Decisive
	to.Hits.Doubtful += l.Hits.Doubtful
	for reason, n := range l.Failures {
		to.Failures[reason] += n
	}
	if to.Took.Counts == nil {
		to.Took = l.Took
		return
	}
	to.Took.Sum += l.Took.Sum
	for i, n := range l.Took.Counts {
		to.Took.Counts[i] += n
	}
}

func ruleFigures(a *App) web.RuleFigures {
	state := a.RuleState()
	return web.RuleFigures{
		Loaded: state.Rules, Running: state.Running, Faults: state.Faults, Since: state.Since, ReloadRefused: state.Refused != nil,
		GivenUp: ruleCounts(state.Bounded), Panicked: ruleCounts(state.Failed),
	}
}

func ruleCounts(all []rules.RuleCount) map[string]int64 {
	by := map[string]int64{}
	for i := range all {
		by[all[i].Rule] = all[i].Times
	}
	return by
}

func dnsFigures(s dns.Stats) web.DNSFigures {
	return web.DNSFigures{
		Questions: s.Questions, Sent: s.Sent, Retries: s.Retries, TCP: s.TCP,
		Answered: map[string]uint64{"memory": s.HitsLocal, "shared": s.HitsShared, "joined": s.Joined, "suppressed": s.Suppressed},
		Failures: map[string]uint64{
			"timeout": s.Timeouts, "network": s.Networks, "servfail": s.ServFails, "refused": s.Refusals,
			"malformed": s.Malformed, "rcode": s.Rcodes,
		},
		SharedErrors: s.SharedErrors, SharedDropped: s.SharedDropped,
	}
}

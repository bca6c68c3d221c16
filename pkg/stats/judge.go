package stats

import "winnow/pkg/filter"

// evidence is what one source said about one message, over all its results.
type evidence struct {
	*sourceCounts

	counts  bool // it has a hit against the message that has effect
	shadow  bool // it has one that is only observed
	favours bool // it has one for the message
	listed  bool // it lists something of the message, whatever that is worth

	points, shadowPoints float64
	demand               filter.Action // the strongest that a hit demands on its own
	action               filter.Action // the same, without what is demanded of the connection
	shadowAction         filter.Action

	hit, observed        bool // see judge
	unique, shadowUnique bool
	decisive, doubtful   bool
	weighed              bool // it could have been doubtful
	byCodes              int  // how many of a list's return codes hit
}

// gather adds up what sources with hits said in reports. Whose each result is is in from.
func gather(all []evidence, reports []filter.Report, from []*sourceCounts) []evidence {
	for i := range reports {
		for j := range reports[i].Results {
			result, c := &reports[i].Results[j], from[0]
			from = from[1:]
			if !result.Listed && len(result.Hits) == 0 {
				continue
			}
			var e *evidence
			all, e = c.about(all)
			e.listed = e.listed || result.Listed
			for k := range result.Hits {
				e.add(reports[i].Phase, &result.Hits[k])
			}
		}
	}
	return all
}

// about finds the evidence of a source, beginning it where there is none yet.
func (c *sourceCounts) about(all []evidence) ([]evidence, *evidence) {
	if e := c.saidIn(all); e != nil {
		return all, e
	}
	c.at = int32(len(all))
	all = append(all, evidence{sourceCounts: c})
	return all, &all[c.at]
}

// saidIn finds the evidence of a source; nil where there is none. Where it would be was noted when one was begun, perhaps for an
// earlier message.
func (c *sourceCounts) saidIn(all []evidence) *evidence {
	if int(c.at) < len(all) && all[c.at].sourceCounts == c {
		return &all[c.at]
	}
	return nil
}

func (e *evidence) add(phase filter.Phase, hit *filter.Hit) {
	speaksFor := hit.Score < 0 || hit.Action == filter.Accept
	switch {
	case hit.Observe:
		e.shadow = e.shadow || !speaksFor || e.kind == filter.Entry
		e.shadowPoints += hit.Score
		e.shadowAction = max(e.shadowAction, hit.Action)
		return
	case hit.Standing == filter.Held:
		return // what it comes to is said in the proof phase
	case e.kind == filter.Entry:
		e.counts = true // an entry gives a standing, not points
	case hit.Counts():
		e.counts = true
	case speaksFor:
		e.favours = true
	}
	e.points += hit.Score
	e.demand = max(e.demand, hit.Action)
	if !(phase == filter.Connect && hit.Action >= filter.Defer) { // that was spoken, or spared, at RCPT
		e.action = max(e.action, hit.Action)
	}
}

// judge says whose merit a message is. It is the one place where that is defined:
//
//   - A list hits when it lists the message's client, a domain or a URI. The content rules as a whole hit when they alone
//     would have it caught: by their points, or because one of them demands it.
//   - unique: the message was caught, and this source alone hit it.
//   - decisive: the message was caught, and would not have been without this source's points and demands.
//   - doubtful: the source hit a message that somebody wants: see wanted. It is a share of those weighed, in which
//     somebody could have.
//
// A source that is only observed stands outside: it takes nothing from others, and what it would have hit counts as its
// own when no source hit it. Several observed sources do not take from each other either.
func judge(v *filter.Verdict, all []evidence) {
	settle(v, all)
	hitting, demanding := 0, 0
	for i := range all {
		if all[i].kind == filter.Entry {
			continue
		}
		if all[i].hit {
			hitting++
		}
		if all[i].action >= filter.Tag {
			demanding++
		}
	}
	weighed := couldBeWanted(v)
	wanted := weighed && wanted(v)
	for i := range all {
		e := &all[i]
		if e.kind == filter.Entry {
			continue
		}
		e.weighed = weighed && (e.hit || e.observed)
		e.doubtful = wanted && e.weighed
		e.shadowUnique = v.Class == filter.ClassScanned && e.observed && hitting == 0
		if !isCaught(v) {
			continue
		}
		e.unique = e.hit && hitting == 1
		others := demanding
		if e.action >= filter.Tag {
			others--
		}
		e.decisive = others == 0 && !reaches(v.Total-e.points, v.Threshold)
	}
}

// settle says which sources hit, and which would have were they not only observed.
func settle(v *filter.Verdict, all []evidence) {
	for i := range all {
		e := &all[i]
		e.hit, e.observed = e.counts, e.shadow && !e.counts
		if e.kind == filter.Rules {
			e.hit = suffices(v, e.points, e.action)
			e.observed = e.shadow && !e.hit && suffices(v, e.points+e.shadowPoints, max(e.action, e.shadowAction))
			e.favours = e.points < 0
		}
	}
}

// suffices tells whether points and a demand alone have a message caught.
func suffices(v *filter.Verdict, points float64, action filter.Action) bool {
	return v.Threshold > 0 && (reaches(points, v.Threshold) || action >= filter.Tag)
}

// reaches compares sums as the policy does: scores are decimal, and binary fractions must not turn 5.0 into 4.999.
func reaches(points, threshold float64) bool { return points >= threshold-1e-9 }

// couldBeWanted leaves out what was given up. A transaction that never became a message is weighed only where the
// connection was refused: that may have been a correspondent's.
func couldBeWanted(v *filter.Verdict) bool {
	return v.Class != filter.NoMessage || v.Connection.Refused()
}

// wanted tells whether a recipient's whitelist wants the message.
func wanted(v *filter.Verdict) bool {
	for i := range v.Recipients {
		if v.Recipients[i].Standing == filter.Whitelisted {
			return true
		}
	}
	return false
}

// hits counts which sources hit.
func countHits(all []evidence) {
	for i := range all {
		e := &all[i]
		e.count(hits, e.hit || e.listed && !e.observed && !e.favours)
		e.count(observed, e.observed)
		e.count(favours, e.favours)
	}
}

// credit counts whose merit a message is, and whose doubt.
func credit(all []evidence) {
	for i := range all {
		e := &all[i]
		e.count(unique, e.unique)
		e.count(observedUnique, e.shadowUnique)
		e.count(decisive, e.decisive)
		e.count(doubtful, e.doubtful)
		e.count(weighed, e.weighed)
	}
}

func (r *row) count(f figure, yes bool) {
	if yes {
		r[f]++
	}
}

package page

// A doubt is how many hits were on mail that somebody wants, what part of those that can be weighed, in percent, and between
// which that lies 95 times in 100.
type doubt struct {
	N, Of            int64
	Share, Low, High float64
	Top              float64 // where the scale of the picture ends, in percent
}

// An interval is where a share lies, on a scale to 100.
type interval struct{ Low, Width, At string }

// Interval is the doubt as a picture; nil where there is nothing to weigh.
func (d doubt) Interval() *interval {
	if d.Of == 0 || d.Top <= 0 {
		return nil
	}
	at := func(share float64) float64 { return 100 * min(share, d.Top) / d.Top }
	return &interval{units(at(d.Low)), units(max(1, at(d.High)-at(d.Low))), units(min(98, at(d.Share)))}
}

// doubtTop is where the scale of intervals ends of which the highest ends there.
func doubtTop(most float64) float64 {
	for _, top := range []float64{0.5, 1, 2, 5, 10, 20, 50} {
		if most <= top {
			return top
		}
	}
	return 100
}

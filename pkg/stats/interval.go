package stats

import "math"

// z95 is how many standard deviations to both sides of a normal distribution's mean hold 95 of 100.
const z95 = 1.959964

// interval is where a share lies 95 times in 100 when n of a sample of all have it, in percent to a hundredth: Wilson's
// score interval, which is right also for few, and for none: 0 of 10 says little (up to 27.75 %), 0 of 10,000 much (0.04 %).
func interval(n, of int64) (low, high float64) {
	if of <= 0 || n < 0 || n > of {
		return 0, 0
	}
	all, p := float64(of), float64(n)/float64(of)
	middle := p + z95*z95/(2*all)
	spread := z95 * math.Sqrt(p*(1-p)/all+z95*z95/(4*all*all))
	scale := 1 + z95*z95/all
	return hundredths(max(0, 100*(middle-spread)/scale)), hundredths(min(100, 100*(middle+spread)/scale))
}

func hundredths(f float64) float64 { return math.Round(100*f) / 100 }

package stats

// How people read figures, for whoever shows them elsewhere than in the tables of this package.

// Number writes a whole number with its thousands parted: 6,680,134.
func Number(n int64) string { return number(float64(n)) }

// Percents writes a share that is in percent already: 11.24 %.
func Percents(share float64) string { return percents(share) }

// PercentOf writes what part of a whole n is, nothing where there is no whole: 11.2 %.
func PercentOf(n, of int64) string { return percent(n, of) }

package eval

import "testing"

func TestNumber(t *testing.T) {
	for arg, want := range map[string]float64{
		"12": 12, "0.02": 0.02, ".5": 0.5, "-3": -3, "+7": 7, "1e3": 1000, "1e": 1, "12abc": 12, "abc": 0, "": 0, " 4 ": 4, "1.2.3": 1.2,
		"0x10": 0, "1_000": 1, "--1": 0, "inf": 0, "5-3": 5,
	} {
		if got := number(arg); got != want {
			t.Errorf("%q: got %v, want %v", arg, got, want)
		}
	}
}

package pattern

import "testing"

// TestPropertiesAreLookedUp shows that a pattern may ask for properties a thousand times: Unicode's tables are not gone
// through for each.
func TestPropertiesAreLookedUp(t *testing.T) {
	for _, name := range []string{"Dash", "Is_Dash", "Latin", "sc=Greek", "L", "Uppercase_Letter", "gc=Lu", "XPosixPunct", "Print", "Nonsense"} {
		ask := func() { propertySet(name, true) }
		if n := testing.AllocsPerRun(10, ask); n > 10 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

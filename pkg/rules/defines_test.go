package rules

import "testing"

// What a rule says, with or without points, nobody else need say; what no rule can say here, others may.
func TestDefines(t *testing.T) {
	const text = `
body   THERE  /x/
body   RESTS  /x/
score  RESTS  0
header ASKS   exists:From
tflags ASKS   net
body   BROKEN /(/
body   __SUB  /x/
`
	files := []Folder{mapFolder("rules", map[string]string{"test.cf": text})}
	for _, network := range []bool{true, false} {
		config := DefaultConfig()
		config.Network = network
		set, _ := Load(files, config)
		for name, want := range map[string]bool{"THERE": true, "RESTS": true, "ASKS": network, "BROKEN": false, "__SUB": true, "NOWHERE": false} {
			if got := set.Defines(name); got != want {
				t.Errorf("network %v: %s: got %v, want %v", network, name, got, want)
			}
		}
	}
}

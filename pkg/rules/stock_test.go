package rules

import (
	"os"
	"testing"
)

// TestStockRules loads SpamAssassin's own rules, where they are installed: without a fault, and with their tests passing.
func TestStockRules(t *testing.T) {
	if _, err := os.Stat(stockRules); err != nil {
		t.Skip("SpamAssassin's rules are not installed")
	}
	for _, network := range []bool{true, false} {
		config := DefaultConfig()
		config.Network = network
		set, faults := Load([]Folder{Dir(stockRules)}, config)
		for _, f := range faults {
			if f.Severity == Broken {
				t.Error(f)
			}
		}
		for _, result := range set.RunTests() {
			if result.Failure != "" || result.Skipped != "" && network {
				t.Error(result)
			}
		}
		for _, rule := range set.Coverage().Rules {
			if rule.Grade == Lost {
				t.Errorf("%s is lost: %s", rule.Name, rule.Reason)
			}
		}
	}
}

package eval

import "testing"

// TestCallers shows that every function says who may call it, and stands in the table once.
func TestCallers(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range plugins {
		for _, f := range p.functions {
			if f.Rules != HeaderRules && f.Rules != BodyRules && f.Rules != FullRules && f.Rules != AnyRules {
				t.Errorf("%s: called by %q rules", f.Name, f.Rules)
			}
			if seen[f.Name] {
				t.Errorf("%s is there twice", f.Name)
			}
			seen[f.Name] = true
		}
	}
	for name, want := range map[string]Callers{"check_rbl": HeaderRules, "check_dkim_valid": FullRules, "check_language": AnyRules, "check_uri_host_listed": HeaderRules, "pdf_count": BodyRules} {
		if f := allPlugins().Function(name); f == nil || f.Rules != want {
			t.Errorf("%s: %v, want %s", name, f, want)
		}
	}
}

func TestMay(t *testing.T) {
	for callers, want := range map[Callers]string{HeaderRules: "header", BodyRules: "body rawbody", FullRules: "full", AnyRules: "header body rawbody full"} {
		got := ""
		for _, kind := range words("header body rawbody full") {
			if callers.May(kind) {
				got += " " + kind
			}
		}
		if got != " "+want {
			t.Errorf("%s: called by%s, want %s", callers, got, want)
		}
	}
}

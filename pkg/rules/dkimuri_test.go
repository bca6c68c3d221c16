package rules

import (
	"slices"
	"testing"
)

// TestParseDKIMURIs shows that the domains of signatures are links for uri_detail rules, unless that is switched off.
func TestParseDKIMURIs(t *testing.T) {
	m := "DKIM-Signature: v=1; d=signer.example.com; b=x\n\nbody\n"
	for setting, want := range map[string]bool{"": true, "parse_dkim_uris 1": true, "parse_dkim_uris no": false} {
		set := mustLoad(t, "uri_detail SIGNER host =~ /signer/\nutil_rb_tld com\n"+setting+"\n")
		if got := slices.Contains(hitting(set, mustParse(t, m)), "SIGNER"); got != want {
			t.Errorf("%q: %v, want %v", setting, got, want)
		}
	}
	if _, faults := loadFiles(map[string]string{"a.cf": "parse_dkim_uris maybe\n"}); len(faults) != 1 {
		t.Errorf("faults: %v", faults)
	}
}

package app_test

import (
	"testing"

	"winnow/pkg/app"
	"winnow/pkg/whitelist"
)

// The shipped list is read as it is, and keeps the well-known domains out of a whitelist, and the trees above them.
func TestFreemail(t *testing.T) {
	f := app.Freemail()
	if f.Len() < 150 {
		t.Errorf("got %d domains, want 150 or more", f.Len())
	}
	path := t.TempDir() + "/whitelist"
	for entry, want := range map[string]bool{
		"gmail.com": false, "GMX.de": false, ".yahoo.co.jp": false, ".com": false, ".co.uk": false, "mail.ru auth:none": false, "qq.com": false, ".github.io": false,
		"friend@gmail.com": true, "example.com": true, ".example.com": true, ".user.github.io": true, "github.io": true,
	} {
		if _, err := whitelist.AddEntry(path, entry, whitelist.Whitelist(f)); (err == nil) != want {
			t.Errorf("whitelist, %s: got %v, want %v", entry, err, want)
		}
	}
	if _, err := whitelist.AddEntry(t.TempDir()+"/blacklist", "gmail.com", whitelist.Blacklist()); err != nil {
		t.Errorf("blacklist: got %v", err)
	}
}

package eval

import "testing"

func TestURIHostLists(t *testing.T) {
	s := settingsOf(t,
		"enlist_uri_host (MINE) Example.com !www.example.com 192.0.2.1 2001:db8::1",
		"enlist_uri_host (MINE)\tnet",
		"enlist_uri_host (OTHER) example.com example.org",
		"delist_uri_host (OTHER) !example.org",
		"delist_uri_host example.biz",
		"blocklist_uri_host bad.example !good.bad.example gone.example",
		"blacklist_uri_host worse.example",
		"delist_uri_host gone.example",
		"welcomelist_uri_host fine.example",
		"whitelist_uri_host finer.example",
	)
	tests := []struct {
		list, host string
		want       bool
	}{
		{"MINE", "example.com", true},
		{"MINE", "a.b.example.com", true},
		{"MINE", "www.example.com", false},
		{"MINE", "a.www.example.com", false},
		{"MINE", "anexample.com", false},
		{"MINE", "a.net", true},
		{"MINE", "192.0.2.1", true},
		{"MINE", "192.0.2.11", false},
		{"MINE", "[2001:db8::1]", true},
		{"MINE", "", false},
		{"OTHER", "example.com", true},
		{"OTHER", "example.org", false},
		{"BLOCK", "x.bad.example", true},
		{"BLOCK", "good.bad.example", false},
		{"BLOCK", "worse.example", true},
		{"BLOCK", "gone.example", false},
		{"WELCOME", "fine.example", true},
		{"WELCOME", "finer.example", true},
		{"MINE", "a.b.c.d.e.f.g.h.i.j.k.example.com", true},
	}
	for _, tt := range tests {
		if got := listed(s.uriHosts[tt.list], tt.host); got != tt.want {
			t.Errorf("%s, %q: got %v, want %v", tt.list, tt.host, got, tt.want)
		}
	}
}

// Of a long name only the last parts are looked up.
func TestURIHostLevels(t *testing.T) {
	entries := map[string]bool{"1.2.3.4.5.6.7.8.9.10.11.12": true, "2.3.4.5.6.7.8.9.10.11.12": true}
	if listed(map[string]bool{"1.2.3.4.5.6.7.8.9.10.11.12": true}, "1.2.3.4.5.6.7.8.9.10.11.12") {
		t.Error("twelve levels are looked up")
	}
	if !listed(entries, "1.2.3.4.5.6.7.8.9.10.11.12") {
		t.Error("eleven levels are not looked up")
	}
}

func TestURIHostDirectives(t *testing.T) {
	all := allPlugins()
	for _, tt := range []struct{ key, value string }{
		{"enlist_uri_host", "example.com"}, {"enlist_uri_host", "(X)"}, {"enlist_uri_host", "(X)example.com"}, {"delist_uri_host", ""}, {"blocklist_uri_host", " "},
	} {
		if err := all.Directive(tt.key)(NewSettings(), tt.value); err == nil {
			t.Errorf("%s %q: no error", tt.key, tt.value)
		}
	}
	badCalls(t, "check_uri_host_listed")
}

func TestShortens(t *testing.T) {
	s := settingsOf(t, "url_shortener Short.example .page.link gone.example", "url_shortener_get www.got.example", "clear_url_shortener gone.example")
	tests := []struct {
		uri  string
		want bool
	}{
		{"http://short.example/abc", true},
		{"HTTPS://user:pw@Short.example:8080/abc", true},
		{"http://www.short.example/", true},
		{"http://short.example/", false},
		{"http://short.example", false},
		{"http://short.example:8080", false},
		{"http://short.example?abc", false},
		{"http://short.example/?abc", false},
		{"http://short.example/a?b", true},
		{"http://a.short.example/abc", false},
		{"http://a.page.link/", true},
		{"http://www.page.link/x", false},
		{"http://wwwa.page.link/x", false},
		{"http://a.b.page.link/x", false},
		{"http://page.link/x", false},
		{"http://www.got.example/", true},
		{"http://gone.example/x", false},
		{"ftp://short.example/abc", false},
		{"mailto:a@short.example", false},
	}
	for _, tt := range tests {
		if got := s.shortURL.shortens(tt.uri); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.uri, got, tt.want)
		}
	}
	if settingsOf(t, "url_shortener a.example", "clear_url_shortener ").shortURL.shortens("http://a.example/x") {
		t.Error("not cleared")
	}
}

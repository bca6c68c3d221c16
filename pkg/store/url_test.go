package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"winnow/pkg/store"
)

func TestURLString(t *testing.T) {
	for url, want := range map[store.URL]string{
		"memory:":                                      "memory:",
		"embedded:/var/lib/w@x.db":                     "embedded:/var/lib/w@x.db",
		"embedded:w.db":                                "embedded:w.db",
		"redis://h":                                    "redis://h",
		"redis://h:6380/2":                             "redis://h:6380/2",
		"redis://[2001:db8::1]:1/2":                    "redis://[2001:db8::1]:1/2",
		"redis://:hunter2@h":                           "redis://***@h",
		"redis://ann:hunter2@h/1":                      "redis://***@h/1",
		"redis://ann:hun@ter2@h":                       "redis://***@h",
		"rediss://ann:hunter2@h?ca=/etc/ca.pem":        "rediss://***@h?ca=/etc/ca.pem",
		"redis://h?password_file=/etc/pw":              "redis://h?password_file=/etc/pw",
		"redis-unix://ann:hunter2@/run/r.sock?db=1":    "redis-unix://***@/run/r.sock?db=1",
		"redis-cluster://:hunter2@a,b:7000,[::1]:7001": "redis-cluster://***@a,b:7000,[::1]:7001",
		"redis-sentinel://:hunter2@a,b/m/3?sentinel_password=hunter2":              "redis-sentinel://***@a,b/m/3?sentinel_password=***",
		"redis-sentinel://a/m?sentinel%5Fpassword=hunter2":                         "redis-sentinel://a/m?sentinel%5Fpassword=***",
		"redis-sentinel://a/m?sentinel_user=x&sentinel_password=hun@ter2":          "redis-sentinel://a/m?sentinel_user=x&sentinel_password=***",
		"redis-sentinel://a/m?sentinel_password=hunter2&sentinel_password=hunter2": "redis-sentinel://a/m?sentinel_password=***&sentinel_password=***",
	} {
		if faults := url.Validate(); len(faults) > 0 {
			t.Errorf("%s: %v", string(url), faults)
		}
		if got := url.String(); got != want {
			t.Errorf("%s: got %s, want %s", string(url), got, want)
		}
		text, err := json.Marshal(url)
		if all := fmt.Sprintf("%v %s %q %#v %s", url, url, url, url, text); strings.Contains(all, "hunter2") || err != nil {
			t.Errorf("%s: shows as %s, %v", string(url), all, err)
		}
	}
}

// TestURLBad gives URLs that are wrong, most of them by a password that is not written as it should be. Nothing of it
// may show in the error, nor when the URL is printed.
func TestURLBad(t *testing.T) {
	for _, url := range []store.URL{
		"", "redis", "hunter2", "hunter2:x", "redis:", "redis:h", "redis:/h", "redis://", "memory:x", "embedded:", "embedded://",
		"redis://:hunter2", "redis://h:0", "redis://h:65536", "redis://h:hunter2", "redis://a,b",
		"redis://hunter2@h", "redis://:hunter2/x@h", "redis://:hunter2?x@h", "redis://:hunter2%zz@h", "redis://ann:1234/hunter2@h",
		"redis-sentinel://ann:1234/hunter2@h/m", "redis://h/hunter2", "redis://h/-1", "redis://h/1/2", "redis-cluster://h/1",
		"redis-sentinel://h", "redis-sentinel://h/", "redis-sentinel:///m", "redis-unix://h/x", "redis-unix://", "redis-unix:///",
		"redis://h?hunter2", "redis://h?pasword=hunter2", "redis://h?a;b", "redis://h?sentinel_password=hunter2", "redis://h?ca=x",
		"rediss://h?cert=x", "rediss://h?key=x", "redis://h?db=2", "redis-unix:///run/r.sock?db=x", "redis://::1", "redis://[::1", "redis://h h",
		"redis://h?password_file=%zz", "redis://h?timeout=x", "redis://h?timeout=1ms", "redis://h?timeout=1h", "redis://h?timeout=",
	} {
		faults := url.Validate()
		if len(faults) == 0 {
			t.Errorf("%s: got no fault", string(url))
			continue
		}
		if all := fmt.Sprintf("%v %v %#v", faults[0], url, url); strings.Contains(all, "hunter2") || strings.Contains(all, "1234") {
			t.Errorf("%s: shows as %s", string(url), all)
		}
	}
}

func TestURLText(t *testing.T) {
	var url store.URL
	if err := url.UnmarshalText([]byte("redis://:hunter2@h")); err != nil || string(url) != "redis://:hunter2@h" {
		t.Errorf("got %q, %v, want the whole", string(url), err)
	}
	if none := store.URL(""); none.String() != "" {
		t.Errorf("no URL shows as %s", none)
	}
}

// FuzzURL looks for a URL that shows the password standing where a password stands.
func FuzzURL(f *testing.F) {
	f.Add("redis://:", "@h/1")
	f.Add("redis-sentinel://ann:", "@a,b:1/m?sentinel_password=x")
	f.Add("redis-sentinel://a/m?sentinel_password=", "&ca=x")
	f.Add("redis-unix://:", "@/run/r.sock")
	f.Add("redis://a:1/", "@h")
	const secret = "Hunter2Hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		head, _, isPassword := cutPassword(before)
		if !isPassword || !strings.Contains(after, "@") && !strings.Contains(head, "sentinel_password=") {
			t.Skip("no place of a password")
		}
		url := store.URL(before + secret + after)
		all := fmt.Sprintf("%v %#v", url, url)
		for _, fault := range url.Validate() {
			all += fault.Error()
		}
		if strings.Contains(all, secret) {
			t.Errorf("%q shows as %s", string(url), all)
		}
	})
}

// cutPassword tells whether a password would stand behind s: user and colon, or the parameter's name.
func cutPassword(s string) (head, user string, ok bool) {
	if strings.HasSuffix(s, "?sentinel_password=") || strings.HasSuffix(s, "&sentinel_password=") {
		return s, "", true
	}
	scheme, user, ok := strings.Cut(s, "://")
	return scheme, user, ok && strings.HasSuffix(user, ":") && strings.Count(user, ":") == 1 && !strings.ContainsAny(user, "/?@,") && strings.HasPrefix(scheme, "redis")
}

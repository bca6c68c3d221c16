package milter_test

import (
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/milter"
)

func TestDefaultConfigIsValid(t *testing.T) {
	c := milter.DefaultConfig()
	if faults := c.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
	if policy := filter.DefaultConfig(); c.MaxBody < policy.MaxSize {
		t.Errorf("max_body %d is below the policy's max_size %d: what is scanned would not be whole", c.MaxBody, policy.MaxSize)
	}
}

func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*milter.Config)
		want   string
	}{
		{"nowhere", func(c *milter.Config) { c.Listen = nil }, `listen: is empty; name at least one place, such as "inet:127.0.0.1:8895"`},
		{"no kind", func(c *milter.Config) { c.Listen = []string{"/run/s"} }, `listen: "/run/s": write "unix:/path" or "inet:host:port"`},
		{"other kind", func(c *milter.Config) { c.Listen = []string{"tcp:127.0.0.1:1"} }, `listen: "tcp:127.0.0.1:1": unknown kind "tcp"; there are unix, inet and inet6`},
		{"relative path", func(c *milter.Config) { c.Listen = []string{"unix:run/s"} }, `listen: "unix:run/s": the path must begin with /`},
		{"long path", func(c *milter.Config) { c.Listen = []string{"unix:/" + strings.Repeat("x", 107)} }, `*more than 107 octets*`},
		{"no port", func(c *milter.Config) { c.Listen = []string{"inet:127.0.0.1"} }, `*write "inet:host:port"*`},
		{"no host", func(c *milter.Config) { c.Listen = []string{"inet::8895"} }, `*name the address to listen at; 127.0.0.1 if Postfix is on this machine*`},
		{"no host, turned", func(c *milter.Config) { c.Listen = []string{"inet:8895@"} }, `*name the address to listen at*`},
		{"port", func(c *milter.Config) { c.Listen = []string{"inet:127.0.0.1:smtp"} }, `*"smtp" is no port*`},
		{"large port", func(c *milter.Config) { c.Listen = []string{"inet:127.0.0.1:65536"} }, `*"65536" is no port*`},
		{"mode", func(c *milter.Config) { c.SocketMode = 0 }, `socket_mode: 0000 lets nobody connect; 0660 lets owner and group`},
		{"failure", func(c *milter.Config) { c.OnFailure = filter.Reject }, `on_failure: must be accept or defer, not reject`},
		{"connections", func(c *milter.Config) { c.MaxConnections = 0 }, `max_connections: must be at least 1`},
		{"body", func(c *milter.Config) { c.MaxBody = 0 }, `max_body: must be above 0 octets`},
		{"idle", func(c *milter.Config) { c.IdleTimeout = 0 }, `idle_timeout: must be above 0`},
		{"read", func(c *milter.Config) { c.ReadTimeout = -time.Second }, `read_timeout: must be above 0`},
		{"write", func(c *milter.Config) { c.WriteTimeout = 0 }, `write_timeout: must be above 0`},
		{"header", func(c *milter.Config) { c.Headers = []string{"X-Spam"} }, `headers: "X-Spam" is no field that winnow writes; they are X-Spam-Flag, X-Spam-Status, X-Spam-Level, X-Spam-Score, Authentication-Results`},
		{"id", func(c *milter.Config) { c.AuthservID = "MX.our.example;" }, `authserv_id: "MX.our.example;" is no host name in lower case, such as mx.our.example`},
		{"removed header", func(c *milter.Config) { c.RemoveHeaders = []string{"X Spam:"} }, `remove_headers: "X Spam:" is no header name; write it without colon and blanks`},
		{"no text", func(c *milter.Config) { c.Texts.Spam = "" }, `texts.spam: is empty; a stranger wants to know what to do`},
		{"long text", func(c *milter.Config) { c.Texts.Spam = strings.Repeat("x", 300) }, `texts.spam: is longer than 255 octets*`},
		{"text in German", func(c *milter.Config) { c.Texts.Deferred = "Bitte später" }, `texts.deferred: holds something else than printable ASCII*`},
		{"lines", func(c *milter.Config) { c.Texts.Failure = "a\nb" }, `texts.failure: holds something else than printable ASCII*`},
		{"placeholder", func(c *milter.Config) { c.Texts.Deferred = "no {sender} here" }, `texts.deferred: "{sender}" is unknown; {id}, {ip} and {list} are filled in`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := milter.DefaultConfig()
			tt.change(&c)
			faults := c.Validate()
			if len(faults) != 1 || !matches(tt.want, faults[0].Error()) {
				t.Errorf("got %v, want %s", faults, tt.want)
			}
		})
	}
}

func TestValidateReportsAll(t *testing.T) {
	if faults := new(milter.Config).Validate(); len(faults) != 11 {
		t.Errorf("got %d faults of an empty configuration: %v", len(faults), faults)
	}
}

func TestConfigText(t *testing.T) {
	var at milter.RejectAt
	for _, name := range []string{"connect", "rcpt"} {
		if err := at.UnmarshalText([]byte(name)); err != nil || at.String() != name {
			t.Errorf("%s: got %v, %v", name, at, err)
		}
	}
	if err := at.UnmarshalText([]byte("helo")); err == nil {
		t.Error("helo is taken for a place to refuse at")
	}
	var mode milter.FileMode
	for text, want := range map[string]string{"0660": "0660", "600": "0600", "0o666": "0666"} {
		if err := mode.UnmarshalText([]byte(text)); err != nil || mode.String() != want {
			t.Errorf("%s: got %v, %v", text, mode, err)
		}
	}
	for _, bad := range []string{"", "0888", "rw", "4755", "-1"} {
		if err := mode.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a mode", bad)
		}
	}
}

package milter

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// Config is how winnow listens and how it speaks.
type Config struct {
	// Listen is where Postfix finds us: "unix:/path", "inet:host:port", "inet6:[address]:port", and Sendmail's way of
	// writing it, "inet:port@host". Sockets that systemd hands over come first: with them this is not looked at.
	Listen []string `yaml:"listen"`
	// SocketMode and SocketGroup are the permissions of unix sockets: whoever may write to one may connect.
	SocketMode  FileMode `yaml:"socket_mode"`
	SocketGroup string   `yaml:"socket_group"` // "" leaves the group that the process has

	// RejectAt is where a listed client is refused: at its recipients, or at once.
	RejectAt RejectAt `yaml:"reject_at"`
	// OnFailure is the answer where winnow itself breaks: accept, or defer.
	OnFailure filter.Action `yaml:"on_failure"`

	// MaxConnections is how many connections are served at a time; more wait. It wants to be at least the number of
	// smtpd processes (default_process_limit, 100 by default).
	MaxConnections int `yaml:"max_connections"`
	// MaxBody is how many octets of a body are kept for the stages. Above the policy's max_size, so that what is
	// scanned is whole.
	MaxBody int64 `yaml:"max_body"`
	// IdleTimeout is how long Postfix may have nothing to tell; a slow client fills the time between RCPT and the first
	// header field with its whole message.
	IdleTimeout time.Duration `yaml:"idle_timeout"`
	// ReadTimeout is how long one frame may take from its first octet on, and the first frame of a connection from the
	// start.
	ReadTimeout time.Duration `yaml:"read_timeout"`
	// WriteTimeout is how long Postfix may take to read an answer.
	WriteTimeout time.Duration `yaml:"write_timeout"`

	// Headers are the fields that incoming mail gets, of those in Marks. Copies that the sender put in are removed,
	// whether or not we write the field; but of Authentication-Results only those in our name, and only if we write it.
	Headers []string `yaml:"headers"`
	// AuthservID is our name in Authentication-Results; "" is what the MTA calls itself.
	AuthservID string `yaml:"authserv_id"`
	// RemoveHeaders are further fields that no sender may set, such as another filter's.
	RemoveHeaders []string `yaml:"remove_headers"`

	// Texts are what strangers are told.
	Texts Texts `yaml:"texts"`
}

// Texts are what strangers are told where no list and no entry decided, which bring texts of their own. {id} stands for the reject
// id, {ip} for the client's address, {list} for the list that decided. A text without {id} gets "[id] " put before it.
type Texts struct {
	Spam     string `yaml:"spam"`     // the content says so
	Deferred string `yaml:"deferred"` // not now
	Failure  string `yaml:"failure"`  // something of ours broke
}

// DefaultConfig listens on loopback and refuses listed clients at RCPT.
func DefaultConfig() Config {
	return Config{
		Listen:         []string{"inet:127.0.0.1:8895"},
		SocketMode:     0o660,
		RejectAt:       AtRecipient,
		OnFailure:      filter.Accept,
		MaxConnections: 500,
		MaxBody:        576 << 10,
		IdleTimeout:    2 * time.Hour, // libmilter's is 7210 s
		ReadTimeout:    30 * time.Second,
		WriteTimeout:   30 * time.Second,
		Headers:        []string{"X-Spam-Flag", "X-Spam-Status", "X-Spam-Level", "X-Spam-Score", resultsField},
		Texts: Texts{
			Spam:     "Message looks like spam; if it is not, send the id in brackets to postmaster of the recipient's domain",
			Deferred: "Not accepted now, please try again later",
			Failure:  "Local problem, please try again later",
		},
	}
}

// RejectAt is where a listed client is refused.
type RejectAt int

const (
	// AtRecipient refuses each recipient. The client sees why, Postfix logs who wrote to whom, and recipients that are
	// never refused get their mail.
	AtRecipient RejectAt = iota
	// AtConnect refuses the connection. It is cheap, but the client sees Postfix's banner ("554 ... not accepting
	// connections") and most look no further for the reason; and neither sender, recipient nor login is ever known: users
	// on listed networks cannot send, and postmaster gets nothing from there.
	AtConnect
)

var rejectAtNames = [...]string{"rcpt", "connect"}

func (r RejectAt) String() string { return rejectAtNames[r] }

// MarshalText writes the place as its name.
func (r RejectAt) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a place's name.
func (r *RejectAt) UnmarshalText(text []byte) error {
	for i, name := range rejectAtNames {
		if name == string(text) {
			*r = RejectAt(i)
			return nil
		}
	}
	return fmt.Errorf("unknown place %q: one of rcpt, connect", text)
}

// FileMode is a file's permissions, written in octal: "0660".
type FileMode uint32

func (m FileMode) String() string { return fmt.Sprintf("%04o", uint32(m)) }

// MarshalText writes the permissions in octal.
func (m FileMode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads octal permissions.
func (m *FileMode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(text), "0o"), 8, 32)
	if err != nil || n > 0o777 {
		return fmt.Errorf("%q is no permission: write three octal digits, as in 0660", text)
	}
	*m = FileMode(n)
	return nil
}

// Validate returns every fault of c, each with its remedy.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(c.Listen) == 0 {
		fault(`listen: is empty; name at least one place, such as "inet:127.0.0.1:8895"`)
	}
	for _, place := range c.Listen {
		if _, err := parsePlace(place); err != nil {
			fault("listen: %v", err)
		}
	}
	if c.SocketMode == 0 || c.SocketMode > 0o777 {
		fault("socket_mode: %v lets nobody connect; 0660 lets owner and group", c.SocketMode)
	}
	if c.OnFailure != filter.Accept && c.OnFailure != filter.Defer {
		fault("on_failure: must be accept or defer, not %v", c.OnFailure)
	}
	if c.MaxConnections < 1 {
		fault("max_connections: must be at least 1")
	}
	if c.MaxBody < 1 {
		fault("max_body: must be above 0 octets")
	}
	for _, t := range []struct {
		key   string
		value time.Duration
	}{{"idle_timeout", c.IdleTimeout}, {"read_timeout", c.ReadTimeout}, {"write_timeout", c.WriteTimeout}} {
		if t.value <= 0 {
			fault("%s: must be above 0", t.key)
		}
	}
	faults = append(faults, c.headerFaults()...)
	return append(faults, c.Texts.faults()...)
}

func (c *Config) headerFaults() []error {
	var faults []error
	for _, name := range c.Headers {
		if findMark(name) < 0 && !strings.EqualFold(name, resultsField) {
			faults = append(faults, fmt.Errorf("headers: %q is no field that winnow writes; they are %s", name, strings.Join(Marks(), ", ")))
		}
	}
	if id := c.AuthservID; id != "" {
		if ascii, ok := message.HostASCII(id); !ok || ascii != id {
			faults = append(faults, fmt.Errorf("authserv_id: %q is no host name in lower case, such as mx.our.example", id))
		}
	}
	for _, name := range c.RemoveHeaders {
		if !isFieldName(name) {
			faults = append(faults, fmt.Errorf("remove_headers: %q is no header name; write it without colon and blanks", name))
		}
	}
	return faults
}

// isFieldName tells whether name is one that a header field can have (RFC 5322, 2.2).
func isFieldName(name string) bool {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7f || name[i] == ':' {
			return false
		}
	}
	return name != ""
}

func (t *Texts) faults() []error {
	var faults []error
	for _, text := range []struct{ key, value string }{
		{"spam", t.Spam}, {"deferred", t.Deferred}, {"failure", t.Failure},
	} {
		if err := checkText(text.value); err != nil {
			faults = append(faults, fmt.Errorf("texts.%s: %w", text.key, err))
		}
	}
	return faults
}

// checkText tells what is wrong with a text for strangers.
func checkText(text string) error {
	if text == "" {
		return errors.New("is empty; a stranger wants to know what to do")
	}
	if len(text) > maxReplyText/2 {
		return fmt.Errorf("is longer than %d octets; an SMTP reply has room for one sentence", maxReplyText/2)
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return errors.New("holds something else than printable ASCII; SMTP replies have nothing else")
		}
	}
	rest := placeholders("", "", "").Replace(text)
	if open := strings.IndexByte(rest, '{'); open >= 0 && strings.IndexByte(rest[open:], '}') > 0 {
		return fmt.Errorf("%q is unknown; {id}, {ip} and {list} are filled in", rest[open:open+strings.IndexByte(rest[open:], '}')+1])
	}
	return nil
}

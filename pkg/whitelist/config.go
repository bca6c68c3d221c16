package whitelist

import (
	"fmt"
	"strings"
	"time"
)

// Config is what the operator decides about recipients.
type Config struct {
	Blacklist string `yaml:"blacklist"` // path of the file of senders that nobody wants; "" for none
	Whitelist string `yaml:"whitelist"` // path of the file of senders that are never scanned; "" for none
	Enabled   string `yaml:"enabled"`   // who has filtering enabled: all, none, file:/path or set:NAME (of the store)

	// What a blacklisted sender is told. {id} is the reject id, {ip} the client, {domain} the recipient's domain.
	BlacklistText string `yaml:"blacklist_text"`

	// The characters that begin the tag of a recipient, as Postfix's recipient_delimiter; "" where there are no tags.
	RecipientDelimiter string `yaml:"recipient_delimiter"`
	// Our own domains, .our.example with all below it. Their users are not learned as correspondents, and a sender that
	// claims to be one of them is never auto-whitelisted. A recipient's own domain counts as ours even when not named here.
	LocalDomains []string `yaml:"local_domains"`

	AutoWhitelist AutoConfig `yaml:"auto_whitelist"`

	StoreLimit time.Duration `yaml:"store_limit"` // how long one question to the store may take
	CheckEvery time.Duration `yaml:"check_every"` // how often the files are looked at for a change; 0: only on SIGHUP
}

// AutoConfig is how whoever a local user has written to becomes known.
type AutoConfig struct {
	Enabled       bool `yaml:"enabled"`
	ExpireDays    int  `yaml:"expire_days"`    // after the last message that the local user wrote
	PerUser       int  `yaml:"per_user"`       // correspondents of one local user; the oldest go first
	MaxRecipients int  `yaml:"max_recipients"` // a message to more teaches nothing
	Queue         int  `yaml:"queue"`          // pairs that may wait for the store; what is above is dropped and counted

	Replies RepliesConfig `yaml:"replies"`
}

// RepliesConfig is how answers to what a local user has sent are known.
type RepliesConfig struct {
	Enabled    bool    `yaml:"enabled"`
	ExpireDays int     `yaml:"expire_days"` // after the message was sent
	PerUser    int     `yaml:"per_user"`    // messages of one local user; the oldest go first
	Score      float64 `yaml:"score"`       // points of an answer from somebody who is not known by it; 0 shows it only
}

// DefaultConfig learns from outgoing mail, filters for everybody, and has no files.
func DefaultConfig() Config {
	return Config{
		Enabled:            "all",
		BlacklistText:      "[{id}] Sender or client is on this site's blacklist; if that is wrong, write to postmaster@{domain} and quote the id",
		RecipientDelimiter: "+",
		AutoWhitelist: AutoConfig{
			Enabled: true, ExpireDays: 180, PerUser: 1000, MaxRecipients: 50, Queue: 10_000,
			Replies: RepliesConfig{Enabled: true, ExpireDays: 30, PerUser: 500, Score: -2},
		},
		StoreLimit: 50 * time.Millisecond,
		CheckEvery: 5 * time.Second,
	}
}

// Upper limits of what may be configured.
const (
	mostExpireDays    = 3660
	mostPerUser       = 100_000
	mostMaxRecipients = 1000
	mostQueue         = 100_000
	mostText          = 400 // octets; a reply line holds 512 (RFC 5321, 4.5.3.1.5)
	mostStoreLimit    = time.Second
	mostScore         = 100
)

// Validate returns every fault of the configuration. Files are not read here.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	within := func(name string, value, most int) {
		if value < 1 || value > most {
			fault("%s: %d is not within 1 and %d", name, value, most)
		}
	}
	if _, _, err := parseEnabled(c.Enabled); err != nil {
		fault("enabled: %w", err)
	}
	if c.BlacklistText == "" || len(c.BlacklistText) > mostText || strings.ContainsFunc(c.BlacklistText, func(r rune) bool { return r < ' ' || r > '~' }) {
		fault("blacklist_text: must be one line of 1 to %d ASCII characters", mostText)
	}
	if i := strings.IndexFunc(c.RecipientDelimiter, func(r rune) bool { return !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) }); i >= 0 {
		fault("recipient_delimiter: %q cannot begin a tag; write \"+\", or \"\" where addresses have no tags", c.RecipientDelimiter[i])
	}
	for i, domain := range c.LocalDomains {
		if _, err := parseDomain(domain); err != nil {
			fault("local_domains[%d]: %w", i, err)
		}
	}
	a := c.AutoWhitelist
	within("auto_whitelist.expire_days", a.ExpireDays, mostExpireDays)
	within("auto_whitelist.per_user", a.PerUser, mostPerUser)
	within("auto_whitelist.max_recipients", a.MaxRecipients, mostMaxRecipients)
	within("auto_whitelist.queue", a.Queue, mostQueue)
	within("auto_whitelist.replies.expire_days", a.Replies.ExpireDays, mostExpireDays)
	within("auto_whitelist.replies.per_user", a.Replies.PerUser, mostPerUser)
	if s := a.Replies.Score; !(s <= 0 && s >= -mostScore) {
		fault("auto_whitelist.replies.score: %g is not within -%d and 0", s, mostScore)
	}
	if c.StoreLimit <= 0 || c.StoreLimit > mostStoreLimit {
		fault("store_limit: %v is not above 0 and at most %v", c.StoreLimit, mostStoreLimit)
	}
	if c.CheckEvery < 0 || c.CheckEvery > 0 && c.CheckEvery < settle {
		fault("check_every: %v is below %v; 0 looks only on SIGHUP", c.CheckEvery, settle)
	}
	return faults
}

// expire is how long a correspondent is known.
func (a *AutoConfig) expire() time.Duration { return time.Duration(a.ExpireDays) * 24 * time.Hour }

// expire is how long a message that was sent is known.
func (r *RepliesConfig) expire() time.Duration { return time.Duration(r.ExpireDays) * 24 * time.Hour }

// local returns the table of our own domains.
func (c *Config) local() *patterns[bool] {
	var table patterns[bool]
	for _, domain := range c.LocalDomains {
		if w, err := parseDomain(domain); err == nil { // Validate told of the others
			m, key := table.at(w.name)
			m[key] = true
		}
	}
	return &table
}

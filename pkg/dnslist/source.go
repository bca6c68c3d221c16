package dnslist

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"winnow/pkg/dns"
)

// A source is a list at work.
type source struct {
	List
	set           *Set
	before, after string // the zone around its key
	asked         string // see askedAs
	condition     atomic.Pointer[condition]
	failures      atomic.Int32  // checks in a row that brought no answer
	probeFailures atomic.Int32  // probes in a row that brought none
	probeEvery    time.Duration // with this list's own jitter
}

func newSource(s *Set, l List, previous *Set) *source {
	src := &source{List: l, set: s, probeEvery: jitter(s.config.ProbeEvery)}
	zone, after, _ := strings.Cut(l.Zone, keyLabel)
	src.before, src.after = "."+zone, after
	health := Unprobed
	if !l.Enabled {
		health = Off
	}
	src.condition.Store(&condition{health: health, since: s.now()})
	if old := previous.source(l.Name); old != nil && old.Enabled && l.Enabled && old.Zone == l.Zone {
		src.condition.Store(old.condition.Load())
	}
	return src
}

// source returns the list of that name, nil where there is none.
func (s *Set) source(name string) *source {
	if s == nil {
		return nil
	}
	for _, src := range s.sources {
		if src.Name == name {
			return src
		}
	}
	for _, src := range s.zones {
		if src.ofRules && src.Name == name {
			return src
		}
	}
	return nil
}

// questions lists what the list is asked about the subjects: each name once, and none of those that it was asked for.
func (src *source) questions(subjects []subject, asked []string) []question {
	var all []question
	links := 0
	for i := range subjects {
		s := &subjects[i]
		if !src.asks(s.ask) {
			continue
		}
		for _, key := range src.keys(s) {
			name := src.name(key)
			if name == "" || isAmong(all, name) || slices.Contains(asked, name) {
				continue
			}
			if (ofLinks | ofHosts).Has(s.ask) {
				if links == MaxNames {
					return all
				}
				links++
			}
			all = append(all, question{subject: s, about: newAsks(s.ask), key: key, name: name})
		}
	}
	return all
}

func isAmong(all []question, name string) bool {
	for i := range all {
		if all[i].name == name {
			return true
		}
	}
	return false
}

// keys returns what stands before the zone to ask about a subject, "" for nothing. A list of addresses is never sent a
// name, and a list of names gets an address only if it says that it takes them: Spamhaus DBL answers one with an error
// code, which looks like a listing to the careless.
func (src *source) keys(s *subject) (keys [2]string) {
	switch {
	case s.addr.IsValid():
		if (src.ofAddresses() || src.Addresses) && (src.IPv6 || s.addr.Is4()) {
			keys[0] = s.whole
		}
		return keys
	case s.isWhole():
		if src.ofWhole() {
			keys[0] = src.Hash.Of(s.whole)
		}
		return keys
	case src.ofWhole() || src.ofAddresses():
		return keys
	}
	if src.Form != Domain {
		keys[0] = src.hashed(s.host)
	}
	if src.Form != Host {
		keys[1] = src.hashed(s.domain)
	}
	return keys
}

func (src *source) hashed(name string) string {
	if name == "" {
		return ""
	}
	return src.Hash.Of(name)
}

// name returns the name that is asked for, "" where there is no key or the name does not fit into the DNS. It holds the
// list's secret: show is for everybody's eyes.
func (src *source) name(key string) string {
	secret := src.Key.reveal()
	if key == "" || len(key)+len(src.before)+len(secret)+len(src.after) > maxName {
		return ""
	}
	return key + src.before + secret + src.after
}

// show returns the name as it may be shown.
func (src *source) show(key string) string { return key + "." + src.ShownZone() }

// hide returns err without the list's secret, whatever the resolver wrote into it.
func (src *source) hide(err error) error {
	secret := src.Key.reveal()
	if secret == "" || !strings.Contains(strings.ToLower(err.Error()), secret) {
		return err
	}
	text := strings.ReplaceAll(strings.ToLower(err.Error()), secret, dns.Hidden)
	return &hiddenError{text: text, is: func(target error) bool { return errors.Is(err, target) }}
}

// A hiddenError stands for an error that must not be seen. It does not unwrap, lest somebody prints what is inside.
type hiddenError struct {
	text string
	is   func(target error) bool
}

func (e *hiddenError) Error() string        { return e.text }
func (e *hiddenError) Is(target error) bool { return e.is(target) }

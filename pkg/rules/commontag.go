package rules

import (
	"regexp"
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
)

// commonTags are tags that no rule has to set: what each is for a message. They are those of SpamAssassin that are facts of
// the mail; %{HEADER(Name)} is beside them.
var commonTags = map[string]func(*run) []string{
	"AUTHORDOMAIN":      func(r *run) []string { return r.hostTag("From") },
	"SENDERDOMAIN":      func(r *run) []string { return firstOf(r.hostTag("EnvelopeFrom")) },
	"LASTEXTERNALIP":    func(r *run) []string { return r.relayTag(lastExternal, relayIP) },
	"LASTEXTERNALREVIP": func(r *run) []string { return r.relayTag(lastExternal, relayReversed) },
	"LASTEXTERNALRDNS": func(r *run) []string {
		return r.relayTag(lastExternal, func(h *message.Relay) string { return h.Name })
	},
	"LASTEXTERNALHELO": func(r *run) []string {
		return r.relayTag(lastExternal, func(h *message.Relay) string { return h.Helo })
	},
	"FIRSTTRUSTEDIP":    func(r *run) []string { return r.relayTag(firstTrusted, relayIP) },
	"FIRSTTRUSTEDREVIP": func(r *run) []string { return r.relayTag(firstTrusted, relayReversed) },
	"URIHOSTS": func(r *run) []string {
		return r.linkTag(func(f *eval.Facts) []string { hosts, _ := f.ListedHosts(); return hosts })
	},
	"URIDOMAINS": func(r *run) []string {
		return r.linkTag(func(f *eval.Facts) []string { _, domains := f.ListedHosts(); return domains })
	},
}

var headerTag = regexp.MustCompile(`^HEADER\(([\w.-]+(?::[a-z]+)*)\)$`)

func commonTag(name string) bool { return commonTags[name] != nil || headerTag.MatchString(name) }

func (r *run) commonTag(name string) []string {
	if value := commonTags[name]; value != nil {
		return value(r)
	}
	if field := headerTag.FindStringSubmatch(name); field != nil {
		return r.fieldTag(field[1])
	}
	return nil
}

// fieldTag returns a field of the header, with its modifiers as a rule has them.
func (r *run) fieldTag(field string) []string {
	words := strings.Split(field, ":")
	var mod message.HeaderMod
	for _, word := range words[1:] {
		mod |= modifiers[word]
	}
	text, _ := r.header(words[0], mod)
	if text = strings.TrimSuffix(text, "\n"); text == "" || len(text) > maxTagLength {
		return nil
	}
	return []string{text}
}

// hostTag returns the hosts of the addresses in a field, as they are asked for, none twice.
func (r *run) hostTag(field string) []string {
	text, _ := r.header(field, message.HeaderAddr|message.HeaderHost)
	var all []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		host, ok := message.HostASCII(line)
		if !ok {
			host = line
		}
		if host != "" && len(host) <= maxTagLength && !seen[host] {
			seen[host] = true
			all = append(all, host)
		}
	}
	return all
}

func firstOf(list []string) []string { return list[:min(1, len(list))] }

// lastExternal is the host that handed the message to our own, nil where there is none.
func lastExternal(way *message.Relays) *message.Relay {
	if len(way.External) == 0 {
		return nil
	}
	return &way.External[0]
}

// firstTrusted is the first host on the message's way that is trusted, nil where there is none.
func firstTrusted(way *message.Relays) *message.Relay {
	if len(way.Trusted) == 0 {
		return nil
	}
	return &way.Trusted[len(way.Trusted)-1]
}

func relayIP(h *message.Relay) string { return h.IP }

func relayReversed(h *message.Relay) string { return message.Reversed(h.Addr) }

// relayTag returns what is known of a host on the message's way.
func (r *run) relayTag(host func(*message.Relays) *message.Relay, of func(*message.Relay) string) []string {
	facts := r.evalFacts()
	if facts == nil {
		return nil
	}
	relay := host(facts.Message.Relays(r.set.settings.Networks()))
	if relay == nil {
		return nil
	}
	if value := of(relay); value != "" {
		return []string{value}
	}
	return nil
}

// linkTag returns what is known of the links that lists are asked about.
func (r *run) linkTag(of func(*eval.Facts) []string) []string {
	if facts := r.evalFacts(); facts != nil {
		return of(facts)
	}
	return nil
}

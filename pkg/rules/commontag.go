package rules

import (
	"regexp"
	"strings"

	"winnow/pkg/message"
)

// commonTags are tags that no rule has to set: what each is for a message. They are those of SpamAssassin that are facts of
// the mail; %{HEADER(Name)} is beside them.
var commonTags = map[string]func(*run) []string{
	"AUTHORDOMAIN":     func(r *run) []string { return r.fieldTag("From:addr:domain") },
	"SENDERDOMAIN":     func(r *run) []string { return r.fieldTag("EnvelopeFrom:addr:domain") },
	"LASTEXTERNALIP":   func(r *run) []string { return r.relayTag(func(h *message.Relay) string { return h.Addr.String() }) },
	"LASTEXTERNALRDNS": func(r *run) []string { return r.relayTag(func(h *message.Relay) string { return h.Name }) },
	"LASTEXTERNALHELO": func(r *run) []string { return r.relayTag(func(h *message.Relay) string { return h.Helo }) },
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

// relayTag returns what is known of the host that handed the message to us.
func (r *run) relayTag(of func(*message.Relay) string) []string {
	facts := r.evalFacts()
	if facts == nil {
		return nil
	}
	relays := facts.Message.Relays(r.set.settings.Networks())
	if len(relays.External) == 0 {
		return nil
	}
	if value := of(&relays.External[0]); value != "" {
		return []string{value}
	}
	return nil
}

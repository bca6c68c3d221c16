package whitelist

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A mail that answers one of ours names it: In-Reply-To has its Message-ID, References those of the whole thread. Only who
// got that message, or was handed it, knows the id; so a mail in which a correspondent answers what the recipient has
// sent to just him is proven by that, unless his domain disowns it. From anybody else it speaks for the mail a little: ids
// of messages to mailing lists are public, and stolen mailboxes are full of them.
//
// Of ids and addresses digests are kept: they tell the same and are of no use to whoever reads the store.

const (
	maxReplyIDs   = 10      // ids that are looked up: the latest of a thread
	maxReplyText  = 998     // octets of an id: no line is longer (RFC 5322, 2.1.1)
	maxReplyField = 8 << 10 // octets of a field that are read: of In-Reply-To the first, of References the last
	maxReplyRead  = 4       // fields of either name that are read; there should be one (RFC 5322, 3.6)
	maxNoted      = 100     // recipients of one message that are remembered with its id

	idOctets    = 9 // of a digest: 12 characters, of which nobody finds a second one like it
	whomOctets  = 6
	whomLetters = 8 // characters of such a digest
)

func digest(s string, octets int) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:octets])
}

// noteOf returns what is kept with an id: whom the message was sent to.
func noteOf(remotes []string) string {
	var b strings.Builder
	for _, remote := range remotes[:min(maxNoted, len(remotes))] {
		b.WriteString(digest(remote, whomOctets))
	}
	return b.String()
}

// names tells whether a note says that the message was sent to an address.
func names(note, remote string) bool {
	want := digest(remote, whomOctets)
	for ; len(note) >= whomLetters; note = note[whomLetters:] {
		if note[:whomLetters] == want {
			return true
		}
	}
	return false
}

// messageID returns the id of a message, "" where it has not just one.
func messageID(h message.Header) string {
	id := ""
	for i := range h {
		if strings.EqualFold(h[i].Name, "Message-ID") {
			ids := idsIn(h[i].Value[:min(len(h[i].Value), maxReplyField)])
			if id != "" || len(ids) != 1 {
				return ""
			}
			id = ids[0]
		}
	}
	return id
}

// answeredIDs returns the ids that a message answers, the latest first: In-Reply-To, then References from its end.
func answeredIDs(h message.Header) []string {
	var direct, thread []string
	read := [2]int{}
	for i := range h {
		value := h[i].Value
		switch {
		case strings.EqualFold(h[i].Name, "In-Reply-To") && read[0] < maxReplyRead:
			read[0]++
			direct = append(direct, idsIn(value[:min(len(value), maxReplyField)])...)
		case strings.EqualFold(h[i].Name, "References") && read[1] < maxReplyRead:
			read[1]++
			thread = append(thread, idsIn(value[max(0, len(value)-maxReplyField):])...)
		}
	}
	var ids []string
	slices.Reverse(thread)
	for _, id := range slices.Concat(direct[:min(maxReplyIDs, len(direct))], thread) {
		if len(ids) < maxReplyIDs && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// idsIn returns the ids in the value of a field, without brackets. What stands between them is left out: phrases and
// comments of old mailers (RFC 5322, 4.5.4).
func idsIn(value string) []string {
	var ids []string
	for {
		_, rest, found := strings.Cut(value, "<")
		if !found {
			return ids
		}
		inner, behind, closed := strings.Cut(rest, ">")
		if !closed {
			return ids
		}
		if at := strings.LastIndexByte(inner, '<'); at >= 0 {
			inner = inner[at+1:]
		}
		inner = strings.Map(dropBlank, inner)
		if len(inner) <= maxReplyText && strings.Contains(inner, "@") {
			ids = append(ids, inner)
		}
		value = behind
	}
}

// dropBlank takes out what folding put into an id that was too long for its line.
func dropBlank(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}

// A replies is what a message answers of what its recipient sent.
type replies struct {
	filter.Result
	local    string
	answered []string          // ids of messages that local sent, the latest first
	notes    map[string]string // on each of them
	score    float64
}

// replied looks up what a message answers.
func (a *auto) replied(ctx context.Context, m *message.Message, recipient address) *replies {
	r := &replies{Result: filter.Result{Source: "replies", Kind: filter.Entry}, local: recipient.base, score: a.config.Replies.Score}
	ids := answeredIDs(m.Header)
	if !a.config.Replies.Enabled || recipient.domain == "" || len(ids) == 0 {
		return r
	}
	start := time.Now()
	r.Asked, r.notes = 1, make(map[string]string)
	byDigest, digests := make(map[string]string, len(ids)), make([]string, 0, len(ids))
	for _, id := range ids {
		d := digest(id, idOctets)
		if note, waits := a.learner.note(pair{local: recipient.base, id: d}); waits {
			r.notes[id] = note
			continue
		}
		byDigest[d], digests = id, append(digests, d)
	}
	if len(digests) == 0 {
		r.Cached = 1
	} else {
		var stored map[string]string
		stored, r.Err = ask(ctx, a.guard, a.limit, func(ctx context.Context) (map[string]string, error) {
			return a.store.Sent(ctx, recipient.base, digests)
		})
		for d, note := range stored {
			r.notes[byDigest[d]] = note
		}
	}
	for _, id := range ids {
		if _, sent := r.notes[id]; sent {
			r.answered = append(r.answered, id)
		}
	}
	r.Took = time.Since(start)
	return r
}

// proof tells of the message that a known sender answers; "" where he answers none that was sent to him.
func (r *replies) proof(c *claim) string {
	for _, id := range r.answered {
		if names(r.notes[id], c.who) {
			return "proven by its answer to <" + id + ">, which was sent to just that address"
		}
	}
	return ""
}

// replySymbol is the symbol of an answer.
const replySymbol = "REPLY_TO_OURS"

// result returns what the answer is worth from whomever it comes, unless the domain that it claims to come from disowns
// it.
func (r *replies) result(w *witness, senders []address) filter.Result {
	if len(r.answered) == 0 {
		return r.Result
	}
	hit := filter.Hit{Symbol: replySymbol, Score: r.score, Detail: r.local + " sent <" + r.answered[0] + ">, which it answers"}
	for _, sender := range senders {
		if forged(w.identity(), sender.domain) {
			hit.Observe = true
			hit.Detail += "; " + sender.domain + " disowns the message"
			break
		}
	}
	r.Hits = []filter.Hit{hit}
	return r.Result
}

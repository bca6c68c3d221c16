package eval

import (
	"fmt"
	"strings"
	"testing"

	"winnow/pkg/message"
)

func TestGlobs(t *testing.T) {
	for _, tt := range []struct {
		glob, text string
		want       bool
	}{
		{"*@example.org", "a@example.org", true},
		{"*@example.org", "@example.org", true},
		{"*@example.org", "a@example.org.x", false},
		{"a?c@example.org", "abc@example.org", true},
		{"a?c@example.org", "ac@example.org", false},
		{"*.example.org", "a@b.example.org", true},
		{"*", "", true},
		{"a*b*c", "a1b2bc", true},
		{"a*b*c", "a1b2bd", false},
		{"**a", "a", true},
		{"a*", "a\n", false},
		{"a?", "a\n", false},
		{"a.b", "axb", false},
	} {
		if got := glob(tt.glob).match(tt.text); got != tt.want {
			t.Errorf("%s %q: got %v, want %v", tt.glob, tt.text, got, tt.want)
		}
		var set globSet
		set.add(tt.glob)
		if got := set.has(tt.text); got != tt.want {
			t.Errorf("set of %s, %q: got %v, want %v", tt.glob, tt.text, got, tt.want)
		}
		if set.remove(tt.glob); set.has(tt.text) || !set.empty() {
			t.Errorf("%s is still there", tt.glob)
		}
	}
}

func TestLists(t *testing.T) {
	const text = "Return-Path: <max@example.org>\nFrom: Erika <erika@example.com>\nReply-To: Max@example.net\nTo: joe@example.net\nCc: ann@example.net\n\n"
	byHost := hopOf("x", "mx.example.com", "192.0.2.1", "mx.example.net") + "From: erika@example.com\n\n"
	runCalls(t, []callTest{
		{
			name: "no lists", text: text,
			misses: []string{"check_from_in_blocklist", "check_from_in_welcomelist", "check_to_in_welcomelist", "check_to_in_all_spam", "check_to_in_more_spam", "check_to_in_blocklist", "check_from_in_default_welcomelist", "check_forged_in_welcomelist"},
		},
		{
			name: "author", text: text, settings: []string{"blocklist_from *@other.example ERIKA@example.com"},
			hits: []string{"check_from_in_blocklist", "check_from_in_blacklist", "check_from_in_list blocklist_from"}, misses: []string{"check_from_in_welcomelist"},
		},
		{name: "envelope sender", text: text, settings: []string{"blacklist_from max@*"}, hits: []string{"check_from_in_blocklist"}},
		{
			name: "taken back", text: text, settings: []string{"whitelist_from erika@example.com *@example.org", "unwhitelist_from Erika@example.com *@example.org"},
			misses: []string{"check_from_in_welcomelist", "check_from_in_whitelist"},
		},
		{name: "welcome", text: text, settings: []string{"welcomelist_from *@example.c?m"}, hits: []string{"check_from_in_welcomelist", "check_from_in_whitelist"}},
		{
			name: "recipients", text: text,
			settings: []string{"whitelist_to ann@example.net", "more_spam_to joe@example.net", "all_spam_to *@example.net", "blacklist_to joe@*"},
			hits:     []string{"check_to_in_welcomelist", "check_to_in_whitelist", "check_to_in_more_spam", "check_to_in_all_spam", "check_to_in_blocklist", "check_to_in_blacklist", "check_to_in_list all_spam_to"},
			misses:   []string{"check_to_in_list welcomelist_from"},
		},
		{
			name: "a list of its own", text: text, settings: []string{"enlist_addrlist (MINE) *@example.net", "enlist_addrlist (OTHER) erika@*"},
			hits:   []string{"check_replyto_in_list MINE", "check_to_in_list MINE", "check_from_in_list OTHER"},
			misses: []string{"check_from_in_list MINE", "check_replyto_in_list OTHER"},
		},
		{
			name: "who sent it on counts alone", text: "Resent-From: <x@example.org>\n" + text, settings: []string{"blocklist_from erika@example.com"},
			misses: []string{"check_from_in_blocklist"},
		},
		{
			name: "recipients of the newest Received fields", text: "Received: from a (a.example.org [192.0.2.1]) by b (Postfix) with SMTP id 1 for <sue@example.net>; Mon, 3 Feb 2025 10:11:12 +0100\n" + text,
			settings: []string{"all_spam_to sue@example.net"}, hits: []string{"check_to_in_all_spam"},
		},
		{
			name: "dots that somebody wrote twice", text: "From: a@example..org\n\n", settings: []string{"blocklist_from a@example.org"},
			hits: []string{"check_from_in_blocklist"},
		},
		{
			name: "by relay", text: byHost, settings: []string{"welcomelist_from_rcvd *@example.com example.com"},
			hits: []string{"check_from_in_welcomelist"}, misses: []string{"check_forged_in_welcomelist"},
		},
		{
			name: "by another relay", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com example.net"},
			hits: []string{"check_forged_in_welcomelist", "check_forged_in_whitelist"}, misses: []string{"check_from_in_welcomelist"},
		},
		{
			name: "which it may do", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com example.net", "whitelist_allows_relays erika@example.com"},
			misses: []string{"check_forged_in_welcomelist", "check_from_in_welcomelist"},
		},
		{
			name: "part of a name", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com ample.com"},
			hits: []string{"check_forged_in_welcomelist"},
		},
		{name: "by address", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com [192.0.2.1]"}, hits: []string{"check_from_in_welcomelist"}},
		{name: "by net", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com [192.0.2.0/24]"}, hits: []string{"check_from_in_welcomelist"}},
		{name: "by net, the length behind the bracket", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com [192.0.0.0]/16"}, hits: []string{"check_from_in_welcomelist"}},
		{name: "by the first octets", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com [192.0]"}, hits: []string{"check_from_in_welcomelist"}},
		{name: "by another net", text: byHost, settings: []string{"whitelist_from_rcvd *@example.com [192.0.3.0/24]"}, hits: []string{"check_forged_in_welcomelist"}},
		{
			name: "by default", text: byHost, settings: []string{"def_whitelist_from_rcvd *@example.com example.com", "whitelist_from_rcvd *@example.com example.net"},
			hits: []string{"check_from_in_default_welcomelist", "check_from_in_default_whitelist"}, misses: []string{"check_forged_in_welcomelist", "check_forged_in_default_welcomelist"},
		},
		{
			name: "forged by default", text: byHost, settings: []string{"def_whitelist_from_rcvd *@example.com example.net"},
			hits: []string{"check_forged_in_default_welcomelist", "check_forged_in_default_whitelist"},
		},
		{
			name: "and taken back", text: byHost, settings: []string{"def_whitelist_from_rcvd *@example.com example.com", "unwhitelist_from_rcvd *@example.com"},
			misses: []string{"check_from_in_default_welcomelist", "check_forged_in_default_welcomelist"},
		},
	})
	badCalls(t, "check_from_in_list", "check_to_in_list a b")
}

func TestListFaults(t *testing.T) {
	all := allPlugins()
	for _, line := range []string{
		"welcomelist_from ", "unwelcomelist_from ", "enlist_addrlist a@example.org", "welcomelist_from_rcvd a@example.org", "unwelcomelist_from_rcvd ",
		"welcomelist_from_dkim a b c", "trusted_networks ", "trusted_networks example.org", "clear_trusted_networks x", "originating_ip_headers ",
		"envelope_sender_header ", "freemail_domains exa_mple.org", "freemail_whitelist x", "freemail_max_body_emails x", "fns_check 3",
		"fns_add_addrlist x", "welcomelist_subject ", "welcomelist_bounce_relays ",
	} {
		key, value, _ := strings.Cut(line, " ")
		if err := all.Directive(key)(NewSettings(), value); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

// Lists of authenticated senders are kept for who will ask them.
func TestSignedLists(t *testing.T) {
	s := settingsOf(t, "welcomelist_auth *@example.org", "def_whitelist_from_spf *@example.com", "whitelist_from_dkim *@Example.net Example.com",
		"def_whitelist_from_dkim *@example.net", "unwhitelist_from_dkim *@example.net")
	if !s.lists.list("welcomelist_auth").has("a@example.org") || !s.lists.list("def_welcomelist_from_spf").has("a@example.com") {
		t.Error("a list is empty")
	}
	if got := fmt.Sprint(s.lists.signed["welcomelist_from_dkim"]); got != "map[*@example.net:[example.com]]" {
		t.Errorf("got %s", got)
	}
}

// Who is welcome when signed is so by a signature that proves something.
func TestWelcomeSigned(t *testing.T) {
	signed := message.Signature{Result: message.AuthPass, Domain: "example.org", Agent: "@example.org"}
	for name, tt := range map[string]struct {
		change func(*message.Signature)
		want   int
	}{
		"valid":                  {func(*message.Signature) {}, 1},
		"broken":                 {func(s *message.Signature) { s.Result = message.AuthFail }, 0},
		"another's":              {func(s *message.Signature) { s.Domain, s.Agent = "example.com", "@example.com" }, 0},
		"of one of two subjects": {func(s *message.Signature) { s.Retitled = true }, 0},
		"of a part of the body":  {func(s *message.Signature) { s.Partial = true }, 0},
	} {
		s := signed
		tt.change(&s)
		for function, line := range map[string]string{
			"check_for_dkim_welcomelist_from":     "welcomelist_auth *@example.org",
			"check_for_def_dkim_welcomelist_from": "def_welcomelist_from_dkim *@example.org",
		} {
			f := factsOf(t, "From: a@example.org\n\ntext\n", line)
			f.Identity = &message.Identity{DKIM: []message.Signature{s}}
			if got := call(t, f, function); got != tt.want {
				t.Errorf("%s: %s: got %d, want %d", name, function, got, tt.want)
			}
		}
	}
}

func TestSenderMatchesRelay(t *testing.T) {
	from := func(sender, rdns string) string {
		return "Return-Path: <" + sender + ">\n" + hopOf("x", rdns, "192.0.2.1", "mx.example.net") + "\n"
	}
	runCalls(t, []callTest{
		{name: "of one domain", text: from("a@mail.google.com", "MX.google.com"), hits: []string{"check_mailfrom_matches_rcvd"}},
		{name: "below one suffix", text: from("a@bbc.co.uk", "mx.itv.co.uk"), misses: []string{"check_mailfrom_matches_rcvd"}},
		{name: "no name", text: from("a@google.com", ""), misses: []string{"check_mailfrom_matches_rcvd"}},
		{name: "no sender", text: from("", "mx.google.com"), misses: []string{"check_mailfrom_matches_rcvd"}},
		{name: "no domain", text: from("a@google", "mx.google.com"), misses: []string{"check_mailfrom_matches_rcvd"}},
		{name: "no relay", text: "Return-Path: <a@google.com>\n\n", misses: []string{"check_mailfrom_matches_rcvd"}},
		{
			name: "of trusted ones any", text: from("a@google.com", "mx.example.net") + "", settings: []string{"trusted_networks 192.0.2.1"},
			misses: []string{"check_mailfrom_matches_rcvd"},
		},
	})
}

func TestBounces(t *testing.T) {
	bounce := func(body string) string { return "Subject: failed\n\n" + body }
	attached := mail("multipart/report", "Content-Type: text/plain\n\nsorry", "Content-Type: message/rfc822\n\nReceived: from x\n\tby relay7.example.org (Postfix) with SMTP\nSubject: s\n\ntext\n")
	ours := []string{"whitelist_bounce_relays relay?.example.org"}
	runCalls(t, []callTest{
		{name: "none", text: bounce("Received: by relay7.example.org (x)\n"), misses: []string{"have_any_bounce_relays", "check_welcomelist_bounce_relays"}},
		{name: "in the text", text: bounce("Hi\n\n> Received: by relay7.example.org (x)\n"), settings: ours, hits: []string{"have_any_bounce_relays", "check_welcomelist_bounce_relays", "check_whitelist_bounce_relays"}},
		{name: "another one", text: bounce("Received: by relay77.example.org (x)\n"), settings: ours, misses: []string{"check_welcomelist_bounce_relays"}},
		{name: "attached and folded", text: attached, settings: ours, hits: []string{"check_welcomelist_bounce_relays"}},
		{name: "outside of such a field", text: bounce("Hi, by relay7.example.org (x)\n"), settings: ours, misses: []string{"check_welcomelist_bounce_relays"}},
	})
}

func BenchmarkGlobSet(b *testing.B) {
	var set globSet
	for i := range 1_000 {
		set.add(fmt.Sprintf("*@mail%d.example.org", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		set.has("somebody@mail777.example.com")
	}
}

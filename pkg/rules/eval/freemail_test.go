package eval

import "testing"

var freeMail = []string{"freemail_domains free.com gratis.* fre?mail.net other.org", "freemail_whitelist boss@free.com"}

func TestFreeMail(t *testing.T) {
	body := func(header, text string) string { return header + "Subject: s\n\n" + text + "\n" }
	const author = "From: a@free.com\n"
	runCalls(t, []callTest{
		{
			name: "author", text: body("From: \"A\" <A1@Free.com>\n", ""), settings: freeMail,
			hits:   []string{"check_freemail_from", `check_freemail_from \d@`, "check_freemail_header From", `check_freemail_header From \d@`},
			misses: []string{"check_freemail_from x@", "check_freemail_header Reply-To", "check_freemail_replyto"},
		},
		{name: "no domains", text: body(author, ""), misses: []string{"check_freemail_from", "check_freemail_header From", "check_freemail_body", "check_freemail_replyto"}},
		{name: "wildcards", text: body("From: a@gratis.de\nReply-To: b@freemail.net\n", ""), settings: freeMail, hits: []string{"check_freemail_from", "check_freemail_header Reply-To"}},
		{name: "a wildcard has no dot in it", text: body("From: a@gratis.co.uk\n", ""), settings: freeMail, misses: []string{"check_freemail_from"}},
		{name: "hosts below are others", text: body("From: a@x.free.com\n", ""), settings: freeMail, misses: []string{"check_freemail_from"}},
		{name: "excepted", text: body("From: boss@free.com\n", ""), settings: freeMail, misses: []string{"check_freemail_from"}},
		{name: "roles", text: body("From: postmaster@free.com\nReply-To: undisclosed-x@free.com\nSender: request-0123456789abcdef@free.com\nX-A: a=b=c@free.com\nX-B: bounce-@free.com\nX-C: 01234567.89abcdef@free.com\nX-D: 01234567-89ab-cdef-0123-456789abcdef@free.com\n", ""), settings: freeMail,
			misses: []string{"check_freemail_from", "check_freemail_header Reply-To", "check_freemail_header Sender", "check_freemail_header X-A", "check_freemail_header X-B", "check_freemail_header X-C", "check_freemail_header X-D"}},
		{name: "no roles", text: body("From: postmasters@free.com\nReply-To: request-0123@free.com\nX-A: a=b@free.com\nX-B: bounces-@free.com\nX-C: 0123456.89abcdef@free.com\n", ""), settings: freeMail,
			hits: []string{"check_freemail_from", "check_freemail_header Reply-To", "check_freemail_header X-A", "check_freemail_header X-B", "check_freemail_header X-C"}},
		{name: "answers elsewhere", text: body(author+"Reply-To: b@other.org\n", ""), settings: freeMail, hits: []string{"check_freemail_replyto", "check_freemail_replyto reply"}},
		{name: "answers to the author", text: body(author+"Reply-To: A@free.com\n", ""), settings: freeMail, misses: []string{"check_freemail_replyto", "check_freemail_replyto reply"}},
		{
			name: "another one in the text", text: body("From: a@example.org\nReply-To: b@free.com\n", "write to c@other.org please"), settings: freeMail,
			hits: []string{"check_freemail_replyto", "check_freemail_body", "check_freemail_body ^c@"}, misses: []string{"check_freemail_replyto reply", "check_freemail_body ^d@"},
		},
		{name: "the author answers", text: body(author, "write to c@other.org please"), settings: freeMail, hits: []string{"check_freemail_replyto reply"}, misses: []string{"check_freemail_replyto"}},
		{name: "but not of a company", text: body("From: a@example.org\n", "write to c@other.org please"), settings: freeMail, misses: []string{"check_freemail_replyto reply"}},
		{name: "a list sent it", text: body("Return-Path: <l-bounces@example.org>\n"+author+"Reply-To: b@other.org\n", ""), settings: freeMail, misses: []string{"check_freemail_replyto"}},
		{name: "which may be ignored", text: body("Return-Path: <l-bounces@example.org>\n"+author+"Reply-To: b@other.org\n", ""), settings: append([]string{"freemail_skip_bulk_envfrom 0"}, freeMail...), hits: []string{"check_freemail_replyto"}},
		{name: "quoted", text: body("", "On Monday <c@other.org> wrote\nd@other.org wrote:\n"), settings: freeMail, misses: []string{"check_freemail_body"}},
		{name: "a number behind it", text: body("", "d@other.org fax: 12\n"), settings: freeMail, hits: []string{"check_freemail_body"}},
		{name: "in a web address", text: body("", "http://x.example.com/?u=d@other.org\n"), settings: freeMail, misses: []string{"check_freemail_body"}},
		{name: "beside one", text: body("", "http://x.example.com/ d@other.org\n"), settings: freeMail, hits: []string{"check_freemail_body"}},
		{name: "three are a list", text: body("", "a@free.com b@free.com c@free.com\n"), settings: freeMail, misses: []string{"check_freemail_body"}},
		{name: "two are none", text: body("", "a@free.com b@free.com a@free.com A@free.com\n"), settings: freeMail, hits: []string{"check_freemail_body"}},
		{name: "five others are", text: body("", "a@free.com b@example.com c@example.com d@example.com e@example.com\n"), settings: freeMail, misses: []string{"check_freemail_body"}},
		{name: "more are allowed", text: body("", "a@free.com b@free.com c@free.com d@free.com\n"), settings: append([]string{"freemail_max_body_freemails 9"}, freeMail...), hits: []string{"check_freemail_body"}},
		{name: "or all", text: body("", "a@free.com b@free.com c@free.com d@free.com\n"), settings: append([]string{"freemail_skip_when_over_max 0"}, freeMail...), hits: []string{"check_freemail_body"}},
		{name: "no address", text: body("", "a..b@ free.com @free.com x@free.com.foo.bar-\n"), settings: freeMail, misses: []string{"check_freemail_body"}},
		{name: "the end of one", text: body("", "write: a..b@free.com. Now\n"), settings: freeMail, hits: []string{"check_freemail_body ^b@free"}},
		{name: "listed as authenticated", text: body(author, ""), settings: append([]string{"freemail_import_whitelist_auth 1", "whitelist_auth *@free.com"}, freeMail...), misses: []string{"check_freemail_from"}},
	})
	badCalls(t, "check_freemail_header", "check_freemail_header From (", "check_freemail_replyto x", "check_freemail_from (", "check_freemail_body (")
}

func TestBulkSenders(t *testing.T) {
	for sender, want := range map[string]bool{
		"postmaster@x": true, "double-bounce@x": true, "owner-l@x": true, "owner-@x": false, "sentto-1@x": true, "grbounce-1@x": true,
		"l-request@x": true, "l-admin@x": true, "ladmin@x": false, "noreply@x": true, "no-reply@x": false, "no_reply@x": true, "no.replies@x": true,
		"donotreply@x": true, "do.not.reply@x": false, "do.no.reply@x": true, "dono.reply@x": true, "casino.reply@x": false, "a=b@x": true,
		"=b@x": false, "a=@x": false, "a@x": false, "": false, "nosreply@x": true,
	} {
		if got := isBulkSender(sender); got != want {
			t.Errorf("%s: got %v, want %v", sender, got, want)
		}
	}
}

func TestFromName(t *testing.T) {
	runCalls(t, []callTest{
		{
			name: "another address", text: "From: \"boss@google.com\" <x@example.com>\nTo: boss@google.com\nReply-To: boss@google.com\n\n",
			hits: []string{"check_fromname_spoof", "check_fromname_different", "check_fromname_domain_differ", "check_fromname_owners_differ", "check_fromname_contains_email", "check_fromname_equals_to", "check_fromname_equals_replyto", "check_fromname_spoof 0", "check_fromname_spoof 2"},
		},
		{
			name: "another one of the domain", text: "From: \"The Boss boss@example.com\" <x@example.com>\n\n",
			hits: []string{"check_fromname_different", "check_fromname_contains_email", "check_fromname_spoof 0"}, misses: []string{"check_fromname_spoof", "check_fromname_domain_differ", "check_fromname_owners_differ", "check_fromname_spoof 2", "check_fromname_equals_to"},
		},
		{
			name: "another suffix", text: "From: \"boss@google.de\" <x@google.com>\n\n",
			hits: []string{"check_fromname_domain_differ", "check_fromname_spoof 2"}, misses: []string{"check_fromname_owners_differ", "check_fromname_spoof"},
		},
		{name: "as fns_check says", text: "From: \"boss@google.de\" <x@google.com>\n\n", settings: []string{"fns_check 2"}, hits: []string{"check_fromname_spoof"}},
		{name: "the same", text: "From: \"X@example.com\" <x@example.com>\n\n", hits: []string{"check_fromname_contains_email"}, misses: []string{"check_fromname_different", "check_fromname_spoof"}},
		{name: "no address in it", text: "From: \"The Boss\" <x@example.com>\n\n", misses: []string{"check_fromname_contains_email", "check_fromname_spoof"}},
		{name: "no host that can be", text: "From: \"boss@google.nothing\" <x@example.com>\n\n", misses: []string{"check_fromname_contains_email"}},
		{name: "much beside it", text: "From: \"Somebody who has a lot to say about himself boss@google.com\" <x@example.com>\n\n", hits: []string{"check_fromname_contains_email"}, misses: []string{"check_fromname_different"}},
		{name: "which is allowed", text: "From: \"Somebody who has a lot to say about himself boss@google.com\" <x@example.com>\n\n", settings: []string{"fns_extrachars 90"}, hits: []string{"check_fromname_different"}},
		{name: "of one owner", text: "From: \"boss@google.com\" <x@example.com>\n\n", settings: []string{"fns_add_addrlist (Us) *@google.com *@Example.com"}, hits: []string{"check_fromname_different"}, misses: []string{"check_fromname_owners_differ"}},
		{name: "no more", text: "From: \"boss@google.com\" <x@example.com>\n\n", settings: []string{"fns_add_addrlist (Us) *@google.com *@Example.com", "fns_remove_addrlist (us) *@google.com"}, hits: []string{"check_fromname_owners_differ"}},
		{name: "an owner by the domain above", text: "From: \"boss@mail.google.com\" <x@example.com>\n\n", settings: []string{"fns_add_addrlist (example) boss@google.com"}, misses: []string{"check_fromname_owners_differ"}},
		{name: "ignored", text: "List-Id: x\nFrom: \"boss@google.com\" <x@example.com>\n\n", settings: []string{"fns_ignore_headers List-Id"}, misses: []string{"check_fromname_contains_email"}},
	})
}

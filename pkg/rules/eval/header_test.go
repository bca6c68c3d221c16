package eval

import (
	"strings"
	"testing"
)

func TestHeaders(t *testing.T) {
	runCalls(t, []callTest{
		{
			name:   "author and sender",
			text:   "Return-Path: <A@Example.org>\nFrom: a@example.org\nTo: b@example.net\n\n",
			hits:   []string{"check_for_matching_env_and_hdr_from"},
			misses: []string{"check_equal_from_domains", "check_for_missing_to_header"},
		},
		{
			name:   "neither",
			text:   "Subject: s\n\n",
			hits:   []string{"check_for_matching_env_and_hdr_from", "check_for_missing_to_header"},
			misses: []string{"check_equal_from_domains"},
		},
		{
			name:   "another domain",
			text:   "Return-Path: <a@mail.example.com>\nFrom: a@example.org\nApparently-To: x@example.net\n\n",
			hits:   []string{"check_equal_from_domains"},
			misses: []string{"check_for_matching_env_and_hdr_from", "check_for_missing_to_header"},
		},
		{
			name:   "another host",
			text:   "Return-Path: <a@mail.example.org>\nFrom: a@www.example.org\n\n",
			misses: []string{"check_equal_from_domains", "check_for_matching_env_and_hdr_from"},
		},
		{
			name:   "octets that may not stand in a header",
			text:   "Subject: caf\xe9 f\xfcr dich\nX-Other: caf\xc3\xa9\nX-Control: a\x01b\xc3\xa9\n\n",
			hits:   []string{"check_illegal_chars Subject 0.0 2", "check_illegal_chars Subject:raw 0.1 2", "check_illegal_chars X-Control 0.0 3"},
			misses: []string{"check_illegal_chars Subject 0.0 3", "check_illegal_chars Subject 0.2 2", "check_illegal_chars X-Other 0.0 1", "check_illegal_chars X-None 0.0 0"},
		},
		{
			name:   "one sign of Latin-1 in a Subject",
			text:   "Subject: 5 \xa3\nX-Other: 5 \xa3\n\n",
			hits:   []string{"check_illegal_chars X-Other 0.0 1", "check_illegal_chars Subject 0.0 0"},
			misses: []string{"check_illegal_chars Subject 0.0 1"},
		},
		{
			name:   "fields that say the same count once",
			text:   "To: a\nTO: a\nTo: b\n\n",
			hits:   []string{"check_header_count_range To 2 2", "check_header_count_range X-None 0 0"},
			misses: []string{"check_header_count_range To 3 9", "check_header_count_range X-None 1 9"},
		},
		{
			name: "no Received field",
			text: "Subject: s\n\n",
			hits: []string{"gated_through_received_hdr_remover", "check_messageid_not_usable"},
		},
		{
			name:   "a Received field",
			text:   hopOf("a", "a.example.org", "192.0.2.1", "mx.example.net") + "\n",
			misses: []string{"gated_through_received_hdr_remover", "check_messageid_not_usable"},
		},
		{
			name: "a list that drops them",
			text: "Mailing-List: contact l-help@example.org; run by ezmlm\nDelivered-To: mailing list l@example.org\n" +
				"Received: (qmail 2345 invoked from network); 3 Feb 2025 09:11:12 -0000\n\n",
			hits: []string{"gated_through_received_hdr_remover", "check_messageid_not_usable"},
		},
		{
			name: "a list that rewrites message ids",
			text: hopOf("a", "a.example.org", "192.0.2.1", "mx.example.net") + "List-Unsubscribe: <mailto:leave-x-1@example.org>\n\n",
			hits: []string{"check_messageid_not_usable"},
		},
		{
			name:     "charsets of other languages",
			text:     "From: =?utf-8?Q?x?= <a@example.org>\nSubject: =?ISO-2022-JP?B?GyRCGyhC?=\n\n",
			settings: []string{"ok_locales en"},
			hits:     []string{"check_for_faraway_charset_in_headers"},
		},
		{
			name:     "of ours",
			text:     "Subject: =?ISO-2022-JP?B?GyRCGyhC?=\n\n",
			settings: []string{"ok_locales en ja"},
			misses:   []string{"check_for_faraway_charset_in_headers"},
		},
		{
			name:   "of all",
			text:   "Subject: =?ISO-2022-JP?B?GyRCGyhC?=\n\n",
			misses: []string{"check_for_faraway_charset_in_headers", "check_for_unique_subject_id"},
		},
	})
	badCalls(t, "check_illegal_chars Subject 1", "check_header_count_range To", "check_for_shifted_date 1", "similar_recipients 1", "check_for_to_in_subject")
}

func TestSubjects(t *testing.T) {
	runCalls(t, []callTest{
		{name: "capitals", text: "Subject: BUY IT NOW\n\n", hits: []string{"subject_is_all_caps"}},
		{name: "behind marks of a reply", text: "Subject: Re: Fwd: BUY IT NOW 5\n\n", hits: []string{"subject_is_all_caps"}},
		{name: "one small letter", text: "Subject: BUY IT NOw\n\n", misses: []string{"subject_is_all_caps"}},
		{name: "one word", text: "Subject: BUYITNOWBUYITNOW\n\n", misses: []string{"subject_is_all_caps"}},
		{name: "short", text: "Subject: BUY IT!!\n\n", misses: []string{"subject_is_all_caps"}},
		{name: "no letters", text: "Subject: 123 456 789 0\n\n", misses: []string{"subject_is_all_caps"}},
		{name: "octets like capitals", text: "Subject: =?koi8-r?Q?BUY IT NOW OR NEVER?=\n\n", misses: []string{"subject_is_all_caps"}},
		{
			name:   "the whole address",
			text:   "To: erika@example.org\nSubject: hello Erika@example.org!\n\n",
			hits:   []string{"check_for_to_in_subject address"},
			misses: []string{"check_for_to_in_subject user", "check_for_to_in_subject other"},
		},
		{name: "no recipient", text: "Subject: hello\n\n", misses: []string{"check_for_to_in_subject address", "check_for_to_in_subject user"}},
		{name: "user first", text: "To: erika@example.org\nSubject: erika, look\n\n", hits: []string{"check_for_to_in_subject user"}},
		{name: "user first, in capitals", text: "To: erika@example.org\nSubject: Erika, look\n\n", misses: []string{"check_for_to_in_subject user"}},
		{name: "user only", text: "To: erika@example.org\nSubject: ERIKA\n\n", hits: []string{"check_for_to_in_subject user"}},
		{name: "user behind a reply", text: "To: erika@example.org\nSubject: Re: Erika\n\n", hits: []string{"check_for_to_in_subject user"}},
		{name: "user behind a word", text: "To: erika@example.org\nSubject: fw: dear erika\n\n", hits: []string{"check_for_to_in_subject user"}},
		{name: "user behind two", text: "To: erika@example.org\nSubject: fw: my dear erika\n\n", misses: []string{"check_for_to_in_subject user"}},
		{name: "user behind a comma", text: "To: erika@example.org\nSubject: , Erika!\n\n", hits: []string{"check_for_to_in_subject user"}},
		{name: "user and more", text: "To: erika@example.org\nSubject: erika,look\n\n", misses: []string{"check_for_to_in_subject user"}},
		{
			name:     "listed texts",
			text:     "Subject: [Bug 123] MAKE  money fast!\n\n",
			settings: []string{"welcomelist_subject [bug *]", "blacklist_subject Make ?money Fast"},
			hits:     []string{"check_subject_in_welcomelist", "check_subject_in_whitelist", "check_subject_in_blocklist", "check_subject_in_blacklist"},
		},
		{
			name:     "other texts",
			text:     "Subject: [Bug 123 MAKE money fast!\n\n",
			settings: []string{"whitelist_subject [bug *]", "blocklist_subject Make ?money Fast"},
			misses:   []string{"check_subject_in_welcomelist", "check_subject_in_blocklist"},
		},
	})
}

func TestRecipients(t *testing.T) {
	to := func(addresses ...string) string { return "To: " + strings.Join(addresses, ", ") + "\n\n" }
	runCalls(t, []callTest{
		{
			name:   "in order",
			text:   to("a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org", "f@x.org", "g@x.org"),
			hits:   []string{"sorted_recipients", "similar_recipients 0 0.1"},
			misses: []string{"similar_recipients 0.1 undef"},
		},
		{name: "six are too few", text: to("a@x.org", "b@x.org", "c@x.org", "d@x.org", "e@x.org", "f@x.org"), misses: []string{"sorted_recipients"}},
		{name: "out of order", text: to("b@x.org", "a@x.org", "c@x.org", "d@x.org", "e@x.org", "f@x.org", "g@x.org"), misses: []string{"sorted_recipients"}},
		{
			name:   "alike",
			text:   "To: joan@one.org, joe@only.org\nCc: john@ona.org, jon@onto.org, jo@onus.org\n\n",
			hits:   []string{"similar_recipients 2 undef", "similar_recipients undef 2.1"},
			misses: []string{"similar_recipients undef 2", "sorted_recipients"},
		},
		{
			name: "four, and a blind copy",
			text: "To: joan@x.org, joe@x.org, john@x.org, jon@x.org\nBcc: jo@x.org\n\n",
			hits: []string{"similar_recipients 1 1.1"},
		},
		{
			name:   "twice in a row",
			text:   to("joan@x.org", "JOAN@x.org", "joe@x.org", "john@x.org", "jon@x.org"),
			hits:   []string{"similar_recipients 0 0.1"},
			misses: []string{"similar_recipients 0.1 undef"},
		},
	})
}

func TestTraces(t *testing.T) {
	hop := hopOf("a", "a.example.org", "192.0.2.1", "mx.example.net")
	runCalls(t, []callTest{
		{
			name: "a template that nobody filled in",
			text: "X-Info: dear %FIRST_NAME\n\n",
			hits: []string{"check_unresolved_template"},
		},
		{
			name:   "where it may look so",
			text:   "Subject: 100 %OFF\nX-Message-Id: <%AB@x>\nX-Info: 5%A 6%aB\n\n",
			misses: []string{"check_unresolved_template"},
		},
		{
			name:   "an author's address in the message id",
			text:   "From: \"Max\" <max@example.org>\nMessage-Id: <ABCDEFGHIJKLMNOPQRSTUVWXYZAB.max@example.org>\n\n",
			hits:   []string{"check_ratware_name_id"},
			misses: []string{"check_outlook_message_id"},
		},
		{
			name:   "without a name",
			text:   "From: <max@example.org>\nMessage-Id: <ABCDEFGHIJKLMNOPQRSTUVWXYZAB.max@example.org>\n\n",
			misses: []string{"check_ratware_name_id"},
		},
		{
			name: "the recipient in the sender",
			text: "Return-Path: <x-example.org-erika@spam.example>\nTo: erika@mail.example.com\n\n", misses: []string{"check_ratware_envelope_from"},
		},
		{
			name: "domain and user",
			text: "Return-Path: <b-yahoo.com=erika@spam.example.net>\nTo: erika@mail.yahoo.com\n\n", hits: []string{"check_ratware_envelope_from"},
		},
		{
			name: "but a forwarder may do so",
			text: "Return-Path: <SRS0=a=b=yahoo.com=erika@spam.example.net>\nTo: erika@mail.yahoo.com\n\n", misses: []string{"check_ratware_envelope_from"},
		},
		{
			name: "Outlook's clock",
			text: hop + "Date: Mon, 3 Feb 2025 09:11:12 +0000\nMessage-ID: <000401db761b$9f3c2a10$0100a8c0@pc>\n\n", misses: []string{"check_outlook_message_id"},
		},
		{
			name: "another one",
			text: hop + "Date: Mon, 3 Feb 2025 09:11:12 +0000\nMessage-ID: <000401ab761b$9f3c2a10$0100a8c0@pc>\n\n", hits: []string{"check_outlook_message_id"},
		},
		{
			name: "right by the time of receiving",
			text: hop + "Date: Mon, 3 Feb 2020 09:11:12 +0000\nMessage-ID: <000401db761b$9f3c2a10$0100a8c0@pc>\n\n", misses: []string{"check_outlook_message_id"},
		},
	})
}

func TestForgedProviders(t *testing.T) {
	hop := hopOf("a", "a.example.org", "192.0.2.1", "mx.example.net")
	runCalls(t, []callTest{
		{
			name:   "nobody's",
			text:   hop + "From: a@example.org\n\n",
			misses: []string{"check_for_forged_hotmail_received_headers", "check_for_no_hotmail_received_headers", "check_for_forged_yahoo_received_headers", "check_for_forged_gmail_received_headers", "check_for_forged_juno_received_headers", "check_for_forged_eudoramail_received_headers", "check_for_fake_aol_relay_in_rcvd", "check_for_forged_gw05_received_headers"},
		},
		{
			name:   "hotmail without hotmail",
			text:   hop + "From: a@hotmail.com\n\n",
			hits:   []string{"check_for_no_hotmail_received_headers"},
			misses: []string{"check_for_forged_hotmail_received_headers"},
		},
		{
			name:   "who calls himself hotmail",
			text:   hopOf("bay0.hotmail.com", "x.example.org", "192.0.2.1", "mx.example.net") + "From: a@example.org\n\n",
			hits:   []string{"check_for_forged_hotmail_received_headers"},
			misses: []string{"check_for_no_hotmail_received_headers"},
		},
		{
			name:   "hotmail",
			text:   hopOf("hotmail.com", "f1.law8.hotmail.com", "192.0.2.1", "mx.example.net") + "X-Originating-IP: [192.0.2.2]\nFrom: a@hotmail.com\n\n",
			misses: []string{"check_for_forged_hotmail_received_headers", "check_for_no_hotmail_received_headers"},
		},
		{
			name:   "hotmail without the first client",
			text:   hopOf("hotmail.com", "f1.law8.hotmail.com", "192.0.2.1", "mx.example.net") + "From: a@hotmail.com\n\n",
			hits:   []string{"check_for_forged_hotmail_received_headers"},
			misses: []string{"check_for_no_hotmail_received_headers"},
		},
		{
			name:   "hotmail by Outlook",
			text:   hopOf("EUR.outbound.protection.outlook.com", "mail-1.outbound.protection.outlook.com", "192.0.2.1", "mx.example.net") + "X-OriginatorOrg: hotmail.com\nFrom: a@hotmail.com\n\n",
			misses: []string{"check_for_no_hotmail_received_headers"},
		},
		{name: "yahoo without yahoo", text: hop + "From: a@yahoo.com\n\n", hits: []string{"check_for_forged_yahoo_received_headers"}},
		{name: "yahoo by name", text: hopOf("x", "n1.bullet.mail.yahoo.com", "192.0.2.1", "mx.example.net") + "From: a@yahoo.com\n\n", misses: []string{"check_for_forged_yahoo_received_headers"}},
		{
			name:   "yahoo's web",
			text:   hop + "Received: from [192.0.2.3] by web9.mail.mud.yahoo.com via HTTP; Mon, 03 Feb 2025 01:11:12 PST\nFrom: a@yahoo.com\n\n",
			misses: []string{"check_for_forged_yahoo_received_headers"},
		},
		{
			name:   "yahoo's groups",
			text:   hop + "Received: from [192.0.2.3] by n1.grp.scd.yahoo.com with NNFMP; 03 Feb 2025 01:11:12 -0000\nFrom: a@yahoo.com\n\n",
			misses: []string{"check_for_forged_yahoo_received_headers"},
		},
		{name: "another yahoo", text: hop + "From: a@notyahoo.com\n\n", misses: []string{"check_for_forged_yahoo_received_headers"}},
		{name: "gmail without gmail", text: hop + "From: a@gmail.com\n\n", hits: []string{"check_for_forged_gmail_received_headers"}},
		{name: "gmail", text: hop + "X-Received: by 2002:a17:90b:1 with SMTP id a1; Mon, 03 Feb 2025\nFrom: a@gmail.com\n\n", misses: []string{"check_for_forged_gmail_received_headers"}},
		{
			name:   "gmail by its marks",
			text:   hop + "X-Gm-Message-State: " + strings.Repeat("a", 60) + "\nX-Google-Smtp-Source: " + strings.Repeat("b", 60) + "\nFrom: a@gmail.com\n\n",
			misses: []string{"check_for_forged_gmail_received_headers"},
		},
		{name: "juno without juno", text: hop + "From: a@juno.com\n\n", hits: []string{"check_for_forged_juno_received_headers"}},
		{
			name:   "juno",
			text:   hopOf("mx.juno.com", "mx.juno.com", "192.0.2.1", "mx.example.net") + "X-Originating-IP: 192.0.2.2\nX-Mailer: Juno 5.0.33\nFrom: a@juno.com\n\n",
			misses: []string{"check_for_forged_juno_received_headers"},
		},
		{name: "eudoramail without it", text: hop + "From: a@eudoramail.com\n\n", hits: []string{"check_for_forged_eudoramail_received_headers"}},
		{
			name:   "eudoramail",
			text:   "Received: from Unknown/Local ([?.?.?.?]) by shared1.whowhere.com; Thu Nov 29 13:44:25 2001\nX-Sender-Ip: 192.0.2.1\nFrom: a@eudoramail.com\n\n",
			misses: []string{"check_for_forged_eudoramail_received_headers"},
		},
		{name: "aol's relays", text: hopOf("x", "x.example.org", "192.0.2.1", "rly-xw01.mx.aol.com") + "\n", hits: []string{"check_for_fake_aol_relay_in_rcvd"}},
		{
			name:   "written by aol",
			text:   "Received: from logs.example.com (logs.example.com [192.0.2.1]) by rly-ip01.mx.aol.com (8.8.8/8.8.8/AOL-5.0.0) with ESMTP id NAA1\n\n",
			misses: []string{"check_for_fake_aol_relay_in_rcvd"},
		},
		{
			name: "a gateway without domain",
			text: hop + "Received: from mail.example.org by gw05 with ESMTP; Thu, 21 Jun 2001 02:28:32 -0400\n\n",
			hits: []string{"check_for_forged_gw05_received_headers"},
		},
		{
			name: "mail of a group",
			text: "Received: from mail pickup service by p04.groups.msn.com with Microsoft SMTPSVC; Thu, 5 May 2005 20:30:37 -0700\n" +
				"To: \"L\" <notifications@groups.msn.com>\nMessage-Id: <TK2@p04.groups.msn.com>\n\n",
			hits: []string{"check_for_msn_groups_headers"},
		},
	})
}

package message

import (
	"strings"
	"testing"
	"time"
)

// Fields as hosts write them that a site may have before it, and what is believed of them: the address, "local" where
// nobody connected, "unknown" where nobody can tell who did.
var handovers = []struct{ field, want string }{
	// Postfix: PROXY and XCLIENT have it write the address that they told
	{"from mail.example.org (mail.example.org [192.0.2.10]) by mx.example.net (Postfix) with ESMTP id 4QxYz12abc for <erika@example.net>; Mon, 3 Feb 2025 10:11:12 +0100 (CET)", "192.0.2.10 mail.example.org mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.10])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\n\t(No client certificate requested)\n\tby mx.example.net (Postfix) with ESMTPS id 4Qx\n\tfor <erika@example.net>; Mon,  3 Feb 2025 10:11:12 +0100 (CET)", "192.0.2.10 mail.example.org mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.10]) (using TLSv1.3 with cipher X (256/256 bits)) (Client CN \"x [198.51.100.9]\", Issuer \"by me\" (not verified)) by mx.example.net (Postfix) with ESMTPS id 4Qx", "192.0.2.10 mail.example.org mail.example.org"},
	{"from mail.example.org (unknown [192.0.2.10]) by mx.example.net (Postfix) with ESMTPS id 4Qx; Mon, 3 Feb 2025 10:11:12 +0100", "192.0.2.10  mail.example.org"},
	{"from six.example.org (six.example.org [IPv6:2001:db8::25]) by mx.example.net (Postfix) with ESMTPS id 77AA; Mon, 3 Feb 2025 10:11:12 +0100", "2001:db8::25 six.example.org six.example.org"},
	{"from [10.1.2.3] (10.2.0.192.dsl.example.org [192.0.2.10]) by mx.example.net (Postfix) with ESMTP id 77AA; Mon, 3 Feb 2025 10:11:12 +0100", "192.0.2.10 10.2.0.192.dsl.example.org !10.1.2.3!"},
	{"from laptop (dsl.example.org [198.51.100.3]) (Authenticated sender: erika) by mx.example.net (Postfix) with ESMTP id 9F00D; Mon, 3 Feb 2025 10:11:12 +0100", "198.51.100.3 dsl.example.org laptop auth"},
	{"from laptop (dsl.example.org [198.51.100.3]) by mx.example.net (Postfix) with ESMTPSA id 9F00D; Mon, 3 Feb 2025 10:11:12 +0100", "198.51.100.3 dsl.example.org laptop auth"},
	{"from localhost (localhost [127.0.0.1]) by mx.example.net (Postfix) with ESMTP id 1234; Mon, 3 Feb 2025 10:11:12 +0100", "127.0.0.1 localhost localhost"},
	{"from localhost ([127.0.0.1]) by localhost (mx.example.net [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 1234 for <erika@example.net>; Mon, 3 Feb 2025 10:11:12 +0100", "127.0.0.1  localhost"},
	{"by web.example.net (Postfix, from userid 33) id 1234; Mon, 03 Feb 2025 10:11:12 +0100 (CET)", "local"},
	{"from mx.example.net ([10.0.0.3]) by box.example.net (Dovecot) with LMTP id x for <erika@example.net>; Mon, 03 Feb 2025 10:11:12 +0100", "10.0.0.3  mx.example.net"},
	{"from mx.example.net by box.example.net with LMTP id x (envelope-from <max@example.org>) for <erika@example.net>; Mon, 03 Feb 2025 10:11:12 +0100", "local"},

	// Exim
	{"from mail.example.org ([192.0.2.10]) by exim.example.net with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) (envelope-from <max@example.org>) id 1pXyZ-0001Ab-2c for erika@example.net; Mon, 03 Feb 2025 10:11:12 +0000", "192.0.2.10 mail.example.org mail.example.org"},
	{"from mail.example.org ([192.0.2.10]:41512 helo=smtp.example.org) by exim.example.net with esmtp (Exim 4.96) id 1pXyZ-0001Ab-2c", "192.0.2.10 mail.example.org smtp.example.org"},
	{"from [192.0.2.7] (helo=pc.example.org) by exim.example.net with esmtp (Exim 4.96) (envelope-from <max@example.org>) id 1pXyZ-0001Ab-2c", "192.0.2.7  pc.example.org"},
	{"from [192.0.2.7] (helo=[10.0.0.7]) by exim.example.net with esmtp (Exim 4.96) id 1pXyZ-0001Ab-2c", "192.0.2.7  !10.0.0.7!"},
	{"from [192.0.2.7] by exim.example.net with esmtp (Exim 4.96) id 1pXyZ-0001Ab-2c", "192.0.2.7  "},
	{"from www-data by web.example.net with local (Exim 4.96) id 1pXyZ-0001Ab-2c", "local"},

	// Sendmail, Proofpoint, Sendmail as many imitate it
	{"from helo.example.org (IDENT:joe@real.example.org [192.0.2.5]) by relay.example.net (8.17.1/8.17.1) with ESMTP id 513ABCDE001234 for <erika@example.net>; Mon, 3 Feb 2025 10:11:12 +0100", "192.0.2.5 real.example.org helo.example.org"},
	{"from helo.example.org (dial.example.org [192.0.2.5] (may be forged)) by relay.example.net (8.17.1/8.17.1) with ESMTP id 513ABCDE001234", "192.0.2.5 dial.example.org helo.example.org"},
	{"from roam (dial.example.org [192.0.2.5]) (authenticated bits=0) by relay.example.net (8.17.1/8.17.1) with ESMTP id 513ABC", "192.0.2.5 dial.example.org roam auth"},
	{"(from erika@localhost) by home.example.net (8.17.1/8.17.1/Submit) id 513ABC; Mon, 3 Feb 2025 10:11:12 GMT", "local"},
	{"from pps.filterd (m0001.example.net [127.0.0.1]) by m0001.example.net (8.17.1/8.17.1) with ESMTP id 513ABC", "127.0.0.1 m0001.example.net pps.filterd"},
	{"from mail.example.org (mail.example.org [192.0.2.10]) by mx0a.example.net (PPS) with ESMTPS id 43x (version=TLSv1.2 cipher=ECDHE bits=256 verify=NOT) for <erika@example.net>", "192.0.2.10 mail.example.org mail.example.org"},

	// qmail
	{"(qmail 2345 invoked from network); 3 Feb 2025 09:11:12 -0000", "local"},
	{"(qmail 2345 invoked by uid 89); 3 Feb 2025 09:11:12 -0000", "local"},
	{"from unknown (HELO mail.example.org) (192.0.2.9) by q.example.net with SMTP; 3 Feb 2025 09:11:12 -0000", "192.0.2.9  mail.example.org"},
	{"from mail.example.org (192.0.2.9) by q.example.net with SMTP; 3 Feb 2025 09:11:12 -0000", "192.0.2.9  mail.example.org"},
	{"from mail.example.org (HELO pc.example.org) (joe@192.0.2.9) by q.example.net with SMTP; 3 Feb 2025 09:11:12 -0000", "192.0.2.9 mail.example.org pc.example.org"},

	// Exchange, Outlook, Exchange Online Protection
	{"from A1.prod.example.org (2603:10a6:802:b::13) by A2.prod.example.org (2603:10a6:208:b::13) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_X) id 15.20.1.1; Mon, 3 Feb 2025 10:11:12 +0000", "2603:10a6:802:b::13  A1.prod.example.org"},
	{"from mail.example.org (192.0.2.40) by DB8.mail.protection.outlook.com (10.233.239.95) with Microsoft SMTP Server (version=TLS1_2, cipher=X) id 15.20.8398.14 via Frontend Transport; Mon, 3 Feb 2025 10:11:12 +0000", "192.0.2.40  mail.example.org"},
	{"from inner ([192.0.2.31]) by exch.example.net with Microsoft SMTPSVC(6.0.3790.4675); Mon, 3 Feb 2025 10:11:12 +0100", "192.0.2.31  inner"},
	{"from mail pickup service by exch.example.net with Microsoft SMTPSVC; Mon, 3 Feb 2025 10:11:12 +0100", "local"},
	{"from A1.prod.example.org ([fe80::19bd:c588:dd17:5226]) by A2.prod.example.org ([fe80::19bd:c588:dd17:5226%6]) with mapi id 15.20.1943.023; Mon, 3 Feb 2025 10:11:12 +0000", "fe80::19bd:c588:dd17:5226  A1.prod.example.org"},

	// Gmail, Yahoo, Amazon
	{"by 2002:a05:6402:1 with SMTP id xyz; Mon, 3 Feb 2025 01:11:12 -0800 (PST)", "local"},
	{"from mail.example.org (mail.example.org. [192.0.2.61]) by mx.google.com with ESMTPS id a1si1234567abc.4.2025.02.03.01.11.12 for <erika@example.net> (version=TLS1_3 cipher=TLS_AES bits=256/256); Mon, 03 Feb 2025 01:11:12 -0800 (PST)", "192.0.2.61 mail.example.org mail.example.org"},
	{"from mail-sor-f41.google.com (mail-sor-f41.google.com. [192.0.2.41]) by mx.google.com with SMTPS id a1sor1.1.2025.02.03 for <erika@example.net> (Google Transport Security); Mon, 03 Feb 2025 01:11:12 -0800 (PST)", "192.0.2.41 mail-sor-f41.google.com mail-sor-f41.google.com"},
	{"from 192.0.2.62 (EHLO pc.example.org) by 10.197.33.137 with SMTPs (version=TLS1_3 cipher=TLS_AES); Mon, 03 Feb 2025 01:11:12 -0800", "192.0.2.62  pc.example.org"},
	{"from 384836569573 named unknown by gmailapi.google.com with HTTPREST; Mon, 3 Feb 2025 01:11:12 -0800", "unknown"},
	{"from a.example.org (a.example.org [192.0.2.33]) by inbound-smtp.eu-west-1.amazonaws.com with SMTP id abc for erika@example.net; Mon, 03 Feb 2025 09:11:12 +0000 (UTC)", "192.0.2.33 a.example.org a.example.org"},

	// Zimbra, MDaemon, Courier, CommuniGate, GMX, Haraka, OpenSMTPD, Cyrus, IronPort, Mimecast and others
	{"from backend.example.org (LHLO backend.example.org) (192.0.2.84) by zimbra.example.net with LMTP; Mon, 3 Feb 2025 10:11:12 +0100 (CET)", "192.0.2.84 backend.example.org backend.example.org"},
	{"from md.example.org [(192.0.2.85)] by mdaemon.example.net (192.0.2.86) (MDaemon PRO v19.0.2) with ESMTP id md5.msg; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.85  md.example.org"},
	{"from md.example.org (md.example.org [192.0.2.85]) by mdaemon.example.net (MDaemon PRO v22.0.4) with ESMTPS id md5001.msg; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.85 md.example.org md.example.org"},
	{"from pc (dsl.example.org [::ffff:192.0.2.80]) (AUTH: LOGIN erika@example.net, TLS: TLS1.3) by courier.example.net with esmtp; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.80 dsl.example.org pc auth"},
	{"from example.org (softdnserr [::ffff:192.0.2.81]) by courier.example.net with esmtp id 1; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.81  example.org"},
	{"from host.example.org ([192.0.2.83] verified) by cgp.example.net (CommuniGate Pro SMTP 6.3.1) with ESMTP id 97; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.83  host.example.org"},
	{"from mail.example.org ([192.0.2.63]) by mx.gmx.net (mxgmx101 [198.51.100.1]) with ESMTPS (Nemesis) id 1MQ for <erika@example.net>; Mon, 03 Feb 2025 10:11:12 +0100", "192.0.2.63  mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.10]) by haraka.example.net (Haraka/3.0.2) with ESMTPS id 4A5B.1 envelope-from <max@example.org> tls TLS_AES (version=TLSv1.3); Mon, 03 Feb 2025 10:11:12 +0000", "192.0.2.10 mail.example.org mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.10]) by mx.example.net (OpenSMTPD) with ESMTPS id 5db34e0d (TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) for <erika@example.net>; Mon, 3 Feb 2025 10:11:12 -0600 (MDT)", "192.0.2.10 mail.example.org mail.example.org"},
	{"from localhost (example.org [local]) by example.org (OpenSMTPD) with ESMTPA id 5db34e0d; Mon, 3 Feb 2025 10:11:12 -0600 (MDT)", "local"},
	{"from testhost ([unix socket]) by testhost (Cyrus v2.3.14) with LMTPA; Mon, 03 Feb 2025 10:11:12 +0200", "local"},
	{"from mail.example.org ([192.0.2.11]) by esa1.example.net with ESMTP/TLS/AES256-GCM-SHA384; 03 Feb 2025 10:11:12 +0200", "192.0.2.11  mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.12]) by relay.example.net with ESMTP with STARTTLS (version=TLSv1.2, cipher=X) id uk-mta-12-abc; Mon, 03 Feb 2025 10:11:12 +0000", "192.0.2.12 mail.example.org mail.example.org"},
	{"from mail.example.org (mail.example.org [192.0.2.12]) by mox.example.net (\"example\") via tcp with ESMTPS id x (TLS1.3 TLS_AES) for <erika@example.net>; 03 Feb 2025 10:11:12 +0000", "192.0.2.12 mail.example.org mail.example.org"},
	{"from mail.example.org (HELO mail.example.org) [192.0.2.63] by mail.gmx.net (mp010) with SMTP; 03 Feb 2025 09:11:12 +0100", "192.0.2.63 mail.example.org mail.example.org"},

	// mailboxes, lists
	{"from pop.example.org [192.0.2.98] by localhost with IMAP (fetchmail-6.4.37) for erika@localhost (single-drop); Mon, 03 Feb 2025 10:11:12 +0100 (CET)", "local"},
	{"from pop.example.org (192.0.2.98) by home.example.net with POP3; 3 Feb 2025 10:11:12 -0000", "local"},
	{"from lists.example.org (localhost [IPv6:::1]) by lists.example.org (Postfix) with ESMTP id 1; Mon, 03 Feb 2025 10:11:12 +0100", "::1 localhost lists.example.org"},
	{"from x.example.org by y.example.org with ECARTIS (v1.0.0; list announce); Mon, 03 Feb 2025 10:11:12 +0000 (UTC)", "unknown"},

	// nobody wrote down who it was
	{"from mx.example.org by mx.example.net with SMTP; Mon, 03 Feb 2025 10:11:12 +0100", "unknown"},
	{"from somewhere over the rainbow", "unknown"},
	{"from x.example.org; Mon, 03 Feb 2025 10:11:12 +0100", "unknown"},
	{"from x.example.org by y.example.net (y.example.net [203.0.113.5]) with ESMTP id 1; Mon, 03 Feb 2025 10:11:12 +0100", "unknown"},
	{"from example.org (example.org [300.1.2.3]) by mx.example.net (Postfix) with ESMTP id 1; Mon, 03 Feb 2025 10:11:12 +0100", "unknown"},
	{"", "local"},

	// what a client called itself so that another host would be taken for it: 192.0.2.66 is who connected
	{"from x [203.0.113.1] by y (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66  x?!203.0.113.1!?by?y"},
	{"from x with local for y (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66  x?with?local?for?y"},
	{"from x with POP3 (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66  x?with?POP3"},
	{"from x with ESMTPSA by y (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66  x?with?ESMTPSA?by?y"},
	{"from [203.0.113.1] (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66  !203.0.113.1!"},
	{"from [203.0.113.1] (TLSv1.example.org [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 1", "192.0.2.66 TLSv1.example.org !203.0.113.1!"},
	{"from unknown (HELO x [203.0.113.1]) (192.0.2.66) by q.example.net with SMTP", "192.0.2.66  x!!203.0.113.1!"},
	{"from unknown (HELO x) (203.0.113.1) by y (192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from unknown (HELO x) (203.0.113.1) (192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from unknown (HELO x) [203.0.113.1] by y ((192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from unknown (HELO x) (203.0.113.1) by y \") (192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from unknown (HELO x) (203.0.113.1) by y (\\) (192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from unknown (HELO x)) (203.0.113.1) by y () (192.0.2.66) by q.example.net with SMTP", "unknown"},
	{"from [203.0.113.1] by mx.example.net with SMTP; Mon, 03 Feb 2025 10:11:12 +0100", "unknown"},
	{"(from x [203.0.113.1]) by y.example.net (z) with SMTP", "unknown"},
}

func TestReadHandover(t *testing.T) {
	for _, tt := range handovers {
		hop, how := readHandover(unfoldText(tt.field))
		got := [...]string{"unknown", "", "local"}[how]
		if how == handedOver {
			got = hop.Addr.String() + " " + hop.Name + " " + hop.Helo
			if hop.Auth != "" {
				got += " auth"
			}
		}
		if got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.field, got, tt.want)
		}
	}
}

// A field can be made to offer many ways of reading it; none takes long.
func TestReadHandoverIsBounded(t *testing.T) {
	for name, field := range map[string]string{
		"comments":    "from a " + strings.Repeat("(", 4_000) + strings.Repeat(")", 4_000) + " by b with c",
		"words":       "from " + strings.Repeat("a [192.0.2.1] ", 580) + "by b with c",
		"addresses":   "from a (b " + strings.Repeat("[192.0.2.1] ", 650) + ") by b with c",
		"HELO":        "from a (b " + strings.Repeat(" HELO ", 1_300) + ") by b with c",
		"quotes":      "from " + strings.Repeat("\"a\\\" \"", 1_000) + " by b with c",
		"colons":      "from a ([" + strings.Repeat("1:", 4_000) + "]) by b with c",
		"parentheses": "from a" + strings.Repeat(" (b)", 2_000) + " by c",
	} {
		start := time.Now()
		readHandover(field)
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func FuzzReadHandover(f *testing.F) {
	for _, tt := range handovers {
		f.Add(tt.field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		hop, how := readHandover(field)
		if (how == handedOver) != hop.Addr.IsValid() {
			t.Errorf("%q: got %v of %v", field, how, hop.Addr)
		}
		if strings.ContainsAny(hop.IP+hop.Name+hop.Helo+hop.By, " \t\r\n[]()<>") {
			t.Errorf("%q: %+v holds what would spoil the text of the relays", field, hop)
		}
	})
}

// Whatever a client calls itself, Postfix' field tells of no other host.
func FuzzHelo(f *testing.F) {
	for _, helo := range []string{"mail.example.org", "x [203.0.113.1] by y", "x with local for y", "[203.0.113.1]", "x with POP3", "by", "x by", "\"x", "x\\", "from x", "203.0.113.1"} {
		f.Add(helo)
	}
	f.Fuzz(func(t *testing.T, helo string) {
		helo = strings.Join(strings.Fields(strings.Map(func(c rune) rune { // smtpd_proto.c: Postfix neuters it so
			if c < ' ' || c >= 0x7f || strings.ContainsRune("<>()\\\";@", c) {
				return '?'
			}
			return c
		}, helo)), " ")
		if helo == "" || len(helo) > MaxFieldValue/2 {
			return
		}
		hop, how := readHandover("from " + helo + " (unknown [192.0.2.66]) by mx.example.net (Postfix) with ESMTP id 4QxYz12abc; Mon, 3 Feb 2025 10:11:12 +0100 (CET)")
		if how == handedLocally || how == handedOver && (hop.IP != "192.0.2.66" || hop.Auth != "") {
			t.Errorf("%q: got %v %v %q", helo, how, hop.IP, hop.Auth)
		}
	})
}

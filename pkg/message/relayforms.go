package message

// A relayForm is a form of Received fields and what it means that a field has it.
type relayForm struct {
	mark    relayPattern // must be anywhere in the field, where there is one
	pattern relayPattern // must fit from behind the field's "from ", where there is one
	says    relayMeaning
	also    func(r *relayLine) bool // does what a pattern cannot express; false: it is not this form after all
}

// relayMeaning is what is known of fields of a form.
type relayMeaning uint8

const (
	looksUp    relayMeaning = 1 << iota // this MTA asks the DNS for the client's name: where there is none, there is none
	heloIsName                          // it writes the name only, where the client's HELO was the same
	skipped                             // nobody handed this over by TCP, or the field does not tell who
	noID                                // what looks like a queue id is none
)

func form(says relayMeaning, pattern string) relayForm {
	return relayForm{pattern: relayPatternOf(pattern), says: says}
}

func marked(says relayMeaning, mark, pattern string) relayForm {
	return relayForm{mark: relayPatternOf(mark), pattern: relayPatternOf(pattern), says: says}
}

func special(says relayMeaning, also func(*relayLine) bool, pattern string) relayForm {
	return relayForm{pattern: relayPatternOf(pattern), says: says, also: also}
}

// A relayFamily is the forms of one MTA, which it is known by. A field with the mark of one is none of those behind it.
type relayFamily struct {
	mark  relayPattern
	forms []relayForm
}

// relayFamilies are MTAs that can be told by a word in their fields.
var relayFamilies = []relayFamily{
	{relayPatternOf(" SMTPSVC"), []relayForm{ // Microsoft's SMTP service
		form(0, "{helo*} ([{ip}]{_0<40)}) by {by} with Microsoft SMTPSVC"),
		form(skipped, "mail pickup service by {_} with Microsoft SMTPSVC{$}"),
	}},
	{relayPatternOf(" with {Microsoft SMTP Server|mapi id} {?({_+)}) }{#}.{#}.{#}.{#}{$ }"), []relayForm{ // Exchange
		form(noID, "{helo} ({?[}{ip}{zone}{?]}) by {by} "),
	}},
	{relayPatternOf("[XMail "), []relayForm{
		special(0, xmailValues, "{helo} ({?[}{ip}{?]}:{#}) by {by}{? ({_})} with [XMail"),
	}},
	{relayPatternOf("(ecelerity{edge}"), []relayForm{
		form(0, "([{ip}:{#}] helo={helo}) by {by} "),
		form(0, "{_} ([{ip}:{#}]) by {by} "),
	}},
	{relayPatternOf("Exim"), []relayForm{
		marked(skipped, "{edge}with local{?-{_}} ", ""),
		special(0, subValues, "[{ip}] ({sub..}) by {by} "),
		special(heloIsName, subValues, "{rdns} ([{ip}]{sub..}) by {by} "),
		form(heloIsName, "{rdns} [{ip}]{?:{#}} by {by} "),
		{also: eximPieces},
	}},
	{relayPatternOf(" (Postfix) with"), []relayForm{
		form(looksUp, "{helo} ({rdns} [{ip}]) by {by} "),
		form(looksUp, "{helo} ({rdns}[{ip}]) by {by} "),
	}},
	{relayPatternOf("(Scalix SMTP Relay"), []relayForm{form(0, "{helo} ({? }{ip}) by {by}")}},
	{relayPatternOf(" (Lotus Domino "), []relayForm{form(0, "{helo} ([{ip}]) by {by} (Lotus")}},
}

// relayForms are the forms of everybody else. The first that fits counts: later ones are more general.
var relayForms = []relayForm{
	marked(0, "{edge}with HTTP{edge}", "{ip} ([{IP}]) by {by}"), // webmail
	{also: sendmailHop},
	form(looksUp, "{helo} ({rdns} [{ip}]) by {by} with {_} ("), // Exchange's Internet Mail Service
	form(0, "{rdns} ([{ip}] helo={helo}) by {by} with "),
	form(0, "{helo} (<unknown{_*}>[{ip}]) by {by} "),
	form(looksUp, "{helo} ({rdns.}[{ip}]) by {by} "),
	form(looksUp, "{helo} ({ident*}@[{ip}]{_...}) by {by} ("), // Sendmail, client without a name
	{also: hotmailHop},
	form(0, "{rdns} ({HELO|EHLO} {helo*}) ({ip}) by {by} (qpsmtpd/{_}) with {ESMTP|SMTP}"),
	form(0, "{rdns} (LHLO {helo*}) ({ip}) by {by} with LMTP"),                        // Zimbra
	form(0, "{rdns} ({HELO|EHLO} {helo*}) [{ip}] by {by} ({_+)}) with {ESMTP|SMTP}"), // GMX
	form(0, "{helo} ([{ip}]) by {by} via smtpd (for {_}) with SMTP("),
	{also: qmailHop},
	form(0, "{_} ( [{ip}]){_..} by {by} "),
	form(0, "({helo} [{ip}]) by {by} "),
	form(0, "[{ip}] by {by} "),
	form(0, "({?[}{ip}{?]}) by {by} "),
	form(looksUp, "{helo} [{ip}] by {by} [{IP}] with "), // MDaemon
	form(0, "{helo} [({ip})] by {by} ({IP}) "),          // MDaemon
	form(looksUp, "{helo} ([{ip}]) by {by} ("),          // Sendmail, client without a name
	special(0, courierName, "{helo} ({rdns} [{ip}]){_..} by {by}{edge}"),
	form(looksUp, "{helo} ([{ip}{?{.|:}{#}}]){_..} by {by} "),
	form(looksUp, "{helo} ({rdns} [{ip}]){? (authenticated bits={#})} by {by} ("),
	{mark: relayPatternOf("with {POP3|IMAP}"), says: skipped, also: foundFetcher},
	form(looksUp, "{rdns} ({HELO|EHLO} {helo*)}) ({?{ident*}@}{?[}{ip}{?]}){_...} by {by} "),
	form(looksUp|heloIsName, "{rdns} ({?{ident*}@}{?[}{ip}{?]}){_...} by {by} "),
	form(looksUp, "{rdns}({ip}) by {by} via smap "),
	form(looksUp, "{rdns}({ip}, {HELO|EHLO} {helo*}) by {by} via smap "),
	form(0, "{ip} by {by} ({SMTPL|InterScan}{edge}"),
	form(skipped, "{_} by {_} with BSMTP"), // batches of mail in a file
	form(looksUp, "{helo} ({rdns} [{ip}]) by {by} with "),
	form(looksUp, "{rdns} ({HELO|EHLO} {helo*}) ({?{ident}@}{ip}{_..}) by {by} with "), // Yahoo, authenticated
	form(0, "[{ip}] ({?account {_} }{HELO|EHLO} {helo*}) by {by} ("),                   // CommuniGate Pro
	marked(looksUp|heloIsName, " (CommuniGate Pro", "{rdns} ([{ip}] verified) by {by} ("),
	form(skipped, "{_} ({_}) by {_} (Content Technologies "),
	form(0, "{helo} ([{ip}] [{_}]) by {by} with "),
	form(0, "{ip} by {by} with "), // Tumbleweed
	form(looksUp, "{helo} ({rdns}[{ip}]) by {by} "),
	form(0, "[{ip}]{_} ({HELO|EHLO} {helo*}) by {by} "), // F-Secure
	form(0, "{ip} ({HELO|EHLO} {helo*}) by {by} "),
	form(0, "{helo} [{ip}] by {by} "), // IMail
	form(0, "{rdns}({ip}) by {by} "),
	form(0, "{helo} (unverified [{ip}]) by {by} "),
	form(0, "{ip} ({letter}{_+)}) by {by} with "),      // SquirrelMail
	special(0, subValues, "[{ip}] ({sub+)}) by {by} "), // CommuniGate Pro, Nemesis
	special(0, obtuseName, "{rdns}({ip}){?, claiming to be \"{helo}\"} via {_} by {by},"),
	special(0, yahooHost, "{helo} ({_}@{ip} with login) by {by}.yahoo.com with SMTP"),
	special(0, originatingHop, "X-Originating-IP: {ip}{$}"),

	// Nobody handed these over by TCP, or nobody wrote down who did. They are known so that they do not count as
	// unparseable: nothing is believed that comes from behind a field that nobody can read.
	form(skipped, "{_} ({_+ @}@{local}) by {_} ("), // SGI's Sendmail
	form(skipped, "{_} {_} by {_} with local-{?e}smtp "),
	form(skipped, "127.0.0.1 (AVG SMTP {_} [{_}])"),
	form(skipped, "{_}@{_} by {_} "), // AOL, qmail-scanner
	form(skipped, "Unknown/Local ("),
	form(skipped, "{local} ({?{_}@}{local}{)|[}"),
	form(skipped, "{_} ({?{_}@}{local}) "),
	form(skipped, "{_} ({_}@{_} [{local}]) "),
	form(skipped, "(AUTH: {_}) by {_} with "), // Courier
	form(skipped, "localhost (localhost [[UNIX: localhost]]) by "),
	form(skipped, "{_}.amazon.com by {_}.amazon.com with ESMTP (peer crosscheck: "),
	form(skipped, "{_+.} by {_} with Novell_GroupWise"),
	form(skipped, "no.name.available by {_} via smtpd (for "), // behind a Raptor firewall
	special(skipped, scannedByQmail, "{_} by {_} ({_0<100}) with qmail-scanner"),
	form(skipped, "{_} by {_} with local"),
	form(skipped, "{_} ([unix socket]) by {_} (Cyrus v{?{#}}.{?{#}}.{?{#}}) with LMTPA"),
	form(skipped, "{_} by {_} {with|via|for|(}"),
	form(skipped, "{_} {with|via|for} {_} by{edge}"),
	form(skipped, "{_} (unverified) by{edge}"),
	form(skipped, "{_} (unknown) by {_} (SG) with {edge}"), // SendGrid
	form(skipped, "{_} ({_} [local]) by {_} (OpenSMTPD) with {edge}"),
	marked(skipped, "(LSMTP for", ""),
	form(skipped, "([{local}]) with MailEnable "),
	form(skipped, "facebook.com ({_+)}) by facebook.com with Thrift id {_}{$}"),
	form(skipped, "{_} named {_} by gmailapi.google.com with HTTPREST{$}"),
	form(skipped, "{_} id {_}{$}"),
	form(skipped, "[<{_..} (Jetsend"),
}

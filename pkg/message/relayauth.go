package message

import "strings"

// relayAuth tells how the client authenticated itself to the MTA that wrote a Received field, in SpamAssassin's words; ""
// where it does not seem to have. The line is the whole field without its date.
func relayAuth(line string) string {
	if protocol := authProtocol(line); protocol != "" {
		return protocol
	}
	m := relayMatch{line: line, steps: maxRelaySteps}
	switch {
	case m.find(gmailForm, 0) && isGmailID(line[m.values[valueID].start:]) && m.find(gmailCipher, 0):
		return "GMail - transport=" + m.text(valueFrom) + " cipher=" + m.text(valueSub)
	case strings.Contains(line, " (AUTH: ") && strings.HasPrefix(line, "from ") && (m.find(courierAuth, 5) || m.find(courierOldAuth, 5)) && isCourierMethod(m.text(valueSub)):
		return m.text(valueSub)
	case strings.Contains(line, "authenticated") && isSendmailAuth(line):
		return "Sendmail"
	case m.find(gmxForm, 0) && isGMX(m.text(valueBy)):
		return "GMX (" + leadingSMTP(line[m.values[valueID].start:]) + " / " + m.text(valueBy) + ")"
	case strings.Contains(line, " (authenticated as ") && m.find(criticalPathForm, 0):
		return "CriticalPath"
	case m.find(postfixAuth, 0):
		if name := m.text(valueSub); name != "Postfix" { // its operator may call it otherwise
			return "Postfix (" + name + ")"
		}
		return "Postfix"
	case strings.Contains(line, " (account ") && m.find(communigateForm, 0):
		return "Communigate"
	case m.find(exchangeDAV, 0):
		return "HTTP-DAV"
	}
	return viaHTTP(line)
}

var (
	gmailForm        = relayPatternOf(" by mx.google.com with ESMTPS id {id}")
	gmailCipher      = relayPatternOf("(version={from+ } cipher={sub+)})")
	courierAuth      = relayPatternOf("]) (AUTH: {sub+ } {_}{?, {_..}}) by ")
	courierOldAuth   = relayPatternOf(")] (AUTH: {sub+ } {_}{?, {_..}}) by ")
	gmxForm          = relayPatternOf("from {_*} ({HELO|EHLO} {_*}) [{IP}] by {by} ({_+)}) with {id}")
	criticalPathForm = relayPatternOf(") by {_1...} ({#}.{#}.{#}{?.{#}}) (authenticated as {_1...}) id ")
	postfixAuth      = relayPatternOf(") (Authenticated sender: {_}) by {_} ({sub+)}) with ")
	communigateForm  = relayPatternOf("CommuniGate Pro {HTTP|SMTP|XIMSS|IMAP}")
	exchangeDAV      = relayPatternOf(" with Microsoft Exchange Server HTTP-DAV{edge}")
)

// authProtocol finds a protocol that means authentication: RFC 3848, RFC 6531, 4.3, and webmail.
func authProtocol(line string) string {
	if !strings.Contains(line, " by ") {
		return ""
	}
	for pos := 0; ; {
		i := indexWith(line[pos:])
		if i < 0 {
			return ""
		}
		pos += i + len(" with ")
		word := line[pos:]
		if n := strings.IndexAny(word, " ;"); n >= 0 {
			word = word[:n]
		}
		switch strings.ToUpper(word) {
		case "ESMTPA", "ESMTPSA", "LMTPA", "LMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "UTF8LMTPA", "UTF8LMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU":
			return word
		}
		pos-- // the blank may begin the next one
	}
}

// indexWith finds " with ".
func indexWith(s string) int {
	const mark = " with "
	for pos := 0; ; pos++ {
		i := strings.IndexByte(s[pos:], ' ')
		if i < 0 || len(s)-pos-i < len(mark) {
			return -1
		}
		if pos += i; strings.EqualFold(s[pos:pos+len(mark)], mark) {
			return pos
		}
	}
}

// viaHTTP finds the "(via HTTP)" of United Internet's webmail.
func viaHTTP(line string) string {
	const mark = " (via http"
	if !strings.Contains(line, " by ") || !strings.Contains(line, " (") {
		return ""
	}
	for pos := 0; ; {
		i := indexFold(line[pos:], mark)
		if i < 0 {
			return ""
		}
		pos += i + len(mark)
		word := line[pos-len("http"):]
		if n := strings.IndexByte(word[4:], ')'); n == 0 || n == 1 || n < 0 {
			// what may follow is one more character, which may be a parenthesis itself
			for _, length := range [...]int{5, 4} {
				if len(word) > length && word[length] == ')' && (len(word) == length+1 || isBlankOrSemicolon(word[length+1])) {
					return word[:length]
				}
			}
		}
	}
}

// isGmailID tells whether a queue id is of the kind that Gmail gives to mail of its users: "a1sm123456abc.4.2010.01.02.03.04".
func isGmailID(s string) bool {
	user, rest, found := strings.Cut(s, "sm")
	if !found || len(user) < 1 || len(user) > 4 || strings.Trim(user, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return false
	}
	letters := strings.TrimLeft(rest, "0123456789")
	if n := len(rest) - len(letters); n < 2 || n > 9 || len(letters) < 4 || strings.Trim(letters[:3], "abcdefghijklmnopqrstuvwxyz") != "" || letters[3] != '.' {
		return false
	}
	parts := strings.SplitN(letters[4:], ".", 7)
	if len(parts) < 7 || len(parts[0]) < 1 || len(parts[0]) > 3 || len(parts[1]) != 4 || !isDigits(parts[0]) || !isDigits(parts[1]) {
		return false
	}
	for i, part := range parts[2:] {
		if i == 4 && len(part) > 2 { // the last one need not end there
			part = part[:2]
		}
		if len(part) != 2 || !isDigits(part) || part[0] > '6' {
			return false
		}
	}
	return true
}

// isSendmailAuth tells whether the word "authenticated" stands in parentheses between the client's address and "by".
func isSendmailAuth(line string) bool {
	pos := addrCloser(line)
	if pos < 0 || !strings.HasPrefix(line, "from ") {
		return false
	}
	for _, mark := range [...]string{"(", "authenticated", ")", " by"} {
		i := strings.Index(line[pos:], mark)
		if i < 0 {
			return false
		}
		pos += i + len(mark)
	}
	return true
}

// addrCloser finds the end of the first "[address])", "[address] (comment))" or "(address)]" with a blank behind it.
func addrCloser(line string) int {
	for pos := 5; pos < len(line); pos++ {
		rest := line[pos:]
		switch {
		case strings.HasPrefix(rest, "]) "), strings.HasPrefix(rest, ")] "):
			return pos + 3
		case strings.HasPrefix(rest, "] ("):
			if n := strings.IndexByte(rest, ')'); n >= 0 && strings.HasPrefix(rest[n:], ")) ") {
				return pos + n + 3
			}
		}
	}
	return -1
}

func isCourierMethod(s string) bool {
	return s == "LOGIN" || s == "PLAIN" || s == "DIGEST-MD5" || s == "CRAM-MD5"
}

func isGMX(host string) bool { return host == "mail.gmx.net" || host == "mail.gmx.com" }

func leadingSMTP(s string) string {
	for _, protocol := range [...]string{"ESMTP", "SMTP"} {
		if strings.HasPrefix(s, protocol) {
			return protocol
		}
	}
	return "SMTP"
}

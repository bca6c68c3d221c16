package message

import "strings"

// webmailForms are fields of webmail hosts that look like other MTAs' but for one word.
var webmailForms = []relayForm{
	{mark: relayPatternOf(" ({SquirrelMail|NaSMail} authenticated user "), also: squirrelHop},
	{mark: relayPatternOf("with HTTP (WebMailUI)"), also: aolHop},
}

// simtaForms are for fields in capitals: FROM name (...) BY name.
var simtaForms = []relayForm{
	special(looksUp, simtaValues, "{helo} ({rdns} [{ip}]) BY {by} {?({_+)}) WITH SMTP }ID {?<}{id}{? FOR <{_+>}>}{$}"),
}

// parenthesisForms are for fields that begin with "(from ".
var parenthesisForms = []relayForm{
	form(0, "{helo*} [{ip}]) by {by} (NAVGW {_..}) with "), // Norton AntiVirus Gateway
	form(skipped, "{_}@localhost) by {_} "),
	form(skipped, "{_+ @}@{_+)}) by {_}(jqueuemail) id {_+ ;}"),
}

// squirrelHop looks for the address of the browser, which may stand behind that of a proxy.
func squirrelHop(r *relayLine) bool { return r.findAddrBefore(squirrelTail, true) }

func aolHop(r *relayLine) bool {
	return strings.Contains(r.line, "aol.com") && r.findAddrBefore(aolTail, false)
}

var (
	squirrelTail = relayPatternOf("{_10<80}by {by} with HTTP")
	aolTail      = relayPatternOf(" by {by} ({IP}) with HTTP (WebMailUI)")
)

// findAddrBefore finds an address with that text behind it.
func (r *relayLine) findAddrBefore(tail relayPattern, whole bool) bool {
	for pos := range len(r.line) {
		end, ok := matchAddr(r.line, pos)
		if !ok || whole && (isWordAt(r.line, end-1) == isWordAt(r.line, end) || strings.HasPrefix(r.line[end:], ".") || strings.HasPrefix(r.line[end:], "-")) {
			continue
		}
		if r.match.at(tail, end) {
			r.take()
			r.ip = r.line[pos:end]
			return true
		}
	}
	return false
}

// xmailValues reads what XMail writes behind its name.
func xmailValues(r *relayLine) bool {
	if r.match.find(xmailID, 0) {
		r.id = r.match.text(valueID)
	}
	if r.match.find(xmailFrom, 0) {
		r.envFrom, r.hasFrom = r.match.text(valueFrom), true
	}
	return true
}

var (
	xmailID   = relayPatternOf(" id <{id}>")
	xmailFrom = relayPatternOf(" from <{from}>")
)

// subValues reads helo= and ident= out of what an MTA has in parentheses.
func subValues(r *relayLine) bool {
	sub := r.match.text(valueSub)
	if i := strings.Index(sub, "helo="); i >= 0 {
		if value := firstWord(sub[i+5:]); value != "" {
			r.helo = value
			sub = sub[:i] + sub[i+5+len(value):]
		}
	}
	if i := strings.Index(sub, "ident="); i >= 0 {
		r.ident = firstWord(sub[i+6:])
	}
	return true
}

// eximPieces picks from a field of Exim, which lets its operators write what they like, whatever can be told.
func eximPieces(r *relayLine) bool {
	if name, _, more := strings.Cut(r.line, " "); more {
		r.rdns = name
	}
	for _, piece := range [...]relayPattern{eximHelo, eximAddr, eximBy} {
		if r.match.find(piece, 0) {
			r.take()
		}
	}
	return r.ip != "" && r.match.find(eximBy, 0)
}

var (
	eximHelo = relayPatternOf(" ({helo}) ")
	eximAddr = relayPatternOf(" [{ip}{?.{#}}] ")
	eximBy   = relayPatternOf("by {by} ")
)

// sendmailHop reads Sendmail's form, which others imitate; qmail-ldap's would be mistaken for it.
func sendmailHop(r *relayLine) bool {
	if r.match.find(qmailLDAP, 0) || !r.match.at(sendmailForm, 0) {
		return false
	}
	r.take()
	r.lookup = true
	if ident, host, found := strings.Cut(r.rdns, "@"); found && strings.HasPrefix(ident, "IDENT:") {
		r.ident, r.rdns = ident[len("IDENT:"):], host
	}
	if ident, host, found := strings.Cut(r.rdns, "@"); found {
		r.ident, r.rdns = ident, host
	}
	return true
}

var (
	qmailLDAP    = relayPatternOf(" by {_} (qmail-{_}) with ")
	sendmailForm = relayPatternOf("{helo} ({rdns} [{ip}]{_...}) by {by} (")
)

// hotmailHop reads what Hotmail's webmail wrote: "address by host", or no address at all.
func hotmailHop(r *relayLine) bool {
	const domain = ".hotmail.msn.com"
	for pos := 0; ; pos++ {
		i := strings.Index(r.line[pos:], "by ")
		if i < 0 {
			return false
		}
		pos += i
		host, _, more := strings.Cut(r.line[pos+3:], " ")
		if !more || len(host) <= len(domain) || !strings.HasSuffix(host, domain) {
			continue
		}
		r.by = host
		if end, ok := matchAddr(r.line, 0); ok && strings.HasPrefix(r.line[end:], " ") {
			r.ip = r.line[:end]
		}
		return true
	}
}

// qmailHop reads the forms of qmail and its many patches. The name before the first blank is that of the DNS, and the
// HELO is left out where it is the same.
func qmailHop(r *relayLine) bool {
	if !r.match.at(qmailForm, 0) {
		return false
	}
	for i, shape := range qmailShapes {
		if !r.match.at(shape, 0) {
			continue
		}
		r.take()
		if i >= 2 {
			r.helo = r.rdns
		}
		break
	}
	// whoever starts qmail for a connection tells it the name; it writes "unknown" where it was not told
	r.lookup = r.rdns != "unknown"
	return true
}

var qmailForm = relayPatternOf("{_}{? ({HELO|EHLO} {_*})} ({?{_}@}{?[}{IP}{?]}){? (envelope-sender <{_}>)} by {_}{? ({_1...})} with {?{_...} }{SMTP|QMQP}{! id }")

var qmailShapes = [...]relayPattern{
	relayPatternOf("{rdns} ({HELO|EHLO} {helo* ()}) ({ident*}@{?[}{ip}{?]}){? (envelope-sender <{_}>)} by {by}"),
	relayPatternOf("{rdns} ({HELO|EHLO} {helo* ()}) ({?[}{ip}{?]}){? (envelope-sender <{_}>)} by {by}"),
	relayPatternOf("{rdns} ({ident*}@{?[}{ip}{?]}){? (envelope-sender <{_}>)} by {by}"),
	relayPatternOf("{rdns} ({?[}{ip}{?]}){? (envelope-sender <{_}>)} by {by}"),
}

// courierName tells whether Courier had a name from the DNS, or an error.
func courierName(r *relayLine) bool {
	if r.rdns == "softdnserr" {
		r.rdns = ""
	} else {
		r.lookup = true
	}
	return true
}

func foundFetcher(r *relayLine) bool {
	r.fetched = true
	return true
}

// scannedByQmail notes that the sender in this field is that of the field below.
func scannedByQmail(r *relayLine) bool {
	r.scanned = true
	r.envFrom = cleanEnvelope(r.envFrom)
	return true
}

func simtaValues(r *relayLine) bool {
	r.id = strings.TrimSuffix(r.id, ">")
	if r.rdns == "unverified" {
		r.rdns = ""
	}
	return true
}

func obtuseName(r *relayLine) bool {
	r.helo = r.match.text(valueHelo)
	r.lookup = r.rdns != "UNKNOWN"
	return true
}

func yahooHost(r *relayLine) bool {
	r.by += ".yahoo.com"
	return true
}

// originatingHop reads the field that stands for X-Originating-IP and the like.
func originatingHop(r *relayLine) bool {
	r.by = ""
	return true
}

package eval

import (
	"net/netip"
	"regexp"
	"strings"

	"winnow/pkg/message"
)

// Received fields as the great providers wrote them. Mail that claims to be theirs and has others is forged.
var (
	aolRelay  = regexp.MustCompile(`(?i) rly-[a-z][a-z]\d\d\.`)
	aolServer = regexp.MustCompile(`/AOL-\d+\.\d+\.\d+\)`)
	aolQueue  = regexp.MustCompile(`ESMTP id (?:RELAY|MAILRELAY|MAILIN)`)

	gatewayReceived = regexp.MustCompile(`(?s)\nfrom\s(\S+)\sby\s(\S+)\swith\sESMTP;\s+\S\S\S,\s+\d+\s+\S\S\S\s+\d{4}\s+\d\d:\d\d:\d\d\s+[-+]*\d{4}\n\z`)
)

// isFakeAOL looks for host names like those of AOL's relays in fields that AOL did not write.
func isFakeAOL(f *Facts) bool {
	received := f.field("Received", 0)
	if !containsFold(received, "rly-") {
		return false
	}
	received = oneBlank(received)
	return aolRelay.MatchString(received) && !aolServer.MatchString(received) && !aolQueue.MatchString(received)
}

// isForgedGateway looks for a last hop by a host without domain.
func isForgedGateway(f *Facts) bool {
	received := f.field("Received", 0)
	if !strings.Contains(received, "ESMTP;") {
		return false
	}
	parts := gatewayReceived.FindStringSubmatch(received)
	return parts != nil && !strings.Contains(parts[2], ".")
}

// hotmail is what Received fields say of mail that claims to be Hotmail's.
type hotmail struct {
	forged  bool // somebody else called himself hotmail.com
	missing bool // the author is of hotmail.com, but no field is
}

func (f *Facts) hotmailOf() *hotmail {
	if f.hotmail == nil {
		f.hotmail = f.checkHotmail()
	}
	return f.hotmail
}

const hotmailPickup = "from mail pickup service by hotmail.com with Microsoft SMTPSVC;"

var (
	hotmailByAddr  = regexp.MustCompile(`from (?:\S*\.)?hotmail.com \(\S+\.hotmail(?:\.msn)?\.com[ )]|from \S+ by \S+\.hotmail(?:\.msn)?\.com with HTTP;|from \[66\.218.\S+\] by \S+\.yahoo\.com`)
	hotmailNumeric = regexp.MustCompile(`from \S*\.hotmail.com \(\[([0-9A-Fa-f:.]+)\][ ):]`)
	hotmailByOrg   = regexp.MustCompile(`from \S*\.outbound\.protection\.outlook\.com \(\S+\.outbound\.protection\.outlook\.com[ )]`)
	hotmailServer  = regexp.MustCompile(`from \S*\.(?:eur|nam)prd\d+\.prod\.outlook\.com \(([0-9A-Fa-f:.]+)\)`)
	hotmailHelo    = regexp.MustCompile(`(?:from |HELO |helo=)\S*hotmail\.com\b`)
)

func (f *Facts) checkHotmail() *hotmail {
	author := f.author()
	received := f.field("Received", 0)
	if !strings.Contains(received, "hotmail.com") && !endsAtEdge(author, "hotmail.com") {
		return &hotmail{}
	}
	received = oneBlank(received)
	if strings.Contains(received, hotmailPickup) || isMSNGroup(f) || lostReceived(f) || f.isHotmail(received) {
		return &hotmail{}
	}
	if hotmailHelo.MatchString(received) {
		return &hotmail{forged: true}
	}
	return &hotmail{missing: endsAtEdge(author, "hotmail.com")}
}

// isHotmail tells whether the fields are of the kind that Hotmail's own hosts write.
func (f *Facts) isHotmail(received string) bool {
	if holdsAddr(f.field("X-Originating-Ip", 0)) && (hotmailByAddr.MatchString(received) || matchesAddr(hotmailNumeric, received)) {
		return true
	}
	org := f.field("X-OriginatorOrg", 0)
	return (strings.Contains(org, "hotmail.com") || strings.Contains(org, "msonline-outlook")) &&
		(hotmailByOrg.MatchString(received) || matchesAddr(hotmailServer, received))
}

// matchesAddr tells whether a pattern matches, with an IP address where its first group is.
func matchesAddr(re *regexp.Regexp, text string) bool {
	for _, parts := range re.FindAllStringSubmatch(text, -1) {
		if _, err := netip.ParseAddr(parts[1]); err == nil {
			return true
		}
	}
	return false
}

// holdsAddr tells whether there is an IP address in text.
func holdsAddr(text string) bool { return message.FirstAddr(text) != "" }

var (
	groupRecipient = regexp.MustCompile(`(?i)<(\S+)@groups\.msn\.com>`)
	groupServer    = regexp.MustCompile(`from mail pickup service by ((?:p\d\d\.)groups\.msn\.com)\b`)
)

// isMSNGroup tells of mail of MSN's groups, by the marks that they left.
func isMSNGroup(f *Facts) bool {
	to := f.field("To", 0)
	if !containsFold(to, "groups.msn.com>") {
		return false
	}
	list, server := groupRecipient.FindStringSubmatch(to), groupServer.FindStringSubmatch(f.field("Received", 0))
	if list == nil || server == nil {
		return false
	}
	id := f.field("Message-Id", 0)
	if list[1] == "notifications" {
		return regexp.MustCompile(`^<\S+@` + regexp.QuoteMeta(server[1]) + `>`).MatchString(id)
	}
	name := regexp.QuoteMeta(list[1])
	return regexp.MustCompile(`^<`+name+`-\S+@groups\.msn\.com>`).MatchString(id) &&
		strings.Contains(f.envelopeSender(), list[1]+"-bounce@groups.msn.com")
}

var eudoraHop = regexp.MustCompile(`by \S*whowhere.com;`)

func isForgedEudora(f *Facts) bool {
	if !endsAtEdge(f.author(), "eudoramail.com") || lostReceived(f) {
		return false
	}
	return !eudoraHop.MatchString(oneBlank(f.field("Received", 0))) || !holdsAddr(f.field("X-Sender-Ip", 0))
}

var (
	yahooHop = regexp.MustCompile(`by web\S+\.mail\S*\.yahoo\.com via HTTP|by sonic\S+\.consmr\.mail\S*\.yahoo\.com with HTTP|by smtp\S+\.yahoo\.com with SMTP|` +
		`by \w+\.\w+\.yahoo\.com \(\d+\.\d+\.\d+/\d+\.\d+\.\d+\)(?: with ESMTP)? id \w+`)
	yahooGroup = regexp.MustCompile(`from \[([0-9A-Fa-f:.]+)\] by \S+\.(?:groups|scd|dcn)\.yahoo\.com with NNFMP`)
	yahooBulk  = regexp.MustCompile(`\bmailer\d+\.bulk\.scd\.yahoo\.com\b`)
)

func isForgedYahoo(f *Facts) bool {
	author := f.author()
	if !endsAtEdge(author, "yahoo.com") || lostReceived(f) || f.isFromYahoo() {
		return false
	}
	received := f.field("Received", 0)
	if f.field("Resent-From", 0) != "" && f.field("Resent-To", 0) != "" {
		if first := f.field("X-Received", 0); first != "" {
			received = first
		}
	}
	received = oneBlank(received)
	if yahooHop.MatchString(received) || matchesAddr(yahooGroup, received) {
		return false
	}
	return !yahooBulk.MatchString(received) || !strings.HasSuffix(strings.ToLower(author), "@reply.yahoo.com")
}

// isFromYahoo tells whether a host that we can believe to be Yahoo's handed the message over.
func (f *Facts) isFromYahoo() bool {
	way := f.relays()
	relays := way.Trusted
	if len(way.Untrusted) > 0 {
		relays = append(relays[:len(relays):len(relays)], way.Untrusted[0])
	}
	for i := range relays {
		if host, found := strings.CutSuffix(relays[i].Name, ".yahoo.com"); found && host != "" {
			return true
		}
	}
	return false
}

var (
	junoHop    = regexp.MustCompile(`from.*\b(?:juno|untd)\.com.*[\[(]([0-9A-Fa-f:.]+)[\])].*by`)
	junoCookie = regexp.MustCompile(` cookie\.(?:juno|untd)\.com `)
)

func isForgedJuno(f *Facts) bool {
	if !endsAtEdge(f.author(), "juno.com") || lostReceived(f) {
		return false
	}
	received, origin, mailer := f.field("Received", 0), f.field("X-Originating-IP", 0), f.field("X-Mailer", 0)
	if origin != "" {
		return !matchesAddr(junoHop, received) && !junoCookie.MatchString(received) || !strings.Contains(mailer, "Juno ")
	}
	// without X-Originating-IP, SpamAssassin wants it, too: nothing else can make up for it
	return true
}

var (
	gmailSelf   = regexp.MustCompile(`by 10\.\S+ with SMTP id \S+|by 2002:a\d\d:\w+:\S+ with SMTP id \S+`)
	gmailServer = regexp.MustCompile(`by smtp\.googlemail\.com with ESMTPSA id \S+`)
)

// minGmailMark is how many octets the fields have by which Gmail marks its own mail.
const minGmailMark = 60

func isForgedGmail(f *Facts) bool {
	if !endsAtEdge(f.author(), "gmail.com") {
		return false
	}
	if gmailSelf.MatchString(f.field("X-Received", 0)) || gmailServer.MatchString(f.field("Received", 0)) {
		return false
	}
	return len(f.field("X-Gm-Message-State", 0)) < minGmailMark || len(f.field("X-Google-Smtp-Source", 0)) < minGmailMark
}

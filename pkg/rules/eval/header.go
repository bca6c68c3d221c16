package eval

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
)

var headerFunctions = calledBy(HeaderRules, []Function{
	// fields of the great providers, and forged ones: forged.go
	simple("check_for_fake_aol_relay_in_rcvd", isFakeAOL),
	simple("check_for_forged_hotmail_received_headers", func(f *Facts) bool { return f.hotmailOf().forged }),
	simple("check_for_no_hotmail_received_headers", func(f *Facts) bool { return f.hotmailOf().missing }),
	simple("check_for_msn_groups_headers", isMSNGroup),
	simple("check_for_forged_eudoramail_received_headers", isForgedEudora),
	simple("check_for_forged_yahoo_received_headers", isForgedYahoo),
	simple("check_for_forged_juno_received_headers", isForgedJuno),
	simple("check_for_forged_gmail_received_headers", isForgedGmail),
	simple("check_for_forged_gw05_received_headers", isForgedGateway),

	// dates: datecheck.go
	{Name: "check_for_shifted_date", Bind: bindShiftedDate},
	{Name: "received_within_months", Bind: bindReceivedWithin},

	// recipients: recipients.go
	simple("sorted_recipients", func(f *Facts) bool { return f.recipientsAlike().sorted }),
	{Name: "similar_recipients", Bind: bindSimilarRecipients},

	// subject: headersubject.go
	simple("subject_is_all_caps", isAllCapitals),
	{Name: "check_for_to_in_subject", Bind: bindToInSubject},
	simple("check_for_unique_subject_id", never),

	// message ids and traces of bulk mailers: ratware.go
	simple("check_outlook_message_id", isForgedOutlookID),
	simple("check_messageid_not_usable", hasUnusableID),
	simple("check_ratware_name_id", hasNameInID),
	simple("check_ratware_envelope_from", hasRecipientInSender),
	simple("check_unresolved_template", hasTemplate),

	// all else
	simple("check_for_faraway_charset_in_headers", hasFarawayHeader),
	{Name: "check_illegal_chars", Bind: bindIllegalChars},
	simple("gated_through_received_hdr_remover", lostReceived),
	simple("check_for_matching_env_and_hdr_from", func(f *Facts) bool {
		return strings.EqualFold(f.envelopeSender(), f.author())
	}),
	simple("check_equal_from_domains", differsFromSender),
	simple("check_for_missing_to_header", func(f *Facts) bool {
		return f.field("To", 0) == "" && f.field("Apparently-To", 0) == ""
	}),
	{Name: "check_header_count_range", Bind: bindHeaderCount},
})

var wordCharset = regexp.MustCompile(`=\?(.+?)\?.\?.*?\?=`)

// hasFarawayHeader looks for encoded words in charsets of languages that the operator does not expect.
func hasFarawayHeader(f *Facts) bool {
	if f.Settings.locales.ok == nil {
		return false
	}
	for _, name := range [...]string{"From", "Subject"} {
		text := f.field(name, message.HeaderRaw)
		if !strings.Contains(text, "=?") {
			continue
		}
		for _, word := range wordCharset.FindAllStringSubmatch(text, -1) {
			if !f.Settings.locales.allow(word[1]) {
				return true
			}
		}
	}
	return false
}

// bindIllegalChars asks whether at least so many octets of a field, and such a part of it, may not stand in a header.
func bindIllegalChars(args []string, _ *Settings) (Check, error) {
	if len(args) != 3 {
		return nil, errors.New("wants a field, the least part of it, from 0 to 1, and the least number of octets")
	}
	name, ratio, least := strings.TrimSuffix(args[0], ":raw"), number(args[1]), number(args[2])
	return func(f *Facts) int {
		text := f.field(name, message.HeaderRaw)
		illegal := countIllegal(text, strings.EqualFold(name, "Subject"))
		return hits(text != "" && float64(illegal)/float64(len(text)) >= ratio && float64(illegal) >= least && !isBlank(text))
	}, nil
}

// countIllegal counts octets that are no ASCII, and control characters. Valid UTF-8 is none of them (RFC 6532), unless there
// are control characters, too. One single currency or trademark sign of Latin-1 in a Subject is forgiven.
func countIllegal(text string, subject bool) int {
	controls, high, signs := 0, 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0x7f:
			high++
			if c == 0xa2 || c == 0xa3 || c == 0xae {
				signs++
			}
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			controls++
		}
	}
	if high == 0 && controls == 0 || controls == 0 && !isASCII(text) && utf8.ValidString(text) {
		return 0
	}
	if subject && signs == 1 {
		return controls + high - 1
	}
	return controls + high
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isBlank(s string) bool { return strings.Trim(s, " \t\n\v\f\r") == "" }

var (
	ezmlmMark     = regexp.MustCompile(`(?m)^contact \S+@\S+; run by ezmlm$`)
	ezmlmDelivery = regexp.MustCompile(`(?m)^mailing list \S+@\S+`)
	ezmlmReceived = regexp.MustCompile(`qmail \d+ invoked (?:from network|by .{3,20})\); \d+ ... \d+`)
	groupReceived = regexp.MustCompile(`from groups\.msn\.com \(\S+\.msn\.com `)
)

// lostReceived tells of mail that came by lists that drop Received fields, and of mail without any: tests of them say nothing.
func lostReceived(f *Facts) bool {
	received := f.field("Received", 0)
	if list := f.field("Mailing-List", 0); strings.Contains(list, "run by ezmlm") && ezmlmMark.MatchString(list) &&
		ezmlmDelivery.MatchString(f.field("Delivered-To", 0)) && ezmlmReceived.MatchString(received) {
		return true
	}
	return received == "" || strings.Contains(received, "from groups.msn.com (") && groupReceived.MatchString(received)
}

// differsFromSender tells whether author and envelope sender are of different domains, by their last two labels.
func differsFromSender(f *Facts) bool {
	author, sender := lastTwoLabels(f.author()), lastTwoLabels(f.envelopeSender())
	return author != "" && sender != "" && !strings.EqualFold(author, sender)
}

func lastTwoLabels(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return ""
	}
	domain := address[at+1:]
	last := strings.LastIndexByte(domain, '.')
	if last < 0 || last == len(domain)-1 {
		return domain
	}
	if dot := strings.LastIndexByte(domain[:last], '.'); dot > 0 && dot < last-1 {
		return domain[dot+1:]
	}
	return domain
}

// bindHeaderCount asks how many fields of that name there are; those that say the same count once.
func bindHeaderCount(args []string, _ *Settings) (Check, error) {
	if len(args) != 3 {
		return nil, errors.New("wants a field, the least and the greatest number of them")
	}
	name, least, most := args[0], number(args[1]), number(args[2])
	return func(f *Facts) int {
		n := float64(f.countDifferent(name))
		return hits(n >= least && n <= most)
	}, nil
}

func (f *Facts) countDifferent(name string) int {
	text, found := f.Message.HeaderText(name, 0)
	if !found {
		return 0
	}
	return len(unique(strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")))
}

package auth

import (
	"winnow/pkg/message"
)

// A symbol is one thing that the stage says of a message.
type symbol struct {
	name  string
	score float64
	stock string // what SpamAssassin's rules call the same, where it is not name
	when  string // for the manual
	// found returns the evidence, and whether there is any.
	found func(f *facts) (string, bool)
}

// A Symbol is one thing that the stage may say of a message.
type Symbol struct {
	Name  string
	Score float64
	When  string
}

// Symbols returns everything that the stage may say, with the scores that it has by default.
func Symbols() []Symbol {
	all := make([]Symbol, len(symbols))
	for i := range symbols {
		all[i] = Symbol{symbols[i].name, symbols[i].score, symbols[i].when}
	}
	return all
}

func symbolNames() []string {
	names := make([]string, len(symbols))
	for i := range symbols {
		names[i] = symbols[i].name
	}
	return names
}

// facts is what symbols are about.
type facts struct {
	m     *message.Message
	id    *message.Identity
	names names
	hosts hosts
}

// Symbols that an action can be tied to.
const (
	dmarcReject     = "DMARC_REJECT"
	dmarcQuarantine = "DMARC_QUAR"
)

// symbols is everything the stage can say, in the order it is reported in. Names that SpamAssassin's rules have mean the
// same as there. None of them is worth so much that it condemns a mail alone, or saves one: whoever sends spam can publish
// records as well as anybody, and whoever sends wanted mail can err.
var symbols = []symbol{
	{"SPF_PASS", 0, "", "the client may send for the envelope sender's domain", spfIs(message.AuthPass)},
	{"SPF_FAIL", 1, "", "that domain says that the client may not", spfIs(message.AuthFail)},
	{"SPF_SOFTFAIL", 0.7, "", "that domain says that it probably may not", spfIs(message.AuthSoftFail)},
	{"SPF_NEUTRAL", 0.2, "", "that domain does not say", spfIs(message.AuthNeutral)},
	{"SPF_NONE", 0, "", "that domain has no SPF record", spfIs(message.AuthNone)},
	{"SPF_TEMPERROR", 0, "T_SPF_TEMPERROR", "the DNS did not answer for that domain", spfIs(message.AuthTempError)},
	{"SPF_PERMERROR", 0.1, "T_SPF_PERMERROR", "that domain's SPF record cannot be read", spfIs(message.AuthPermError)},
	{"SPF_PASS_WORLD", 0.5, "", "that domain's record authorizes the world, so that its pass proves nothing", worldPass},
	{"SPF_HELO_PASS", 0, "", "the client may call itself what it does", heloIs(message.AuthPass)},
	{"SPF_HELO_FAIL", 0.5, "", "the name that it gives says that it may not", heloIs(message.AuthFail)},
	{"SPF_HELO_SOFTFAIL", 0.3, "", "the name that it gives says that it probably may not", heloIs(message.AuthSoftFail)},
	{"SPF_HELO_NEUTRAL", 0, "", "the name that it gives does not say", heloIs(message.AuthNeutral)},
	{"SPF_HELO_NONE", 0, "", "the name that it gives has no SPF record", heloIs(message.AuthNone)},
	{"SPF_HELO_TEMPERROR", 0, "T_SPF_HELO_TEMPERROR", "the DNS did not answer for that name", heloIs(message.AuthTempError)},
	{"SPF_HELO_PERMERROR", 0, "T_SPF_HELO_PERMERROR", "that name's SPF record cannot be read", heloIs(message.AuthPermError)},

	{"DKIM_VALID", -0.1, "", "a signature is valid", dkimValid},
	{"DKIM_VALID_AU", -0.1, "", "a signature of the author's domain is valid", dkimAuthor},
	{"DKIM_VALID_EF", -0.1, "", "a signature of the envelope sender's domain is valid", dkimSender},
	{"DKIM_INVALID", 0.1, "", "there are signatures, and none is valid", dkimInvalid},

	{"DMARC_PASS", 0, "", "the author's domain has a policy, and is proven", dmarcPass},
	{"DMARC_NONE", 0.3, "", "it is not proven; its policy asks for nothing", dmarcFails("none")},
	{dmarcQuarantine, 1.2, "", "it is not proven; its policy asks to suspect such mail", dmarcFails("quarantine")},
	{dmarcReject, 1.8, "", "it is not proven; its policy asks to refuse such mail", dmarcFails("reject")},
	{"DMARC_EXEMPT", 0, "", "it is not proven, but a sealer that you trust saw it proven, and handed the mail on", dmarcExempt(true)},
	{"DMARC_LIST", 0.8, "", "it is not proven, and a mailing list may be why: that is a hint, which can be forged", dmarcExempt(false)},
	{"DMARC_MISSING", 0, "", "the author's domain has no policy", dmarcMissing},
	{"DMARC_NO_AUTHOR", 1, "", "From does not name one author's domain, so that there is no policy to ask for", dmarcNoAuthor},
	{"DMARC_NO_NAME", 1, "", "the author's domain does not exist, though it lies under one with a policy", dmarcNoName},

	{"ARC_VALID", 0, "", "the chain of those that handed the mail on is whole", arcIs(message.AuthPass)},
	{"ARC_INVALID", 0.1, "", "it is broken", arcIs(message.AuthFail)},
	{"ARC_TRUSTED", -0.3, "", "it is whole, and its newest seal is one that you trust", arcTrusted},

	{"RDNS_NONE", 1, "", "the client's address has no name", rdnsNone},
	{"RDNS_UNCONFIRMED", 0.5, "RDNS_NONE", "it has names, and none of them leads back", rdnsUnconfirmed},
	{"HELO_BARE_IP", 1, "", "the client gave a bare address for a name", heloBareIP},
	{"HELO_IP_MISMATCH", 1, "RCVD_HELO_IP_MISMATCH", "it gave an address that is another's", heloMismatch},
	{"HELO_OURS", 2, "", "it gave the name of our server, or a recipient's domain", heloOurs},
	{"HELO_NO_DOT", 0.7, "HELO_NO_DOMAIN", "it gave a name without a domain", heloNoDot},
	{"HELO_NO_ADDRESS", 0.5, "", "it gave a name that has no address", heloNoAddress},

	{"NO_DNS_FOR_FROM", 1, "", "the envelope sender's domain has neither MX nor address", noDNS},
	{"DOMAIN_NO_MAIL", 2, "", "the sender's or the author's domain says that it sends no mail, and is not proven", noMail},
	{"HEADER_FROM_DIFFERENT_DOMAINS", 0.1, "", "author and envelope sender have different domains", fromDiffers},
	{"REPLYTO_OTHER_DOMAIN", 0.2, "", "answers go to a domain that is neither the author's nor the envelope sender's", replyDiffers},
}

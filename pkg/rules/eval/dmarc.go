package eval

import "winnow/pkg/message"

// The functions of SpamAssassin's DMARC: what the author's domain wants done with mail that is none of its own, where this
// is none.

var dmarcFunctions = calledBy(HeaderRules, []Function{
	dmarcIs("check_dmarc_pass", func(d *message.DMARC) bool { return d.Result == message.AuthPass }),
	dmarcIs("check_dmarc_reject", func(d *message.DMARC) bool { return d.Result == message.AuthFail && d.Policy == "reject" }),
	dmarcIs("check_dmarc_quarantine", func(d *message.DMARC) bool { return d.Result == message.AuthFail && d.Policy == "quarantine" }),
	dmarcIs("check_dmarc_none", func(d *message.DMARC) bool { return d.Result == message.AuthFail && d.Policy == "none" }),
	dmarcIs("check_dmarc_missing", func(d *message.DMARC) bool { return d.Result == message.AuthNone }),
})

func dmarcIs(name string, found func(*message.DMARC) bool) Function {
	return proven(name, func(f *Facts) bool {
		return f.Identity != nil && f.Identity.DMARC.Author != "" && len(f.relays().External) > 0 && found(&f.Identity.DMARC)
	})
}

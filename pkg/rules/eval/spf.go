package eval

import (
	"strings"

	"winnow/pkg/message"
)

// The functions of SpamAssassin's SPF: what the domains of the envelope sender and of HELO say of the host that handed the
// message over. Who that is, and the answer, is found out once for all of winnow.

var spfFunctions = calledBy(HeaderRules, []Function{
	spfIs("check_for_spf_pass", message.AuthPass),
	spfIs("check_for_spf_neutral", message.AuthNeutral),
	spfIs("check_for_spf_none", message.AuthNone),
	spfIs("check_for_spf_fail", message.AuthFail),
	spfIs("check_for_spf_softfail", message.AuthSoftFail),
	spfIs("check_for_spf_permerror", message.AuthPermError),
	spfIs("check_for_spf_temperror", message.AuthTempError),
	heloIs("check_for_spf_helo_pass", message.AuthPass),
	heloIs("check_for_spf_helo_neutral", message.AuthNeutral),
	heloIs("check_for_spf_helo_none", message.AuthNone),
	heloIs("check_for_spf_helo_fail", message.AuthFail),
	heloIs("check_for_spf_helo_softfail", message.AuthSoftFail),
	heloIs("check_for_spf_helo_permerror", message.AuthPermError),
	heloIs("check_for_spf_helo_temperror", message.AuthTempError),
	proven("check_spf_skipped_noenvfrom", func(f *Facts) bool {
		_, known := f.spfSender()
		return !known
	}),
	proven("check_for_spf_welcomelist_from", func(f *Facts) bool { return f.welcomedBySPF("welcomelist_from_spf", "welcomelist_auth") }),
	proven("check_for_spf_whitelist_from", func(f *Facts) bool { return f.welcomedBySPF("welcomelist_from_spf", "welcomelist_auth") }),
	proven("check_for_def_spf_welcomelist_from", func(f *Facts) bool {
		return f.welcomedBySPF("def_welcomelist_from_spf", "def_welcomelist_auth")
	}),
	proven("check_for_def_spf_whitelist_from", func(f *Facts) bool {
		return f.welcomedBySPF("def_welcomelist_from_spf", "def_welcomelist_auth")
	}),
})

// proven is a function that looks at who sent the message and wants no arguments.
func proven(name string, found func(*Facts) bool) Function {
	f := simple(name, found)
	f.Net, f.Identity = true, true
	return f
}

func spfIs(name string, wanted message.AuthResult) Function {
	return proven(name, func(f *Facts) bool {
		spf := f.senderSPF()
		return spf != nil && spf.Result == wanted
	})
}

// senderSPF is what the sender's domain says, nil where it was not asked: there is no sender, or nobody knows it.
func (f *Facts) senderSPF() *message.SPF {
	sender, known := f.spfSender()
	if !known || sender == "" || f.Identity == nil || f.Identity.SPF.Domain == "" || !strings.EqualFold(sender, f.Message.Sender) {
		return nil
	}
	return &f.Identity.SPF
}

func heloIs(name string, wanted message.AuthResult) Function {
	return proven(name, func(f *Facts) bool {
		return f.Identity != nil && f.hasHelo() && f.Identity.Helo.Result == wanted
	})
}

// hasHelo tells whether HELO was such a name as is asked about, or one with a dot that cannot be asked for: that has no
// record.
func (f *Facts) hasHelo() bool {
	helo := f.Identity.Helo.Domain
	if helo == "" {
		helo = strings.Trim(f.Message.Origin().Helo, "[]!")
	}
	return strings.Contains(helo, ".") && !message.IsAddress(helo)
}

// spfSender is the envelope sender where it is sure that the last external host gave it: another host that we trust may
// have put its own in its place.
func (f *Facts) spfSender() (sender string, known bool) {
	way := f.relays()
	switch {
	case !f.Message.Stored:
		return f.Message.Sender, true
	case len(way.External) > 0 && way.External[0].EnvFrom != "":
		return way.External[0].EnvFrom, true
	case len(way.Trusted) > 0 && !f.Settings.dns.trustSender:
		return "", false
	}
	return f.Message.EnvelopeFrom(f.Settings.Networks())
}

// welcomedBySPF tells whether the sender is in one of the lists, and its domain has proven it. A record that lets the whole
// world send proves nothing, which SpamAssassin does not ask.
func (f *Facts) welcomedBySPF(lists ...string) bool {
	spf := f.senderSPF()
	if spf == nil || !spf.Proves() {
		return false
	}
	sender, _ := f.spfSender()
	for _, list := range lists {
		if set := f.Settings.lists.named[list]; set != nil && set.has(strings.ToLower(sender)) {
			return true
		}
	}
	return false
}

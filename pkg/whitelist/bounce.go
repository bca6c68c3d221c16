package whitelist

import "strings"

// Envelope addresses are rewritten on the way, so that bounces find back. Such forms change with every message or every
// day and are nobody's address; most are neither learned nor looked up.
//
//	prvs=4711abcdef=user@example.org         BATV: signed by the user's own host, same domain: read as user@example.org
//	btv1==4711==user@example.org             the same by Barracuda
//	SRS0=HHH=TT=example.org=user@fwd.example SRS: a forwarder speaks for somebody else: refused, because a proof that
//	SRS1=...                                 fwd.example sent it proves nothing about user@example.org
//	list-bounces+user=example.net@list.org   VERP: the recipient is part of the sender: refused
//	bounces+4711@example.org                 a bounce handler: refused

// unsigned takes a BATV signature off a canonical local part (draft-levine-smtp-batv, 2: prvs=KDDDSSSSSS=local, a key
// digit, three digits of the day, six hexadecimal ones of the hash).
func unsigned(local string) string {
	const tag = len("KDDDSSSSSS")
	if rest, ok := strings.CutPrefix(local, "prvs="); ok {
		if len(rest) > tag+1 && rest[tag] == '=' && strings.Trim(rest[:4], "0123456789") == "" && strings.Trim(rest[4:tag], "0123456789abcdef") == "" {
			return rest[tag+1:]
		}
	}
	if rest, ok := strings.CutPrefix(local, "btv1=="); ok {
		if _, user, ok := strings.Cut(rest, "=="); ok && user != "" {
			return user
		}
	}
	return local
}

// signed tells whether an address as it came bears a BATV signature: as a recipient it only ever takes bounces.
func signed(s string) bool {
	return len(s) > len("prvs=") && (strings.EqualFold(s[:5], "prvs=") || strings.EqualFold(s[:5], "btv1="))
}

// isBounce tells whether a canonical local part is one of the forms that take bounces.
func isBounce(local string) bool {
	switch {
	case isSRS(local), isVERP(local):
		return true
	case strings.HasPrefix(local, "prvs="), strings.HasPrefix(local, "btv1="), strings.HasPrefix(local, "msprvs1="):
		return true // a signature that unsigned did not understand
	}
	name := local
	if i := strings.IndexAny(local, "+="); i >= 0 {
		name = local[:i]
	}
	switch name {
	case "bounce", "bounces", "mailer-daemon", "double-bounce":
		return true
	}
	return strings.HasPrefix(name, "bounce-") || strings.HasPrefix(name, "bounces-") ||
		strings.HasSuffix(name, "-bounce") || strings.HasSuffix(name, "-bounces")
}

// isSRS tells whether a forwarder made a local part; its separator may be =, + or -.
func isSRS(local string) bool {
	return len(local) > 4 && (local[:4] == "srs0" || local[:4] == "srs1") && strings.IndexByte("=+-", local[4]) >= 0
}

// isVERP tells whether the recipient's address is part of a local part: list+user=example.net, as Postfix (VERP_README)
// and Mailman write it, or list-user=example.net, as qmail does.
func isVERP(local string) bool {
	tag := strings.IndexAny(local, "+-")
	if tag <= 0 {
		return false
	}
	at := strings.LastIndexByte(local, '=')
	return at > tag+1 && strings.Contains(local[at+1:], ".")
}

// isPerson tells whether an address can be somebody's who is written to: it has both sides, a domain with a name, takes
// no bounces, and nothing in it makes a bad key.
func (a address) isPerson() bool {
	local := len(a.full) - len(a.domain) - len("@")
	if a.domain == "" || a.domain[0] == '[' || local <= 0 || isBounce(a.full[:local]) {
		return false
	}
	return !strings.ContainsFunc(a.full, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\uFFFD' })
}

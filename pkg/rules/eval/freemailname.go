package eval

import "strings"

// isRoleAddress tells of local parts that are no person's, or that a provider made up: postmaster, request-<hex>, bounces.
func isRoleAddress(address string) bool {
	local, _, found := strings.Cut(address, "@")
	if !found {
		return false
	}
	switch local = strings.ToLower(local); local {
	case "abuse", "support", "sales", "info", "helpdesk", "contact", "kontakt", "postmaster", "hostmaster", "domainmaster",
		"bounce-", "bounced-":
		return true
	}
	if strings.HasPrefix(local, "undisclosed") || isForwarded(local) {
		return true
	}
	if rest, found := strings.CutPrefix(local, "request-"); found {
		return len(rest) == 16 && isHex(rest)
	}
	return isHexID(local)
}

// isForwarded tells of user=domain=tag, as Gmail writes what it forwards.
func isForwarded(local string) bool {
	for i := 1; i+3 < len(local); i++ {
		if local[i] == '=' && strings.LastIndexByte(local[:len(local)-1], '=') > i+1 {
			return true
		}
	}
	return false
}

// isHexID tells of 8 hexadecimal digits, and 8 more behind a dot, or the rest of a UUID.
func isHexID(local string) bool {
	switch len(local) {
	case 17:
		return local[8] == '.' && isHex(local[:8]) && isHex(local[9:])
	case 36:
		parts := strings.Split(local, "-")
		if len(parts) != 5 {
			return false
		}
		for i, size := range [...]int{8, 4, 4, 4, 12} {
			if len(parts[i]) != size || !isHex(parts[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// isBulkSender tells of envelope senders of lists and robots.
func isBulkSender(sender string) bool {
	for rest, pos := sender, 0; ; {
		at := strings.IndexByte(rest[pos:], '@')
		if at < 0 {
			return false
		}
		if isBulkLocal(strings.ToLower(rest[:pos+at])) {
			return true
		}
		pos += at + 1
	}
}

func isBulkLocal(local string) bool {
	switch local {
	case "postmaster", "hostmaster", "domainmaster", "double-bounce":
		return true
	}
	for _, prefix := range [...]string{"sentto-", "owner-", "return-", "bounce-", "bounced-", "grbounce-", "grbounced-"} {
		if strings.HasPrefix(local, prefix) && len(local) > len(prefix) {
			return true
		}
	}
	for _, suffix := range [...]string{"-request", "-bounce", "-bounces", "-admin", "-owner"} {
		if strings.HasSuffix(local, suffix) {
			return true
		}
	}
	if equal := strings.IndexByte(local[min(1, len(local)):], '='); equal >= 0 && equal+2 < len(local) {
		return true
	}
	return isNoReply(local)
}

// isNoReply tells of noreply, do-not-reply, no.replies and the like.
func isNoReply(local string) bool {
	rest, found := strings.CutSuffix(local, "reply")
	if !found {
		if rest, found = strings.CutSuffix(local, "replies"); !found {
			return false
		}
	}
	for _, before := range withoutJoint(rest) {
		before, found := strings.CutSuffix(before, "no")
		if !found {
			continue
		}
		if before == "" || !isWordByte(before[len(before)-1]) {
			return true
		}
		for _, start := range withoutJoint(before) {
			if start, found := strings.CutSuffix(start, "do"); found && (start == "" || !isWordByte(start[len(start)-1])) {
				return true
			}
		}
	}
	return false
}

// withoutJoint returns s, and s without the one character that may join its parts: a dot, or what lies between "_" and "t",
// as SpamAssassin has it.
func withoutJoint(s string) []string {
	if s == "" {
		return []string{s}
	}
	if c := s[len(s)-1]; c == '.' || '_' <= c && c <= 't' {
		return []string{s, s[:len(s)-1]}
	}
	return []string{s}
}

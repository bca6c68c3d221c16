package message

import (
	"net/netip"
	"strings"
)

// maxHostRun is how much may stand before the top-level domain of a host in a header field. SpamAssassin's own bound.
const maxHostRun = 251

// hostIn finds the host in a line, as SpamAssassin does: of an address all that stands behind its @, be it a host or
// not; else the name behind the last @ that has one behind it, else the first name that stands between blanks or by
// itself. Its domain is in lower case, the host as it stands.
func (mod HeaderMod) hostIn(rules *URIRules, line string) string {
	var host string
	if mod&HeaderAddr != 0 {
		host = behindAt(line)
	} else {
		host = rules.hostInText(line)
	}
	if host != "" && mod&HeaderDomain != 0 {
		return rules.Domain(host)
	}
	return host
}

// behindAt returns what stands behind the last @ of the first line that has something there.
func behindAt(text string) string {
	for line := range strings.Lines(text) {
		for at := strings.LastIndexByte(line, '@'); at >= 0; at = strings.LastIndexByte(line[:at], '@') {
			if end := blankAfter(line, at+1); end > at+1 {
				return line[at+1 : end]
			}
		}
	}
	return ""
}

func (r *URIRules) hostInText(text string) string {
	if host := r.hostBehindAt(text); host != "" {
		return host
	}
	for pos := 0; pos < len(text); {
		end := blankAfter(text, pos)
		if end == pos {
			pos++
			continue
		}
		if host := r.hostInRun(text[pos:end]); host != "" {
			return host
		}
		pos = end
	}
	return ""
}

// hostBehindAt returns the host behind an @, the last of the first line that has such a one; "" if that is no valid name.
func (r *URIRules) hostBehindAt(text string) string {
	for line := range strings.Lines(text) {
		at := strings.LastIndexByte(line, '@')
		if at < 0 {
			continue
		}
		ends := r.hostEnds(line)
		for blank := blankAfter(line, at); at >= 0; {
			for len(ends) > 0 && (ends[len(ends)-1].end > blank || ends[len(ends)-1].dot > at+1+maxHostRun) {
				ends = ends[:len(ends)-1]
			}
			if n := len(ends); n > 0 && ends[n-1].dot > at+1 {
				return validHost(line[at+1 : ends[n-1].end])
			}
			before := strings.LastIndexByte(line[:at], '@')
			if before >= 0 {
				if i := strings.IndexAny(line[before:at], whiteSpace); i >= 0 {
					blank = before + i
				}
			}
			at = before
		}
	}
	return ""
}

// hostInRun looks for a host in a text without blanks. What begins where the run or a host before it ends is tried, as
// far as it reaches; a host that has other characters before it is none.
func (r *URIRules) hostInRun(run string) string {
	ends := r.hostEnds(run)
	for pos, next := 0, 0; next < len(ends); {
		if pos > 0 && isJoint(run[pos-1]) {
			pos++
			continue
		}
		for next < len(ends) && ends[next].dot <= pos {
			next++
		}
		last := -1
		for i := next; i < len(ends) && ends[i].dot <= pos+maxHostRun; i++ {
			last = i
		}
		switch {
		case last >= 0:
			if host := validHost(run[pos:ends[last].end]); host != "" {
				return host
			}
			pos = ends[last].end
		case next < len(ends):
			pos = max(pos+1, ends[next].dot-maxHostRun)
		}
	}
	return ""
}

// topLevelAt is where a top-level domain stands in a text.
type topLevelAt struct{ dot, end int }

// hostEnds finds the top-level domains with which a host in the text may end.
func (r *URIRules) hostEnds(run string) []topLevelAt {
	var ends []topLevelAt
	for dot := strings.IndexByte(run, '.'); dot >= 0; {
		end := dot + 1
		for end < len(run) && isLabelByte(run[end]) {
			end++
		}
		if end > dot+1 && end-dot <= maxNameSize && (end == len(run) || !isJoint(run[end])) && r.IsTopLevel(strings.ToLower(run[dot+1:end])) {
			ends = append(ends, topLevelAt{dot, end})
		}
		next := strings.IndexByte(run[dot+1:], '.')
		if next < 0 {
			break
		}
		dot += 1 + next
	}
	return ends
}

func isLabelByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-'
}

// isJoint tells of the characters that do not stand right before or behind a host.
func isJoint(c byte) bool { return c == '.' || c == '_' || c == '-' }

func validHost(host string) string {
	if !isValidFQDN(strings.ToLower(host)) {
		return ""
	}
	return host
}

// blankAfter returns where the next white space at or behind pos is.
func blankAfter(s string, pos int) int {
	if i := strings.IndexAny(s[pos:], whiteSpace); i >= 0 {
		return pos + i
	}
	return len(s)
}

// addrIn finds the first IP address in a line, as it stands: "IPv6:" before it included, which has no reverse.
func addrIn(line string, reverse bool) string {
	for pos := range len(line) {
		if pos > 0 && line[pos-1] == '.' || isWordAt(line, pos) == isWordAt(line, pos-1) {
			continue
		}
		end, ok := matchAddr(line, pos)
		if !ok || isWordAt(line, end-1) == isWordAt(line, end) || end < len(line) && line[end] == '.' {
			continue
		}
		if !reverse {
			return line[pos:end]
		}
		addr, err := netip.ParseAddr(line[pos:end])
		if err != nil {
			return ""
		}
		return Reversed(addr)
	}
	return ""
}

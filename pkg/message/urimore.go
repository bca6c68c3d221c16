package message

import "strings"

// addSigners adds the domains that signed the message (RFC 6376, 3.5, and DomainKeys before it): as hosts for lists and
// rules, but not as text for uri rules.
func (d *uriDetails) addSigners(m *Message) {
	if d.rules.NoSigners {
		return
	}
	for _, name := range []string{"DomainKey-Signature", "DKIM-Signature"} {
		for _, f := range m.Header {
			if strings.EqualFold(f.Name, name) {
				eachSigner(f.text(false), d.addSigner)
			}
		}
	}
}

func (d *uriDetails) addSigner(domain string) {
	uri := "domainkeys:" + domain
	host, registered := d.rules.HostOf(uri)
	if _, known := d.index[uri]; known || host == "" || len(d.all) >= MaxDetails {
		return
	}
	d.index[uri] = len(d.all)
	d.all = append(d.all, URIDetail{Raw: uri, Types: URIDKIM, Domains: []string{registered}, Hosts: []string{host}})
}

// eachSigner goes through the d= tags of a signature.
func eachSigner(signature string, yield func(domain string)) {
	for at := 0; ; {
		next := strings.IndexByte(signature[at:], 'd')
		if next < 0 {
			return
		}
		start := at + next
		at = start + 1
		rest := strings.TrimLeft(signature[at:], " \t\r\n\v\f")
		if start > 0 && isWordByte(signature[start-1]) || !strings.HasPrefix(rest, "=") {
			continue
		}
		value, behind, _ := strings.Cut(rest[1:], ";")
		if value != "" {
			yield(strings.Join(strings.Fields(value), ""))
		}
		at = len(signature) - len(behind)
	}
}

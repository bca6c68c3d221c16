package dnslist

import (
	"fmt"
	"net/netip"
	"strings"
)

// What a stranger is told where a code has no text of its own. He must learn what is listed, by whom, and where to turn.
var texts = [...]string{
	Client:     "Client host [{ip}] listed by {list} ({code}); see {url}",
	Relays:     "Message came by way of [{ip}], listed by {list} ({code}); see {url}",
	URIAddress: "Message links to {domain}, whose address {ip} is listed by {list} ({code}); see {url}",
	URINS:      "Message links to {domain}, whose name server {ip} is listed by {list} ({code}); see {url}",
	RDNS:       "Client host name {domain} listed by {list} ({code}); see {url}",
	Helo:       "HELO name {domain} listed by {list} ({code}); see {url}",
	Sender:     "Sender domain {domain} listed by {list} ({code}); see {url}",
	Author:     "Author domain {domain} listed by {list} ({code}); see {url}",
	ReplyTo:    "Reply-To domain {domain} listed by {list} ({code}); see {url}",
	DKIM:       "Signing domain {domain} listed by {list} ({code}); see {url}",
	URI:        "Message links to {domain}, listed by {list} ({code}); see {url}",
	Mail:       "Message mentions {domain}, listed by {list} ({code}); see {url}",
}

// The same where a mail address or a link is listed as a whole.
var wholeTexts = map[Ask]string{
	Sender:  "Sender address {domain} listed by {list} ({code}); see {url}",
	Author:  "Author address {domain} listed by {list} ({code}); see {url}",
	ReplyTo: "Reply-To address {domain} listed by {list} ({code}); see {url}",
	URI:     "Message holds a link of {domain} that is listed by {list} ({code}); see {url}",
	Mail:    texts[Mail],
}

// maxText bounds a filled text, so that it fits into one reply line with its codes and id (512 octets, RFC 5321, 4.5.3.1.5).
const maxText = 440

// text fills the code's template for a stranger: q is what is listed, client who he is. {ip} is the address that is listed,
// where it is one. {id} stays for whoever writes the reply.
func (l *List) text(c *Code, client netip.Addr, q *question) string {
	template, url := c.Text, c.URL
	ip, domain := client, l.what(q)
	if l.ofAddresses() {
		if ip = q.subject.addr; q.subject.host != "" {
			domain = q.subject.host
		}
	}
	if url == "" {
		url = l.URL
	}
	if template == "" {
		template = texts[q.subject.ask]
		if l.ofWhole() {
			template = wholeTexts[q.subject.ask]
		}
		if c.Title == "" {
			template = strings.Replace(template, " ({code})", "", 1)
		}
		if url == "" {
			template = strings.TrimSuffix(template, "; see {url}")
		}
	}
	var value func(name string) (string, bool)
	value = func(name string) (string, bool) {
		switch name {
		case "ip":
			if !ip.IsValid() {
				return "unknown", true
			}
			return ip.String(), true
		case "domain":
			return domain, true
		case "list":
			return l.Title, true
		case "code":
			return c.Title, true
		case "url":
			filled, _ := fill(url, value)
			return filled, true
		case "id":
			return "{id}", true
		}
		return "", false
	}
	text, _ := fill(template, value) // its placeholders were checked when it was read
	return text[:min(len(text), maxText)]
}

// fill replaces each {name} in a template by its value. What is put in is not looked at again.
func fill(template string, value func(name string) (string, bool)) (string, error) {
	if !strings.ContainsAny(template, "{}") {
		return template, nil
	}
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return "", fmt.Errorf("%q: a } without its {", template)
		}
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, end, closed := strings.Cut(after, "}")
		if !closed {
			return "", fmt.Errorf("%q: a { without its }", template)
		}
		filled, known := value(name)
		if !known {
			return "", fmt.Errorf("%q: nothing fills {%s} here", template, name)
		}
		b.WriteString(filled)
		rest = end
	}
}

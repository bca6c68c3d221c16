package dnslist

import (
	"fmt"
	"net/netip"
	"strings"
)

// What a stranger is told where a code has no text of its own. He must learn what is listed, by whom, and where to turn.
var texts = [...]string{
	Client: "Client host [{ip}] listed by {list} ({code}); see {url}",
	Helo:   "HELO name {domain} listed by {list} ({code}); see {url}",
	Sender: "Sender domain {domain} listed by {list} ({code}); see {url}",
	URI:    "Message links to {domain}, listed by {list} ({code}); see {url}",
	Mail:   "Message mentions {domain}, listed by {list} ({code}); see {url}",
}

// maxText bounds a filled text, so that it fits into one reply line with its codes and id (512 octets, RFC 5321, 4.5.3.1.5).
const maxText = 440

// text fills the code's template for a stranger: client is who he is, what is listed, asked is why it was looked at.
// {id} stays for whoever writes the reply.
func (l *List) text(c *Code, client netip.Addr, what string, asked Ask) string {
	template, url := c.Text, c.URL
	if url == "" {
		url = l.URL
	}
	if template == "" {
		template = texts[asked]
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
			if !client.IsValid() {
				return "unknown", true
			}
			return client.String(), true
		case "domain":
			return what, true
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

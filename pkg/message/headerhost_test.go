package message

import "testing"

// TestHeaderHosts has what SpamAssassin finds.
func TestHeaderHosts(t *testing.T) {
	tests := []struct{ value, host, domain, ip, reverse string }{
		{"<1@gateway>", "", "", "", ""},
		{"<a.com@host.example.com>", "host.example.com", "example.com", "", ""},
		{"see mail.example.com. or www.example.org now", "www.example.org", "example.org", "", ""},
		{"(mail.example.com and b.example.org)", "b.example.org", "example.org", "", ""},
		{"x@-mail.example.com", "", "", "", ""},
		{"a@b.example.net c@D.Example.COM, e@nowhere", "D.Example.COM", "example.com", "", ""},
		{"my_host.example.com a_b.com foo_bar.a.com", "my_host.example.com", "example.com", "", ""},
		{"<https://www.example.com/x>", "", "", "", ""},
		{"www.example.com_x www.example.co.uk", "www.example.co.uk", "example.co.uk", "", ""},
		{"a@www.example.com/path", "www.example.com", "example.com", "", ""},
		{"_dmarc.example.com -x.example.com y.example.com", "_dmarc.example.com", "example.com", "", ""},
		{"by 2002:ac9:644e:0:0:0:0:0 x", "", "", "2002:ac9:644e:0:0:0:0:0", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.e.4.4.6.9.c.a.0.2.0.0.2"},
		{"by 2002:aca:c084:: x 1.2.3.4", "", "", "1.2.3.4", "4.3.2.1"},
		{"[IPv6:2001:db8::1]", "", "", "IPv6:2001:db8::1", ""},
		{"1.2.3.4.5 10.0.0.1", "", "", "10.0.0.1", "1.0.0.10"},
		{"v1.2.3.4 5.6.7.8.", "", "", "", ""},
		{"01.2.3.4 ::ffff:1.2.3.4", "", "", "", ""},
		{"300.1.1.1 ::1 fe80::1", "", "", "fe80::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f"},
		{"x=192.0.2.1,", "", "", "192.0.2.1", "1.2.0.192"},
	}
	for _, tt := range tests {
		m := &Message{Header: Header{{"X", " " + tt.value}}}
		for mod, want := range map[HeaderMod]string{HeaderHost: tt.host, HeaderDomain: tt.domain, HeaderIP: tt.ip, HeaderRevIP: tt.reverse} {
			if got, found := m.HeaderTextBy(suffixesForTest(), "X", mod); got != want || found != (want != "") {
				t.Errorf("%s, modifier %d: %q, want %q", tt.value, mod, got, want)
			}
		}
	}
	addresses := []struct{ value, host, domain, textHost string }{
		{"Ann <ann@Mail.Example.ORG>", "Mail.Example.ORG", "example.org", "Mail.Example.ORG"},
		{"ann@makita.skynet", "makita.skynet", "makita.skynet", ""},
		{"MAILER-DAEMON@mailhub0 (x)", "mailhub0", "mailhub0", ""},
		{"ann", "", "", ""},
	}
	for _, tt := range addresses {
		m := &Message{Header: Header{{"From", " " + tt.value}}}
		for mod, want := range map[HeaderMod]string{HeaderAddr | HeaderHost: tt.host, HeaderAddr | HeaderDomain: tt.domain, HeaderHost: tt.textHost} {
			if got, _ := m.HeaderTextBy(suffixesForTest(), "From", mod); got != want {
				t.Errorf("%s, modifier %d: %q, want %q", tt.value, mod, got, want)
			}
		}
	}
}

func suffixesForTest() *URIRules {
	var rules URIRules
	for _, suffix := range []string{"com", "net", "org", "uk", "co.uk"} {
		rules.AddSuffix(suffix)
	}
	return &rules
}

// TestHeaderHostsLinear holds a field that is nothing but beginnings of hosts.
func TestHeaderHostsLinear(t *testing.T) {
	for _, piece := range []string{"@", "a.com@", "@.com", ".com_", "1.", "a."} {
		value := ""
		for len(value) < MaxFieldValue {
			value += piece
		}
		m := &Message{Header: Header{{"X", value}}}
		m.HeaderText("X", HeaderHost)
		m.HeaderText("X", HeaderIP)
	}
}

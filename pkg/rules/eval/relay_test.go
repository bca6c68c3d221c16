package eval

import "testing"

// hopOf is a Received field of Sendmail's: the client called itself helo, its name is rdns ("" for none), its address addr.
func hopOf(helo, rdns, addr, by string) string {
	if rdns != "" {
		rdns += " "
	}
	return "Received: from " + helo + " (" + rdns + "[" + addr + "]) by " + by + " (8.17.1/8.17.1) with SMTP id 513ABC; Mon, 3 Feb 2025 10:11:12 +0100\n"
}

func TestRelays(t *testing.T) {
	runCalls(t, []callTest{
		{
			name:   "none",
			text:   "Subject: s\n\n",
			hits:   []string{"check_no_relays"},
			misses: []string{"check_all_trusted", "check_relays_unparseable", "check_for_sender_no_reverse"},
		},
		{
			name:   "all trusted",
			text:   hopOf("pc", "", "10.0.0.1", "mx.example.net") + "\n",
			hits:   []string{"check_all_trusted"},
			misses: []string{"check_no_relays", "check_relays_unparseable"},
		},
		{
			name:   "one that nobody can read",
			text:   hopOf("pc", "", "10.0.0.1", "mx.example.net") + "Received: from nowhere\n\n",
			hits:   []string{"check_relays_unparseable"},
			misses: []string{"check_no_relays", "check_all_trusted"},
		},
		{
			name:   "an address for a name",
			text:   hopOf("192.0.2.7", "", "192.0.2.9", "mx.example.net") + "\n",
			hits:   []string{"check_for_numeric_helo"},
			misses: []string{"helo_ip_mismatch", "check_for_forged_received_ip_helo", "check_all_trusted"},
		},
		{
			name: "the address of another network for a name",
			text: hopOf("192.0.3.7", "", "192.0.2.9", "mx.example.net") + "\n",
			hits: []string{"check_for_numeric_helo", "helo_ip_mismatch"},
		},
		{
			name: "of another one far away",
			text: hopOf("192.1.3.7", "", "192.0.2.9", "mx.example.net") + "\n",
			hits: []string{"helo_ip_mismatch", "check_for_forged_received_ip_helo"},
		},
		{
			name:   "a private address for a name",
			text:   hopOf("10.1.3.7", "", "192.0.2.9", "mx.example.net") + "\n",
			hits:   []string{"check_for_numeric_helo"},
			misses: []string{"helo_ip_mismatch", "check_for_forged_received_ip_helo"},
		},
		{
			name:   "an address in brackets is right",
			text:   hopOf("[192.0.2.9]", "", "192.0.2.9", "mx.example.net") + "\n",
			misses: []string{"check_for_numeric_helo"},
		},
		{
			name: "no name, but that of a great provider",
			text: hopOf("mta.hotmail.com", "", "192.0.2.9", "mx.example.net") + "\n",
			hits: []string{"check_for_no_rdns_dotcom_helo"},
		},
		{
			name:   "the last hop decides",
			text:   hopOf("mta.hotmail.com", "", "192.0.2.9", "mx.example.net") + hopOf("pc", "pc.example.org", "192.0.2.10", "mta.example.org") + "\n",
			hits:   []string{"check_for_sender_no_reverse"},
			misses: []string{"check_for_no_rdns_dotcom_helo"},
		},
		{
			name:   "a name that ends alike",
			text:   hopOf("nothotmail.com", "", "192.0.2.9", "mx.example.net") + "\n",
			misses: []string{"check_for_no_rdns_dotcom_helo", "check_for_sender_no_reverse"},
		},
		{
			name: "receivers that are not the next client",
			text: hopOf("a", "a.one.example", "192.0.2.9", "mx.example.net") + hopOf("b", "b.two.example", "192.0.2.10", "x.three.example") +
				hopOf("c", "c.four.example", "192.0.2.11", "y.five.example") + "\n",
			hits: []string{"check_for_forged_received_trail"},
		},
		{
			name: "one of them is not enough",
			text: hopOf("a", "a.one.example", "192.0.2.9", "mx.example.net") + hopOf("b", "b.two.example", "192.0.2.10", "x.three.example") +
				hopOf("c", "c.four.example", "192.0.2.11", "y.two.example") + "\n",
			misses: []string{"check_for_forged_received_trail"},
		},
		{
			name: "an author whose domain passed the message on",
			text: "From: a@yahoo.com\n" + hopOf("w", "w.yahoo.com", "192.0.2.9", "mta.yahoo.com") + "\n",
			hits: []string{"check_for_from_domain_in_received_headers yahoo.com true"},
			misses: []string{
				"check_for_from_domain_in_received_headers yahoo.com false", "check_for_from_domain_in_received_headers hotmail.com false",
			},
		},
		{
			name:   "an author whose domain did not",
			text:   "From: a@yahoo.com\n" + hopOf("w", "w.example.com", "192.0.2.9", "mta.yahoo.com") + "\n",
			hits:   []string{"check_for_from_domain_in_received_headers yahoo.com false"},
			misses: []string{"check_for_from_domain_in_received_headers yahoo.com true"},
		},
		{
			name:     "networks that rule files name",
			text:     hopOf("a", "a.one.example", "192.0.2.9", "mx.example.net") + "\n",
			settings: []string{"trusted_networks 198.51.100.0/24 192.0.2.9"},
			hits:     []string{"check_all_trusted"},
		},
		{
			name:     "and take back",
			text:     hopOf("a", "a.one.example", "192.0.2.9", "mx.example.net") + "\n",
			settings: []string{"trusted_networks 192.0.2.9", "clear_trusted_networks", "internal_networks 198.51.100.1"},
			misses:   []string{"check_all_trusted"},
		},
		{
			name:     "the first client in a field",
			text:     "X-Client: [192.0.2.1]\n\n",
			settings: []string{"originating_ip_headers X-Client"},
			misses:   []string{"check_no_relays"},
		},
	})
	badCalls(t, "check_for_from_domain_in_received_headers example.org")
}

package spf

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// TestRealServer asks through the client and the cache that winnow has, over the network.
func TestRealServer(t *testing.T) {
	server := dnstest.Serve(t, dnstest.Zones{
		"long.example":                   dnstest.TXT("v=spf1 " + strings.Repeat("ip4:198.51.100.7 ", 100) + "ip4:192.0.2.1 -all"),
		"cut.example":                    {TXT: []string{"v=spf1 ip4:192.0.2.1 -all"}, Fault: dnstest.Truncate},
		"huge.example":                   dnstest.TXT("v=spf1 " + strings.Repeat("ip4:198.51.100.7 ", 1000) + "-all"),
		"servfail.example":               dnstest.Fails(dnstest.ServFail),
		"refused.example":                dnstest.Fails(dnstest.Refused),
		"silent.example":                 dnstest.Fails(dnstest.Timeout),
		"malformed.example":              dnstest.Fails(dnstest.Malformed),
		"empty.example":                  dnstest.A("192.0.2.1"),
		"alias.example":                  {CNAME: "long.example"},
		"mx.example":                     {TXT: []string{"v=spf1 mx -all"}, MX: []string{"host.example"}},
		"host.example":                   dnstest.A("192.0.2.1"),
		"ptr.example":                    dnstest.TXT("v=spf1 ptr:host.example -all"),
		"1.2.0.192.in-addr.arpa":         {PTR: []string{"host.example"}},
		"macro.example":                  dnstest.TXT("v=spf1 exists:%{l}.%{ir}.%_.macro.example -all"),
		`joe.1.2.0.192.\ .macro.example`: dnstest.A("127.0.0.2"),
	})
	config := dns.DefaultConfig()
	config.Servers, config.Timeout = []string{server.Addr}, 100*time.Millisecond
	client, err := dns.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	resolver := dns.NewCache(client, nil, config.Cache)
	defer resolver.Close()
	for domain, want := range map[string]message.AuthResult{
		"long.example": message.AuthPass, "cut.example": message.AuthPass, "alias.example": message.AuthPass, "mx.example": message.AuthPass,
		"ptr.example": message.AuthPass, "macro.example": message.AuthPass, "empty.example": message.AuthNone, "missing.example": message.AuthNone,
		"huge.example": message.AuthTempError, "servfail.example": message.AuthTempError, "refused.example": message.AuthTempError,
		"silent.example": message.AuthTempError, "malformed.example": message.AuthTempError,
	} {
		got := Check(t.Context(), resolver, Query{Addr: netip.MustParseAddr("192.0.2.1"), Domain: domain, Sender: "joe@" + domain}, World{8, 16})
		if got.Result != want {
			t.Errorf("%s: %v (%s), want %v", domain, got.Result, got.Reason, want)
		}
	}
}

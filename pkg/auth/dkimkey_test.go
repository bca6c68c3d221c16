package auth

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"

	"crypto/x509"

	"winnow/pkg/dns/dnstest"
)

func TestKey(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(rsaKey().Public())))
	bare := base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(rsaKey().Public().(*rsa.PublicKey)))
	elliptic := "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q=="
	for _, tt := range []struct {
		name    string
		records []string
		want    string // the failure
		bits    int
	}{
		{"as it should be", []string{"v=DKIM1; k=rsa; p=" + good}, "", 2048},
		{"no version, no kind", []string{"p=" + good + ";"}, "", 2048},
		{"RSAPublicKey", []string{"v=DKIM1; p=" + bare}, "", 2048},
		{"with blanks", []string{" v = DKIM1 ; h = sha1 : sha256 ; s = * ; n=a note ; p = " + good[:50] + " \t" + good[50:]}, "", 2048},
		{"a gap", []string{"v=DKIM1;; p=" + good + ";;"}, "", 2048},
		{"for mail", []string{"v=DKIM1; s=tlsrpt:email; p=" + good}, "", 2048},
		{"ed25519", []string{keyRecord("", edKey().Public())}, "", 256},
		{"of several texts one is a key", []string{"v=spf1 -all", "p=" + good, "google-site-verification=x"}, "", 2048},
		{"one key twice", []string{"p=" + good, "p=" + good}, "", 2048},
		{"a second key", []string{"p=" + good, "p=" + bare}, "several keys", 0},
		{"only other texts", []string{"v=spf1 -all", "hello"}, "no key", 0},
		{"no text", nil, "no key", 0},
		{"empty", []string{""}, "no p=", 0},
		{"revoked", []string{"v=DKIM1; p="}, "revoked", 0},
		{"another version", []string{"v=DKIM2; p=" + good}, "version", 0},
		{"not for sha256", []string{"v=DKIM1; h=sha1; p=" + good}, "sha256", 0},
		{"not for mail", []string{"v=DKIM1; s=tlsrpt; p=" + good}, "not for mail", 0},
		{"unknown kind", []string{"v=DKIM1; k=dsa; p=" + good}, "kind", 0},
		{"not base64", []string{"p=-" + good}, "base64", 0},
		{"no RSA key", []string{"p=" + good[4:]}, "no RSA key", 0},
		{"an elliptic key", []string{"p=" + elliptic}, "no RSA key", 0},
		{"RSA as ed25519", []string{"k=ed25519; p=" + good}, "ed25519", 0},
		{"a tag twice", []string{"p=" + good + "; p=" + good}, "twice", 0},
		{"no tags", []string{"p=" + good + "; t"}, "without a value", 0},
		{"too long a record", []string{"p=" + good + "; n=" + strings.Repeat("x", maxKeyRecord)}, "octets", 0},
		{"512 bits", []string{keyRecord("", modulus(512))}, "512 bits", 512},
		{"1023 bits", []string{keyRecord("", modulus(1023))}, "1023 bits", 1023},
		{"1024 bits", []string{keyRecord("", modulus(1024))}, "", 1024},
		{"4096 bits", []string{keyRecord("", modulus(4096))}, "", 4096},
		{"4097 bits", []string{keyRecord("", modulus(4097))}, "4097 bits", 4097},
		{"16384 bits", []string{keyRecord("", modulus(16384))}, "16384 bits", 16384},
	} {
		var k key
		f := k.fetch(t.Context(), dnstest.Zones{"s._domainkey.a.example": dnstest.TXT(tt.records...)}, "S._domainkey.a.example")
		if got := reasonOf(f); tt.want == "" && f != nil || !strings.Contains(got, tt.want) || k.bits != tt.bits {
			t.Errorf("%s: got %d bits, %q; want %d, %q", tt.name, k.bits, got, tt.bits, tt.want)
		}
	}
}

func TestKeyFlags(t *testing.T) {
	for record, want := range map[string][2]bool{"": {}, "t=y;": {true, false}, "t=s;": {false, true}, "t= x : s : y ;": {true, true}, "t=;": {}} {
		var k key
		if f := k.parse(keyRecord(record, edKey().Public())); f != nil || k.testing != want[0] || k.strict != want[1] {
			t.Errorf("%q: got testing %v, strict %v, %v", record, k.testing, k.strict, reasonOf(f))
		}
	}
	mail := func(agent string) string {
		return signTags(t, letter, "v=1; a=rsa-sha256; d=a.example; s=r; h=from; i="+agent)
	}
	zones := dnstest.Zones{"r._domainkey.a.example": dnstest.TXT(keyRecord("t=s;", rsaKey().Public()))}
	for agent, want := range map[string]string{"@a.example": "pass", "x@A.Example": "pass", "@mail.a.example": "permerror"} {
		if got := newTestChecker(zones).dkim(t.Context(), parseMail(t, mail(agent))); got[0].Result.String() != want {
			t.Errorf("t=s and %s: got %+v, want %s", agent, got, want)
		}
	}
}

// modulus is a key of so many bits with which nothing was signed.
func modulus(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
}

func reasonOf(f *failure) string {
	if f == nil {
		return ""
	}
	return f.reason
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	msgauth "github.com/emersion/go-msgauth/dkim"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// The keys that the tests sign with. They are always the same, so that what a fuzzer finds stays signed.
var (
	rsaKey = sync.OnceValue(func() crypto.Signer {
		block, _ := pem.Decode(must(os.ReadFile("testdata/rsa.pem")))
		return must(x509.ParsePKCS8PrivateKey(block.Bytes)).(crypto.Signer)
	})
	edKey = sync.OnceValue(func() crypto.Signer { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) })
)

// now is the time of the tests.
var now = time.Unix(1_700_000_000, 0)

// keyRecord is what a domain publishes for a key, beside the tags given.
func keyRecord(tags string, public crypto.PublicKey) string {
	kind, octets := "rsa", []byte(nil)
	switch public := public.(type) {
	case ed25519.PublicKey:
		kind, octets = "ed25519", public
	default:
		var err error
		if octets, err = x509.MarshalPKIXPublicKey(public); err != nil {
			panic(err)
		}
	}
	return "v=DKIM1; k=" + kind + "; " + tags + " p=" + base64.StdEncoding.EncodeToString(octets)
}

// keyZones are the keys "r" and "e" of some domains.
func keyZones() dnstest.Zones {
	zones := dnstest.Zones{}
	for _, domain := range []string{"a.example", "b.example", "list.example", "relay.example"} {
		zones["r._domainkey."+domain] = dnstest.TXT(keyRecord("", rsaKey().Public()))
		zones["e._domainkey."+domain] = dnstest.TXT(keyRecord("", edKey().Public()))
	}
	return zones
}

// letter is mail between people who know each other. It has all that forms may change: blanks, folds, empty lines.
const letter = "Received: from mail.a.example by mx.example;\n\tTue, 14 Nov 2023 22:13:19 +0000\n" +
	"From: Alice  Cooper <alice@a.example>\nTo: Bob <bob@example>\nSubject:  The   tent,\n\t and the  stove \n" +
	"Date: Tue, 14 Nov 2023 22:13:18 +0000\nMessage-ID: <1@a.example>\n\n" +
	"Hello Bob,  \n\nI left\tthe  tent \t in the shed.\n\n \nAlice\n\n\n"

func parseMail(t testing.TB, mail string) *message.Message {
	t.Helper()
	m, err := message.Parse(strings.NewReader(mail), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// signMsgauth signs as another implementation does. forms is c=.
func signMsgauth(t testing.TB, mail, domain, selector, forms string, names ...string) string {
	t.Helper()
	header, body, _ := strings.Cut(forms, "/")
	if names == nil {
		names = []string{"From", "To", "Subject", "Date", "Message-ID"}
	}
	var out bytes.Buffer
	err := msgauth.Sign(&out, strings.NewReader(strings.ReplaceAll(mail, "\n", "\r\n")), &msgauth.SignOptions{
		Domain: domain, Selector: selector, Signer: keyOf(selector), HeaderKeys: names,
		HeaderCanonicalization: msgauth.Canonicalization(header), BodyCanonicalization: msgauth.Canonicalization(body),
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), "\r\n", "\n")
}

func keyOf(selector string) crypto.Signer {
	if selector == "e" {
		return edKey()
	}
	return rsaKey()
}

// signTags signs with a field that has just these tags, bh= and b=.
func signTags(t testing.TB, mail, tags string) string {
	t.Helper()
	return signField(t, mail, "DKIM-Signature", tags)
}

func signField(t testing.TB, mail, name, tags string) string {
	t.Helper()
	field := func(bodyHash, value string) string {
		return fmt.Sprintf("%s: %s;\n\tbh=%s;\n\tb=%s\n", name, tags, bodyHash, value)
	}
	read := func(mail string) (*message.Message, *check) {
		m, k := parseMail(t, mail), &check{}
		for _, f := range []*failure{k.parse(m.Header, 0), k.parseContent()} {
			if f != nil {
				t.Fatalf("cannot sign with %s: %s", tags, f.reason)
			}
		}
		return m, k
	}
	m, k := read(field("AAAA", "AAAA") + mail)
	v := newVerifier(m, []*check{k})
	sum, _, f := v.bodies.sum(k.body, k.length)
	if f != nil { // a length beyond the body
		sum = sha256.Sum256(nil)
	}
	bodyHash := base64.StdEncoding.EncodeToString(sum[:])
	m, k = read(field(bodyHash, "AAAA") + mail)
	v = newVerifier(m, []*check{k})
	v.fields.read(m.Header)
	hashed := v.fields.hash(&k.signature)
	return field(bodyHash, signHash(t, k.selector, hashed[:])) + mail
}

// signHash signs a hash with the key of a selector.
func signHash(t testing.TB, selector string, hashed []byte) string {
	t.Helper()
	key, how := keyOf(selector), crypto.Hash(0)
	if _, ok := key.(*rsa.PrivateKey); ok {
		how = crypto.SHA256
	}
	value, err := key.Sign(rand.Reader, hashed, how)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(value)
}

// seal hands mail on as set number instance of a chain. It shares nothing with what it tests but the signature of the
// message: the seal is made by the words of RFC 8617, 5.1.
func seal(t testing.TB, mail, domain string, instance int, cv, claims string) string {
	t.Helper()
	mail = fmt.Sprintf("ARC-Authentication-Results: i=%d; %s; %s\n", instance, domain, claims) + mail
	mail = signField(t, mail, "ARC-Message-Signature", fmt.Sprintf("i=%d; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=r; h=from:to:subject:date:from", instance, domain))
	field := fmt.Sprintf("ARC-Seal: i=%d; a=rsa-sha256; t=1699999999; cv=%s; d=%s; s=r; b=", instance, cv, domain)
	header, _, _ := strings.Cut(mail, "\n\n")
	header = folds.ReplaceAllString(header, " ")
	var signed strings.Builder
	for i := 1; i <= instance; i++ {
		for _, name := range []string{"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"} {
			own := regexp.MustCompile(fmt.Sprintf(`(?m)^%s: (i=%d;.*)$`, name, i)).FindStringSubmatch(header)
			if own != nil {
				fmt.Fprintf(&signed, "%s:%s\r\n", strings.ToLower(name), inner.ReplaceAllString(strings.TrimSpace(own[1]), " "))
			}
		}
	}
	name, rest, _ := strings.Cut(field, ": ")
	sum := sha256.Sum256([]byte(signed.String() + strings.ToLower(name) + ":" + rest))
	return field + signHash(t, "r", sum[:]) + "\n" + mail
}

var (
	folds = regexp.MustCompile(`\n[ \t]+`)
	inner = regexp.MustCompile(`[ \t]+`)
)

// A gathering answers when a number of questions have come, and not before.
type gathering struct {
	next    dns.Resolver
	mu      sync.Mutex
	missing int
	all     chan struct{}
}

func (g *gathering) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	g.mu.Lock()
	if g.missing--; g.missing == 0 {
		close(g.all)
	}
	g.mu.Unlock()
	select {
	case <-g.all:
		return g.next.Resolve(ctx, q)
	case <-ctx.Done():
		return dns.Answer{}, ctx.Err()
	}
}

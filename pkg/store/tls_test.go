package store_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// TestRedisTLS speaks TLS with a server that asks for our certificate, and not with one that nobody vouches for.
func TestRedisTLS(t *testing.T) {
	cert, key := selfSigned(t)
	port := storetest.FreePort(t)
	addr := net.JoinHostPort("127.0.0.1", port)
	storetest.StartRedis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert)
	for query, want := range map[string]bool{
		"?ca=" + cert + "&cert=" + cert + "&key=" + key: true,
		"?ca=" + cert:                   false, // the server wants to know us too
		"?cert=" + cert + "&key=" + key: false, // and we it
	} {
		s := open(t, "rediss://"+addr+query, store.Options{Timeout: 5 * time.Second})
		if err := s.Ping(t.Context()); (err == nil) != want {
			t.Errorf("%s: got %v, want it to answer: %v", query, err, want)
		}
	}
	s := open(t, "redis://"+addr, impatient)
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrAway) {
		t.Errorf("without TLS: got %v, want away", err)
	}
}

// selfSigned writes a certificate for 127.0.0.1 that vouches for itself, and its key.
func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", cert), write("key.pem", "PRIVATE KEY", secret)
}

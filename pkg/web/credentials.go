package web

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// Credentials are what the server shows and what it wants to see, as read from files.
type Credentials struct {
	token Secret
	tls   *tls.Config // nil: plain HTTP
}

// Credentials reads the files that the configuration names.
func (c *Config) Credentials() (*Credentials, error) {
	k := &Credentials{token: c.Token}
	if c.TokenFile != "" {
		token, err := readToken(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("token_file: %w", err)
		}
		k.token = token
	}
	if c.TLSCert == "" {
		return k, nil
	}
	pair, err := readPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, err
	}
	k.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if c.ClientCA != "" {
		if k.tls.ClientCAs, err = readCA(c.ClientCA); err != nil {
			return nil, fmt.Errorf("client_ca: %w", err)
		}
		k.tls.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return k, nil
}

func readPair(certPath, keyPath string) (tls.Certificate, error) {
	cert, err := readPublic(certPath)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls_cert: %w", err)
	}
	key, err := readPrivate(keyPath)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("tls_key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("tls_cert: %s with %s: %w", certPath, keyPath, err)
	}
	return pair, nil
}

func readCA(path string) (*x509.CertPool, error) {
	data, err := readPublic(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", path)
	}
	return pool, nil
}

func readPublic(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f, path)
}

// allow tells whether a request shows what is wanted. Whose certificate was wanted has shown it before there was a request.
func (k *Credentials) allow(r *http.Request) bool {
	if !k.token.IsSet() {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && k.token.matches(strings.TrimSpace(token))
}

// open tells whether nothing is wanted of who asks.
func (k *Credentials) open() bool {
	return !k.token.IsSet() && (k.tls == nil || k.tls.ClientCAs == nil)
}

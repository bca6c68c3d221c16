package web_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/pkg/web"
)

const token = "0123456789abcdef0123456789abcdef"

// aView answers with what a test puts there.
type aView struct {
	parts   []web.Part
	figures web.Figures
	err     error
	days    web.Days // that were asked about last
	list    string   // the same
}

func (v *aView) Parts(context.Context) []web.Part     { return v.parts }
func (v *aView) Figures(context.Context) *web.Figures { return &v.figures }
func (v *aView) Version(context.Context) (any, error) { return "1", v.err }
func (v *aView) Lists(context.Context) (any, error)   { return []string{"zen"}, v.err }
func (v *aView) Rules(context.Context) (any, error)   { return 7, v.err }
func (v *aView) Report(_ context.Context, d web.Days) (any, error) {
	v.days = d
	return []int{1}, v.err
}
func (v *aView) RuleReport(_ context.Context, d web.Days) (any, error) {
	v.days = d
	return []int{2}, v.err
}
func (v *aView) ListReport(_ context.Context, list string, d web.Days) (any, error) {
	v.days, v.list = d, list
	return list, v.err
}
func (v *aView) Hours(_ context.Context, list string, d web.Days) (any, error) {
	v.days, v.list = d, list
	return list, v.err
}
func (v *aView) Sets(_ context.Context, d web.Days) (any, error) {
	v.days = d
	return []int{3}, v.err
}

// serveFront serves view on a port of its own until the test ends.
func serveFront(t *testing.T, c web.Config, view web.View) *web.Front {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	k, err := c.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	f, err := web.ListenFront(c, k, view, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		for range 2 {
			if err := f.Close(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	return f
}

// get asks, with a header where there is one, and returns status and body.
func get(t *testing.T, client *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func newClient(t *testing.T, c *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: c}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

var guardedPaths = []string{
	"/metrics", "/api/v1/version", "/api/v1/lists", "/api/v1/rules", "/api/v1/report", "/api/v1/rules/report", "/api/v1/sets",
	"/api/v1/lists/report?list=zen", "/api/v1/hours", "/api/v1/openapi.yaml",
}

func TestTokenIsDemanded(t *testing.T) {
	view := &aView{parts: []web.Part{{Name: web.PartMilter, OK: true}, {Name: web.PartStore, Why: "does not answer"}}}
	base := "http://" + serveFront(t, web.Config{Token: web.NewSecret(token)}, view).Addr().String()
	client := newClient(t, nil)
	wrong := [][]string{
		nil, {"Authorization", ""}, {"Authorization", "Bearer"}, {"Authorization", "Bearer " + token + "x"},
		{"Authorization", "Bearer " + token[1:]}, {"Authorization", "Basic " + token}, {"Authorization", token},
	}
	for _, path := range guardedPaths {
		for _, header := range wrong {
			if status, body := get(t, client, base+path, header...); status != 401 || strings.Contains(body, token) {
				t.Errorf("%s with %q: got %d %s, want 401", path, header, status, body)
			}
		}
		for _, header := range []string{"Bearer " + token, "bearer " + token} {
			if status, body := get(t, client, base+path, "Authorization", header); status != 200 {
				t.Errorf("%s with the token: got %d %s, want 200", path, status, body)
			}
		}
	}
	if status, body := get(t, client, base+"/healthz"); status != 200 || body != `{"alive":true}`+"\n" {
		t.Errorf("healthz: got %d %s", status, body)
	}
	if status, body := get(t, client, base+"/readyz"); status != 200 || body != `{"ready":true}`+"\n" {
		t.Errorf("readyz without the token: got %d %s, want no parts", status, body)
	}
	if _, body := get(t, client, base+"/readyz", "Authorization", "Bearer "+token); !strings.Contains(body, `{"name":"store","ok":false,"why":"does not answer"}`) {
		t.Errorf("readyz with the token: got %s, want the parts", body)
	}
}

func TestReady(t *testing.T) {
	for _, test := range []struct {
		name  string
		parts []web.Part
		need  []string
		want  int
	}{
		{"all is well", []web.Part{{Name: "milter", OK: true}, {Name: "store", OK: true}}, []string{"store"}, 200},
		{"no milter", []web.Part{{Name: "milter"}}, nil, 503},
		{"the store is away", []web.Part{{Name: "milter", OK: true}, {Name: "store"}}, nil, 200},
		{"the store is away and needed", []web.Part{{Name: "milter", OK: true}, {Name: "store"}}, []string{"store"}, 503},
		{"another is needed", []web.Part{{Name: "milter", OK: true}, {Name: "store"}}, []string{"resolver"}, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := serveFront(t, web.Config{ReadyNeed: test.need}, &aView{parts: test.parts})
			if status, body := get(t, newClient(t, nil), "http://"+f.Addr().String()+"/readyz"); status != test.want {
				t.Errorf("got %d %s, want %d", status, body, test.want)
			}
		})
	}
}

func TestQuestions(t *testing.T) {
	view := &aView{}
	base := "http://" + serveFront(t, web.Config{}, view).Addr().String() + "/api/v1/"
	client := newClient(t, nil)
	for _, test := range []struct {
		path string
		want int
		days web.Days
	}{
		{"report", 200, web.Days{From: "today", To: "today"}},
		{"report?day=yesterday", 200, web.Days{From: "yesterday", To: "yesterday"}},
		{"report?from=2016-12-01&per_day=true", 200, web.Days{From: "2016-12-01", To: "today", PerDay: true}},
		{"rules/report?from=2016-12-01&to=2016-12-14&per_day=false", 200, web.Days{From: "2016-12-01", To: "2016-12-14"}},
		{"report?to=2016-12-14", 400, web.Days{}},
		{"report?day=today&from=today", 400, web.Days{}},
		{"report?per_day=1", 400, web.Days{}},
		{"report?days=7", 400, web.Days{}},
		{"report?day=today&day=yesterday", 400, web.Days{}},
		{"report?day=%zz", 400, web.Days{}},
		{"lists?list=zen", 400, web.Days{}},
		{"nothing", 404, web.Days{}},
	} {
		view.days = web.Days{}
		if status, body := get(t, client, base+test.path); status != test.want || view.days != test.days {
			t.Errorf("%s: got %d %s about %+v, want %d about %+v", test.path, status, body, view.days, test.want, test.days)
		}
	}
	view.err = errors.New("the store is away")
	if status, body := get(t, client, base+"report"); status != 503 || body != `{"error":"the store is away"}`+"\n" {
		t.Errorf("got %d %s, want what is wrong", status, body)
	}
	view.err = fmt.Errorf("400 days: %w", web.ErrQuestion)
	if status, _ := get(t, client, base+"report"); status != 400 {
		t.Errorf("got %d, want 400", status)
	}
	response, err := client.Post(base+"lists", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != 405 {
		t.Errorf("POST: got %d, want 405", response.StatusCode)
	}
}

// A page in the operator's browser asks under its own name, wherever that points to.
func TestRebinding(t *testing.T) {
	base := "http://" + serveFront(t, web.Config{}, &aView{}).Addr().String()
	client := newClient(t, nil)
	for host, want := range map[string]int{
		"evil.example": 421, "evil.example:8896": 421, "127.0.0.1.evil.example": 421,
		"localhost:8896": 200, "127.0.0.1": 200, "[::1]:8896": 200, "192.0.2.1:8896": 200,
	} {
		if status, body := get(t, client, base+"/api/v1/lists", "Host", host); status != want {
			t.Errorf("as %s: got %d %s, want %d", host, status, body, want)
		}
	}
}

// Whoever sends half a header is cut off.
func TestSlowClient(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a limit of seconds")
	}
	t.Parallel()
	f := serveFront(t, web.Config{}, &aView{})
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /healthz HTTP/1.1\r\nHost: local")); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil { // ends when the server closes
		t.Errorf("got %v, want the end of the connection", err)
	}
}

func TestHugeHeader(t *testing.T) {
	f := serveFront(t, web.Config{}, &aView{})
	conn, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	go func() { // the server may close before all is written
		_, _ = fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d, want 431", response.StatusCode)
	}
}

// An authority makes certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{}
	a.cert, a.key = a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	a.path = writePEM(t, "CERTIFICATE", a.cert.Raw, 0o644)
	return a
}

func (a *authority) sign(t *testing.T, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, by := c, key
	if a.cert != nil {
		parent, by = a.cert, a.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return signed, key
}

// server makes a certificate for 127.0.0.1 and returns its files.
func (a *authority) server(t *testing.T) (cert, key string) {
	t.Helper()
	c, k := a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "winnow"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", c.Raw, 0o644), writePEM(t, "PRIVATE KEY", der, 0o600)
}

func (a *authority) client(t *testing.T) tls.Certificate {
	t.Helper()
	c, k := a.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "prometheus"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: k}
}

func writePEM(t *testing.T, kind string, der []byte, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMutualTLS(t *testing.T) {
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	cert, key := ours.server(t)
	f := serveFront(t, web.Config{TLSCert: cert, TLSKey: key, ClientCA: ours.path}, &aView{})
	pool := x509.NewCertPool()
	pool.AddCert(ours.cert)
	ask := func(certs ...tls.Certificate) error {
		response, err := newClient(t, &tls.Config{RootCAs: pool, Certificates: certs}).Get("https://" + f.Addr().String() + "/api/v1/lists")
		if err == nil {
			defer response.Body.Close()
			if response.StatusCode != 200 {
				err = errors.New(response.Status)
			}
		}
		return err
	}
	if err := ask(ours.client(t)); err != nil {
		t.Errorf("our client: got %v, want an answer", err)
	}
	if err := ask(); err == nil {
		t.Error("a client without a certificate got an answer")
	}
	if err := ask(theirs.client(t)); err == nil {
		t.Error("a stranger's certificate got an answer")
	}
	if status, _ := get(t, newClient(t, nil), "http://"+f.Addr().String()+"/healthz"); status != 400 {
		t.Errorf("without TLS: got %d, want 400", status)
	}

	// Other files come into force without a restart.
	renewed := web.Config{TLSCert: cert, TLSKey: key, ClientCA: theirs.path}
	k, err := renewed.Credentials()
	if err != nil {
		t.Fatal(err)
	}
	f.Use(k)
	if err := ask(theirs.client(t)); err != nil {
		t.Errorf("after a change of the authority: got %v, want an answer", err)
	}
	if err := ask(ours.client(t)); err == nil {
		t.Error("a certificate of the authority from before got an answer")
	}
}

func TestPortTaken(t *testing.T) {
	f := serveFront(t, web.Config{}, &aView{})
	if _, err := web.ListenFront(web.Config{Listen: f.Addr().String()}, &web.Credentials{}, &aView{}, nil, nil); err == nil || !strings.Contains(err.Error(), "does another program listen there?") {
		t.Errorf("got %v, want what to look at", err)
	}
}

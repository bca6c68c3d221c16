package auth

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/auth/authtest"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// verdicts returns the results of a file's signatures, with the reason for those that do not pass.
func verdicts(t *testing.T, zones dnstest.Zones, at time.Time, mail []byte) []string {
	t.Helper()
	m, err := message.Parse(bytes.NewReader(mail), 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range NewChecker(DefaultConfig(), zones, func() time.Time { return at }).dkim(t.Context(), m) {
		words := s.Result.String()
		if s.Reason != "" {
			words += ": " + s.Reason
		}
		all = append(all, words)
	}
	return all
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDKIMSuiteOfMailDKIM runs the corpus of Mail::DKIM. Most of it is signed as nobody may sign any more: its good mail
// must say just that. What does not begin with the name of a good one must not pass.
func TestDKIMSuiteOfMailDKIM(t *testing.T) {
	root := filepath.Join(authtest.Suites(t), "fastmail+mail-dkim/t")
	zones := dnstest.Zones{}
	for line := range strings.Lines(string(readFile(t, root+"/FAKE_DNS.dat"))) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch text = strings.TrimSpace(text); {
		case strings.HasPrefix(name, "#"), text == "", text == "NXDOMAIN":
		case text == "~~Query timed out~~":
			zones[name] = dnstest.Fails(dnstest.Timeout)
		case text == "~~SERVFAIL~~":
			zones[name] = dnstest.Fails(dnstest.ServFail)
		default:
			zones[name] = dnstest.TXT(strings.Trim(text, `"`))
		}
	}
	const (
		sha1    = "permerror: rsa-sha1 is no longer valid" // RFC 8301, 3.1
		draft   = "neutral: v= is not 1"                   // drafts of RFC 4871 had no v=
		notSHA2 = "permerror: the key is not for sha256"
		body    = "fail: the body is not what was signed"
	)
	special := map[string][]string{
		"goodkey_ed25519.txt": {"pass"},
		"good_ietf01_1.txt":   {draft},
		"mine_ietf01_3.txt":   {draft},
		"mine_ietf01_4.txt":   {draft},
		"multiple_1.txt":      {draft, draft, draft, draft},
		"multiple_2.txt":      {sha1, sha1, sha1, "neutral: a tag without a value"}, // the last one is a DomainKey's
		"badkey_11.txt":       {notSHA2},
		"badkey1_ed25519.txt": {body},
		"badkey2_ed25519.txt": {"fail: the header is not what was signed"},
		"badkey3_ed25519.txt": {body},
		"badkey4_ed25519.txt": {body},
		"badkey5_ed25519.txt": {body},
		"bad_1.txt":           {draft},
		"bad_ietf01_1.txt":    {draft},
		"bad_ietf01_2.txt":    {draft},
		"bad_ietf01_3.txt":    {draft},
		"ignore_2.txt":        {"neutral: an algorithm that we do not know"},
		"ignore_3.txt":        {"neutral: an algorithm that we do not know"},
	}
	files, _ := filepath.Glob(root + "/corpus/*.txt")
	if len(files) != 79 {
		t.Errorf("%d files, want 79", len(files))
	}
	for _, file := range files {
		name := filepath.Base(file)
		got, want := verdicts(t, zones, now, readFile(t, file)), special[name]
		if want == nil && len(got) > 0 {
			want = []string{sha1}
		}
		if strings.Contains(name, "dk_") && !strings.Contains(name, "dk_multiple") {
			want = nil // DomainKeys, which were before DKIM
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestDKIMSuiteOfStalwart runs mails that begin with their DNS, one record a line. All signatures pass but where it says.
func TestDKIMSuiteOfStalwart(t *testing.T) {
	root := filepath.Join(authtest.Suites(t), "stalwartlabs+mail-auth/resources")
	want := map[string][]string{
		"dkim/001.txt": {"pass", "pass"}, "dkim/002.txt": {"pass"}, "dkim/003.txt": {"pass", "pass"},
		"dkim/004.txt": {"pass"}, "dkim/005.txt": {"pass"}, "dkim/006.txt": {"pass"},
		"arc/001.txt": {"pass", "pass", "fail: the body is not what was signed"}, // the list changed it
		"arc/002.txt": {"pass"},
	}
	for name, want := range want {
		head, mail, _ := bytes.Cut(readFile(t, filepath.Join(root, name)), []byte("\n\n"))
		zones := dnstest.Zones{}
		for line := range strings.Lines(string(head)) {
			name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
			zones[name] = dnstest.TXT(text)
		}
		if diff := cmp.Diff(want, verdicts(t, zones, now.AddDate(-3, 0, 0), mail)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		m := parseMail(t, string(mail))
		if got := newTestChecker(zones).arc(t.Context(), m); strings.HasPrefix(name, "arc") && got.Result != message.AuthPass {
			t.Errorf("%s: ARC: got %+v, want pass", name, got)
		}
	}
}

// The keys of RFC 6376, appendix C, and RFC 8463, appendix A.2, with which dkim_verifier's mails are signed.
const (
	keyRFC6376 = "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
	keyRFC8463 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	rsaRFC8463 = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)

// TestDKIMSuiteOfVerifier runs the mails of dkim_verifier, those of the RFCs among them. They pass but where it says.
func TestDKIMSuiteOfVerifier(t *testing.T) {
	root := filepath.Join(authtest.Suites(t), "lieser+dkim_verifier/test/data")
	zones := dnstest.Zones{
		"brisbane._domainkey.example.com":          dnstest.TXT("v=DKIM1; " + keyRFC6376),
		"s.flags._domainkey.example.com":           dnstest.TXT("v=DKIM1; t=s; " + keyRFC6376),
		"brisbane._domainkey.football.example.com": dnstest.TXT(keyRFC8463),
		"test._domainkey.football.example.com":     dnstest.TXT(rsaRFC8463),
	}
	const kind = "permerror: the key is of another kind than a= says"
	want := map[string][]string{
		"rfc6376-A.2-body_modified.eml":              {"fail: the body is not what was signed"},
		"rfc6376-A.2-header_subject_modified.eml":    {"fail: the header is not what was signed"},
		"rfc6376-A.2-ill_formed-missing_v.eml":       {"neutral: v= is not 1"},
		"rfc8463-A.3.eml":                            {"pass", "pass"},
		"rfc8463-A.3-key_algo_mismatch.eml":          {kind, kind},
		"dkim/added_header-from.eml":                 {"policy: a From field is not signed"},
		"dkim/flags_s-auid_is_subdomain_of_sdid.eml": {"permerror: i= is of a sub-domain, which the key does not allow"},
		"fakePayPal.eml":                             nil, // not signed
		"ill_formed-from.eml":                        nil,
	}
	for _, pattern := range []string{"*.eml", "dkim/*.eml", "arh/rfc6376*.eml", "bimi/*.eml"} {
		files, _ := filepath.Glob(filepath.Join(root, pattern))
		if len(files) == 0 {
			t.Errorf("no %s", pattern)
		}
		for _, file := range files {
			name, _ := filepath.Rel(root, file)
			want, special := want[name]
			if !special {
				want = []string{"pass"}
			}
			if diff := cmp.Diff(want, verdicts(t, zones, now, readFile(t, file))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

// TestDKIMSuiteOfMailauth runs a mail that mailauth has signed twice.
func TestDKIMSuiteOfMailauth(t *testing.T) {
	root := filepath.Join(authtest.Suites(t), "postalsys+mailauth/test/dkim/ec/fixtures")
	var records map[string]struct{ TXT [][]string }
	if err := json.Unmarshal(readFile(t, root+"/dns.json"), &records); err != nil {
		t.Fatal(err)
	}
	zones := dnstest.Zones{}
	for name, host := range records {
		var texts []string
		for _, pieces := range host.TXT {
			texts = append(texts, strings.Join(pieces, ""))
		}
		zones[name] = dnstest.TXT(texts...)
	}
	if diff := cmp.Diff([]string{"pass", "pass"}, verdicts(t, zones, now, readFile(t, root+"/signed.eml"))); diff != "" {
		t.Error(diff)
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ruleFolder is a folder with one rule file.
func ruleFolder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "t.cf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// scanned calls scan and returns the symbols of each mail.
func scanned(t *testing.T, stdin string, args ...string) []string {
	t.Helper()
	_, stdout, stderr := call(t, stdin, append([]string{"scan", "--local", "--json"}, args...)...)
	var all []string
	for line := range strings.Lines(stdout) {
		var f struct {
			Hits []struct{ Symbol string }
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v: %s%s", err, stdout, stderr)
		}
		var symbols []string
		for _, h := range f.Hits {
			symbols = append(symbols, h.Symbol)
		}
		all = append(all, strings.Join(symbols, " "))
	}
	return all
}

func TestScanSubrules(t *testing.T) {
	dir := ruleFolder(t, "body __A /foo/\nbody __B /bar/\nmeta AB __A && __B\nbody __UNUSED /bar/\nbody __NO /x{3}/\n")
	mail := "Subject: foo\n\nbar\n"
	if diff := cmp.Diff([]string{"AB"}, scanned(t, mail, "--rules", dir)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"AB __A __B __UNUSED"}, scanned(t, mail, "--rules", dir, "--subrules")); diff != "" {
		t.Error(diff)
	}
}

// TestScanRules takes the folders in their order, in place of the configured ones.
func TestScanRules(t *testing.T) {
	one, two := ruleFolder(t, "body A /foo/\nbody B /foo/\n"), ruleFolder(t, "body B /bar/\nbody C /foo/\n")
	got := scanned(t, "Subject: foo\n\nx\n", "--rules", one, "--rules", two)
	if diff := cmp.Diff([]string{"A C"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestScanLocal has the scores in force that are for no network.
func TestScanLocal(t *testing.T) {
	dir := ruleFolder(t, "body A /foo/\nscore A 1 0 3 0\nbody B /foo/\nscore B 0 1 0 1\nmeta LOCAL local_tests_only\n")
	got := scanned(t, "Subject: foo\n\nx\n", "--rules", dir)
	if diff := cmp.Diff([]string{"A LOCAL"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestScanOrder prints findings in the order of the files, however many are scanned at a time.
func TestScanOrder(t *testing.T) {
	dir := t.TempDir()
	var names, want []string
	for i := range 40 {
		name := filepath.Join(dir, "mail"+string(rune('A'+i%26))+strings.Repeat("x", i/26))
		word := strings.Repeat("foo ", i%3)
		if err := os.WriteFile(name, []byte("Subject: x\n\n"+word+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		want = append(want, map[bool]string{true: "A", false: ""}[word != ""])
	}
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte(strings.Join(names, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, jobs := range []string{"1", "7"} {
		got := scanned(t, "", "--rules", ruleFolder(t, "body A /foo/"), "--files-from", list, "--jobs", jobs)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("jobs %s: %s", jobs, diff)
		}
	}
}

// TestScanRelays takes the client from the Received fields, where the command line names none; a hop counts once.
func TestScanRelays(t *testing.T) {
	dir := ruleFolder(t, `
header ONE_HOP  X-Spam-Relays-External =~ /^\[ ip=198\.51\.100\.7 rdns=mail\.example\.net [^\]]+\]$/
header TWO_HOPS X-Spam-Relays-External =~ /^\[ ip=203\.0\.113\.9 [^\]]+\] \[ ip=198\.51\.100\.7 /
header ENVELOPE EnvelopeFrom =~ /^a\@example\.net$/
header NOBODY   EnvelopeFrom =~ /^$/
`)
	received := "Received: from mail.example.net (mail.example.net [198.51.100.7]) by mx.our.example (Postfix) with ESMTP id 1;\n\tWed, 25 Nov 2020 10:00:00 +0000\n"
	mail := "From: a@example.net\nSubject: x\n\nx\n"
	for _, test := range []struct {
		mail, args, want string
	}{
		{received + mail, "", "ONE_HOP NOBODY"},
		{"Return-Path: <a@example.net>\n" + received + mail, "", "ONE_HOP ENVELOPE"},
		{received + mail, "--sender a@example.net", "ONE_HOP ENVELOPE"},
		{received + mail, "--client 203.0.113.9", "TWO_HOPS ENVELOPE"},
		{mail, "", "NOBODY"},
	} {
		got := scanned(t, test.mail, append([]string{"--rules", dir}, strings.Fields(test.args)...)...)
		if diff := cmp.Diff([]string{test.want}, got); diff != "" {
			t.Errorf("%q: %s", test.args, diff)
		}
	}
}

// TestScanBehindRelay takes a mail that came over a relay for what serve takes it for: it is not refused, whatever it holds.
func TestScanBehindRelay(t *testing.T) {
	dir := ruleFolder(t, "body MUCH /much/\nscore MUCH 20\nheader LAST X-Spam-Relays-External =~ /^\\[ ip=203\\.0\\.113\\.9 /\n")
	config := file(t, "winnow.yaml", "networks:\n  relays: [198.51.100.7/32]\n")
	hop := func(addr string) string {
		return "Received: from h (unknown [" + addr + "]) by mx.our.example (Postfix) with ESMTP id 1;\n\tWed, 25 Nov 2020 10:00:00 +0000\n"
	}
	mail := "From: a@example.net\nSubject: x\n\nmuch\n"
	for _, test := range []struct {
		name, mail, args, want string
	}{
		{"a stranger", hop("203.0.113.9") + mail, "", "reject MUCH LAST"},
		{"a stranger, whatever he has been over", hop("203.0.113.8") + hop("198.51.100.7") + hop("203.0.113.9") + mail, "", "reject MUCH"},
		{"over the relay", hop("198.51.100.7") + hop("203.0.113.9") + mail, "", "tag MUCH LAST"},
		{"as serve sees it", hop("203.0.113.9") + mail, "--client 198.51.100.7", "tag MUCH LAST"},
	} {
		_, stdout, stderr := call(t, test.mail, append([]string{"scan", "--local", "--json", "--config", config, "--rules", dir}, strings.Fields(test.args)...)...)
		var f struct {
			Action string
			Hits   []struct{ Symbol, Stage string }
		}
		if err := json.Unmarshal([]byte(stdout), &f); err != nil {
			t.Fatalf("%v: %s%s", err, stdout, stderr)
		}
		got := f.Action
		for _, h := range f.Hits {
			if h.Stage == rulesStage {
				got += " " + h.Symbol
			}
		}
		if got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

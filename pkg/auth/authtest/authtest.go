// Package authtest hands tests the published suites of SPF, DKIM and ARC. They are no part of this repository: they stand
// in an archive of a folder shared/corpus beside it, or of the folder that the environment variable CORPUS names.
package authtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// archive holds the suites, below folder, by owner and repository.
const (
	archive = "authtests-urltests.tar.xz"
	folder  = "authtests/other"
)

// Suites unpacks the suites and returns the folder, which goes with the test: "OWNER+REPOSITORY/...". The test is skipped,
// with the reason, where they are not there.
func Suites(t testing.TB) string {
	t.Helper()
	corpus := os.Getenv("CORPUS")
	if corpus == "" {
		corpus = filepath.Join(top(t), "../shared/corpus")
	}
	file := filepath.Join(corpus, archive)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("no published suites: %v", err)
	}
	for _, tool := range []string{"tar", "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the published suites cannot be unpacked: %v", err)
		}
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "tar", "-xJf", file, "-C", dir, folder).CombinedOutput(); err != nil {
		t.Fatalf("tar -xJf %s: %v\n%s", file, err, out)
	}
	return filepath.Join(dir, folder)
}

// top is the top of the repository.
func top(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for d := dir; d != filepath.Dir(d); d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "go.mod")); err == nil {
			return d
		}
	}
	t.Fatalf("%s lies in no module", dir)
	return ""
}

package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
)

const twoFiles = "Subject: one two three\n\nfour\n"

func twoFileFolder() Folder {
	return mapFolder("rules", map[string]string{
		"10_own.cf": "header ONE Subject =~ /one/\nscore ONE 2\nheader TWO Subject =~ /two/\nscore TWO 1.7",
		"KAM.cf":    "header THREE Subject =~ /three/\nscore THREE 6\nbody FOUR /four/\nscore FOUR 3.3\nbody NICE /four/\nscore NICE -0.5",
	})
}

// points returns what each source's hits add, and the hits.
func points(t *testing.T, set *Set) (map[string]float64, []filter.Hit) {
	t.Helper()
	sum, all := map[string]float64{}, []filter.Hit{}
	for _, result := range NewStage(set).Check(t.Context(), mustParse(t, twoFiles)) {
		for _, hit := range result.Hits {
			if !hit.Observe {
				sum[result.Source] += hit.Score
			}
			all = append(all, hit)
		}
	}
	return sum, all
}

func TestFiles(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []FileConfig
		want  map[string]float64
		extra string // hit beside those of the rules
	}{
		{"as they are", nil, map[string]float64{"10_own.cf": 3.7, "KAM.cf": 8.8}, ""},
		{"a bound", []FileConfig{{Name: "KAM.cf", Cap: 4}}, map[string]float64{"10_own.cf": 3.7, "KAM.cf": 4}, "FILE_CAP -4.8"},
		{"a bound that is not reached", []FileConfig{{Name: "KAM.cf", Cap: 8.8}}, map[string]float64{"10_own.cf": 3.7, "KAM.cf": 8.8}, ""},
		{"only observed", []FileConfig{{Name: "KAM.cf", Observe: true}}, map[string]float64{"10_own.cf": 3.7}, ""},
		{"both files", []FileConfig{{Name: "10_own.cf", Cap: 1}, {Name: "KAM.cf", Observe: true}}, map[string]float64{"10_own.cf": 1}, "FILE_CAP -2.7"},
	} {
		config := DefaultConfig()
		config.Files = test.files
		set, faults := Load([]Folder{twoFileFolder()}, config)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		got, hits := points(t, set)
		for source := range got {
			got[source] = float64(int(got[source]*1000+0.5)) / 1000
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: points (-want +got):\n%s", test.name, diff)
		}
		var extra []string
		for _, hit := range hits {
			if set.Rule(hit.Symbol) == nil {
				extra = append(extra, fmt.Sprintf("%s %g", hit.Symbol, hit.Score))
			}
		}
		if got := strings.Join(extra, ", "); got != test.extra {
			t.Errorf("%s: got %q beside the rules, want %q", test.name, got, test.extra)
		}
		if got := len(hits) - len(extra); got != 5 {
			t.Errorf("%s: got %d hits of rules, want 5: every rule shows", test.name, got)
		}
	}
}

func TestFileOfThatNameIsMissing(t *testing.T) {
	config := DefaultConfig()
	config.Files = []FileConfig{{Name: "kam.cf", Cap: 4}}
	_, faults := Load([]Folder{twoFileFolder()}, config)
	if len(faults) != 1 || faults[0].Severity != Warning || !strings.Contains(faults[0].What, "kam.cf: no such file") {
		t.Errorf("got %v, want a warning that names the file", faults)
	}
}

func TestOverrides(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scores.cf")
	write := func(text string) (*Set, []Fault) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		config := DefaultConfig()
		config.Overrides = file
		return Load([]Folder{twoFileFolder()}, config)
	}
	set, faults := write("score ONE 0\nscore TWO (0.3)\nscore THREE 1 2 3 4\ndescribe FOUR says four\nif (version > 3)\nscore NICE 0.25\nendif\n")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got, _ := points(t, set); got["10_own.cf"] != 2 || got["KAM.cf"] != 2+3.3+0.25 {
		t.Errorf("got %v", got)
	}
	if got := set.Rule("FOUR").Describe; got != "says four" {
		t.Errorf("got description %q", got)
	}

	set, faults = write("body ONE /four/\nscore TWO 5\nrequired_score 9\ninclude x.cf\n")
	want := []string{":1: body: this file only tunes rules", ":3: required_score: this file only tunes", ":4: include: this file only tunes"}
	for i, part := range want {
		if len(faults) != len(want) || faults[i].Severity != Broken || !strings.Contains(faults[i].String(), "scores.cf"+part) {
			t.Fatalf("got %v, want %q", faults, want)
		}
	}
	if set.Rule("TWO").Score != 5 || set.Rule("ONE").Type != Header {
		t.Errorf("got TWO %g and ONE %v: what is good in the file holds, and nothing else", set.Rule("TWO").Score, set.Rule("ONE").Type)
	}

	set, _ = write("score NOBODY 5\n")
	if stray := set.Lint(); !cmp.Equal(len(stray) > 0, true) || !strings.Contains(stray[0].String(), "scores.cf:1: warning: NOBODY: there is no such rule") {
		t.Errorf("got %v, want what the file says of no rule", stray)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	config := DefaultConfig()
	config.Overrides = file
	if _, faults = Load([]Folder{twoFileFolder()}, config); Worst(faults) != Broken {
		t.Errorf("got %v, want a fault for the file that is not there", faults)
	}
}

func TestThreshold(t *testing.T) {
	set := mustLoad(t, "required_score 6.5\nrequired_hits 7\n")
	if got := set.Threshold(7); got != nil {
		t.Errorf("got %v for what the last file says", got)
	}
	got := set.Threshold(5)
	if len(got) != 1 || got[0].String() != "rules/test.cf:2: warning: required_score 7: mail is tagged from 5 points on, as the configuration says; set policy.tag: 7 if that is what you want" {
		t.Errorf("got %v", got)
	}
	if _, faults := loadFiles(map[string]string{"a.cf": "required_score five"}); Worst(faults) != Broken {
		t.Errorf("got %v, want a fault", faults)
	}
}

func TestFileConfigFaults(t *testing.T) {
	for _, test := range []struct {
		files []FileConfig
		want  string
	}{
		{[]FileConfig{{Name: "a.cf", Cap: 1}, {Name: "b.cf", Observe: true}}, ""},
		{[]FileConfig{{Cap: 1}}, "entry 1 has no name"},
		{[]FileConfig{{Name: "a.cf", Cap: 1}, {Name: "a.cf", Observe: true}}, "a.cf stands there twice"},
		{[]FileConfig{{Name: "a.cf", Cap: -1}}, "below 0"},
		{[]FileConfig{{Name: "a.cf", Observe: true, Cap: 1}}, "no effect beside observe"},
		{[]FileConfig{{Name: "a.cf"}}, "does nothing"},
	} {
		config := DefaultConfig()
		config.Files = test.files
		faults := config.Validate()
		if (test.want == "") != (len(faults) == 0) || test.want != "" && !strings.Contains(faults[0].Error(), test.want) {
			t.Errorf("%v: got %v, want %q", test.files, faults, test.want)
		}
	}
}

// TestPointsOfEachMatch adds the score of a rule with tflags multiple for each match, and that of a meta once.
func TestPointsOfEachMatch(t *testing.T) {
	set := mustLoad(t, "body MANY /o/\ntflags MANY multiple maxhits=3\nscore MANY 0.5\nmeta OVER MANY > 2\nscore OVER 2\nmeta SAME MANY\nscore SAME 1\nbody ONCE /o/\nscore ONCE 0.25")
	got, _ := points(t, set)
	if got["test.cf"] != 3*0.5+2+1+0.25 {
		t.Errorf("got %g points", got["test.cf"])
	}
}

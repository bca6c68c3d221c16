//go:build linux

package rig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"testing"
)

// orphanage is set where this test binary is to start programs, tell of them and wait to be killed.
const orphanage = "WINNOW_RIG_ORPHANAGE"

// Programs do not outlive us, nor does their directory, even if we are killed before we can see to it.
func TestNothingOutlivesUs(t *testing.T) {
	if os.Getenv(orphanage) != "" {
		startOrphans(t)
	}
	for _, name := range []string{RedisProgram, PostfixProgram} {
		if missing := Missing(name); missing != nil {
			t.Skip(missing[0])
		}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingOutlivesUs$")
	cmd.Env = append(os.Environ(), orphanage+"=yes")
	out := must(cmd.StdoutPipe())(t)
	check(t, cmd.Start())
	var dir string
	var stopped, redis, postfix int
	if n, err := fmt.Fscan(out, &dir, &stopped, &redis, &postfix); n != 4 {
		t.Errorf("it told %d things and not 4: %v", n, err)
	}
	if !groupLives(redis) || !groupLives(postfix) || groupLives(stopped) {
		t.Errorf("of the process groups %d, %d and %d, want the first two to live", redis, postfix, stopped)
	}
	check(t, cmd.Process.Kill())
	cmd.Wait()
	check(t, poll(patience(t), nil, func(context.Context) error {
		if groupLives(redis) || groupLives(postfix) {
			return fmt.Errorf("process group %d or %d lives", redis, postfix)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is still there", dir)
		}
		return nil
	}))
}

// startOrphans is what the process does that is to be killed.
func startOrphans(t *testing.T) {
	r := must(New(""))(t)
	stopped := must(r.Redis(t.Context(), RedisConfig{}))(t)
	redis := must(r.Redis(t.Context(), RedisConfig{}))(t)
	postfix := must(r.Postfix(t.Context(), PostfixConfig{}))(t)
	stopped.Stop()
	check(t, redis.Pause()) // even one that cannot notice anything
	fmt.Println(r.Dir(), stopped.Pid(), redis.Pid(), postfix.Pid())
	select {}
}

func TestLivesIn(t *testing.T) {
	for _, test := range []struct {
		stat string
		want bool
	}{
		{"7 (smtpd) S 1 7 7 0", true},
		{"7 (smtpd) Z 1 7 7 0", false},
		{"8 (smtpd) S 1 9 7 0", false},
		{"7 (a) Z 1 7) S 1 7 7 0", true},
		{"7 (a", false},
		{"", false},
	} {
		if got := livesIn(7, []byte(test.stat)); got != test.want {
			t.Errorf("livesIn(7, %q): got %v, want %v", test.stat, got, test.want)
		}
	}
}

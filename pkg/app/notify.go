package app

import (
	"context"
	"fmt"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// notify tells systemd of a change of state (sd_notify(3)); without systemd it does nothing.
func notify(state string) {
	_, _ = daemon.SdNotify(false, state) // nobody listens: nothing is lost
}

// notifyReady tells systemd that we serve, or serve again.
func notifyReady() { notify(daemon.SdNotifyReady) }

// notifyReloading tells systemd that a reload began; the time lets it tell this reload from an earlier one.
func notifyReloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return
	}
	notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, now.Nano()/int64(time.Microsecond)))
}

// watchdog tells systemd that we are alive, twice in each interval it asks for, for as long as alive answers in time.
func watchdog(ctx context.Context, alive func(context.Context) error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			check, cancel := context.WithTimeout(ctx, interval/2)
			if alive(check) == nil {
				notify(daemon.SdNotifyWatchdog)
			}
			cancel()
		}
	}
}

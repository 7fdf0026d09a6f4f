package generator

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// alarm wakes the poller at a time finer than milliseconds, the unit of
// epoll_wait.
type alarm struct{ fd int }

func newAlarm(p *poller.Poller) (alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return alarm{}, os.NewSyscallError("timerfd_create", err)
	}
	if err := p.Add(fd, session.Read); err != nil {
		unix.Close(fd)
		return alarm{}, err
	}
	return alarm{fd: fd}, nil
}

// pollTimeout returns the timeout for the poller, so that its wait ends after d.
// Setting the timer anew also clears an earlier expiry.
func (a alarm) pollTimeout(d time.Duration) (time.Duration, error) {
	if d <= 0 {
		return 0, nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		return 0, os.NewSyscallError("timerfd_settime", err)
	}
	return -1, nil
}

func (a alarm) close() {
	if a.fd > 0 {
		unix.Close(a.fd)
	}
}

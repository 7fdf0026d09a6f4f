package iouring

import (
	"errors"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// pauses are those that a loop makes when the kernel refuses.
type pauses struct {
	backoff kvserver.Backoff
	over    chan struct{} // the server's phase has changed
}

// refused reports whether the kernel refused the loop's operations because it has no
// memory. Then it lets some time pass, as after a failed accept, because the loop must
// ask again: no client can be served otherwise.
func (l *loop) refused(err error) bool {
	if err == nil {
		l.pauses.backoff.Reset()
		return false
	}
	if !errors.Is(err, ring.ErrRefused) || l.host.Phase() == kvserver.Closing {
		return false
	}
	pause := l.pauses.backoff.Next()
	l.host.WaitFailed(err, pause)
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.pauses.over:
	}
	return true
}

// end ends a pause.
func (p *pauses) end() {
	select {
	case p.over <- struct{}{}:
	default:
	}
}

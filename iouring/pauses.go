package iouring

import (
	"errors"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// pauses are the pauses of a loop after the kernel has refused its operations.
type pauses struct {
	backoff server.Backoff
	over    chan struct{} // the server's phase has changed
}

// refused reports whether the kernel refused the loop's operations because it has no
// memory. In that case it first pauses, as after a failed accept. The loop must then
// ask again, because otherwise it could serve no client.
func (l *loop) refused(err error) bool {
	if err == nil {
		l.pauses.backoff.Reset()
		return false
	}
	if !errors.Is(err, ring.ErrRefused) || l.core.Phase() == server.Closing {
		return false
	}
	pause := l.pauses.backoff.Next()
	l.core.WaitFailed(err, pause)
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.pauses.over:
	}
	return true
}

// end ends the present pause, or the next one.
func (p *pauses) end() {
	select {
	case p.over <- struct{}{}:
	default:
	}
}

package nonblocking

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/sock"
)

// AcceptsPerTurn is how many clients a loop accepts before it turns to those
// that it has.
const AcceptsPerTurn = 64

// Acceptor takes clients from a listener without waiting for them.
type Acceptor struct {
	FD int // the listener's descriptor

	host    *kvserver.Host
	calls   sock.Calls
	backoff kvserver.Backoff
	resume  atomic.Int64 // nothing is accepted before, by the lane's clock
}

// NewAcceptor returns an acceptor for ln's socket, and closes ln.
func NewAcceptor(h *kvserver.Host, calls sock.Calls, ln net.Listener) (*Acceptor, error) {
	fd, err := calls.Listen(ln)
	if err != nil {
		return nil, err
	}
	return &Acceptor{FD: fd, host: h, calls: calls}, nil
}

// Accept takes a client from the listen queue; ok is false when nobody waits,
// or when there is nothing to serve another one with: then Paused says until
// when it is no use to ask again.
func (a *Acceptor) Accept(now time.Duration) (fd int, ok bool) {
	if _, paused := a.Paused(now); paused {
		return -1, false
	}
	fd, err := a.calls.Accept(a.FD)
	switch {
	case err == nil:
		a.Succeeded()
		return fd, true
	case err != sock.ErrWouldBlock:
		a.Failed(err, now)
	}
	return -1, false
}

// Succeeded and Failed note what became of accepting, for a model that does so
// by itself. After an error it pauses.
func (a *Acceptor) Succeeded() { a.backoff.Reset() }

func (a *Acceptor) Failed(err error, now time.Duration) {
	pause := a.backoff.Next()
	a.resume.Store(int64(now + pause))
	a.host.AcceptFailed(err, pause)
}

// Paused returns until when accepting pauses, and whether it does so now.
func (a *Acceptor) Paused(now time.Duration) (until time.Duration, paused bool) {
	until = time.Duration(a.resume.Load())
	return until, now < until
}

// Freed ends a pause, since a connection was closed, and reports whether there
// was one. It may be called from other goroutines.
func (a *Acceptor) Freed() bool { return a.resume.Load() != 0 && a.resume.Swap(0) != 0 }

// Close stops accepting. Clients that still wait in the listen queue are reset.
func (a *Acceptor) Close() error { return a.calls.Close(a.FD) }

package nonblocking

import (
	"math"
	"net"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// AcceptsPerIteration bounds how many clients a loop accepts before it serves its
// connected clients again.
const AcceptsPerIteration = 64

// Acceptor accepts clients from a listener without blocking.
//
// # When there is no place
//
// A loop gets events in batches, and a batch has no order: a new client may be
// reported before other clients that left before it came. So a client for which
// there is no place is held, not refused, and gets a number. Then the loop looks at
// all its connections once more. After that look it knows of every client that left
// before the look began. So it may judge the held clients whose numbers were given
// before the look began.
type Acceptor struct {
	FD int // the listener's descriptor

	core    *server.Core
	calls   sock.Calls
	backoff server.Backoff
	resume  atomic.Int64 // the end of the pause, by the lane's clock
	ended   error        // the listener's error, if it is broken
	held    []int        // descriptors, in the order in which they were accepted
	number  atomic.Int64 // of the last client that was held
}

// NewAcceptor takes over ln's socket, closes ln, and returns an acceptor for the
// socket.
func NewAcceptor(core *server.Core, calls sock.Calls, ln net.Listener) (*Acceptor, error) {
	fd, err := calls.Listen(ln)
	if err != nil {
		return nil, err
	}
	return &Acceptor{FD: fd, core: core, calls: calls}, nil
}

// Accept takes a client from the listen queue. ok is false when no client waits,
// when the system lacks a resource (then accepting pauses: see Paused), or when no
// client is accepted any more.
func (a *Acceptor) Accept(now time.Duration) (fd int, ok bool) {
	if _, paused := a.Paused(now); paused || a.ended != nil || a.core.Phase() == server.Closing {
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

// Succeeded and Failed note the result of an accept, for a model that accepts by
// itself. After a transient error accepting pauses. After any other error no client
// can come any more: the server is Closing, and Ended returns the error.
func (a *Acceptor) Succeeded() { a.backoff.Reset() }

func (a *Acceptor) Failed(err error, now time.Duration) {
	if !sock.Transient(err) {
		if a.ended = server.ErrServerClosed; a.core.Phase() == server.Serving {
			a.ended = err
			a.core.Fail()
		}
		return
	}
	pause := a.backoff.Next()
	a.resume.Store(int64(now + pause))
	a.core.AcceptFailed(err, pause)
}

// Paused returns until when accepting pauses, and whether it does so now.
func (a *Acceptor) Paused(now time.Duration) (until time.Duration, paused bool) {
	until = time.Duration(a.resume.Load())
	return until, now < until
}

// Freed ends a pause, because a closed connection may have freed the missing
// resource. It reports whether there was a pause. Other goroutines may call it.
func (a *Acceptor) Freed() bool { return a.resume.Load() != 0 && a.resume.Swap(0) != 0 }

// Admit calls open for an accepted client if there is a place for it. Otherwise it
// holds the client for Judge. open passes its refusal to Conns.Open.
func (a *Acceptor) Admit(fd int, open func(fd int, refusal string)) {
	if len(a.held) == 0 && a.admit(fd) == "" {
		open(fd, "")
		return
	}
	a.Hold(fd)
}

// admit takes a place for a client. Conns.Close gives back the place of its address.
func (a *Acceptor) admit(fd int) (refusal string) {
	if !a.core.PerPeer() {
		return a.core.Admit()
	}
	refusal, _ = a.core.AdmitPeer(fd, a.calls.Peer(fd), 0)
	return refusal
}

// Hold keeps a client for Judge.
func (a *Acceptor) Hold(fd int) {
	a.held = append(a.held, fd)
	a.number.Add(1)
}

// Held returns the number of the last client that was held, which never falls. Other
// goroutines may call it.
func (a *Acceptor) Held() int64 { return a.number.Load() }

// Holding reports whether clients are held.
func (a *Acceptor) Holding() bool { return len(a.held) > 0 }

// Judge calls open for the held clients, in order, as long as there is a place for
// the next one or it may be refused. It may be refused if its number is not above
// number, which Held returned before the last full look at all connections began.
func (a *Acceptor) Judge(number int64, open func(fd int, refusal string)) {
	if len(a.held) == 0 {
		return
	}
	if a.core.Phase() == server.Closing {
		number = math.MaxInt64
	}
	first := a.number.Load() - int64(len(a.held)) + 1
	for len(a.held) > 0 {
		refusal := a.admit(a.held[0])
		if refusal != "" && first > number {
			return
		}
		fd := a.held[0]
		a.held = a.held[1:]
		first++
		open(fd, refusal)
	}
	a.held = nil
}

// Close stops accepting. Clients that still wait in the listen queue are reset.
func (a *Acceptor) Close() error { return a.calls.Close(a.FD) }

// Ended returns the error for a model's Run: the listener's, or ErrServerClosed.
func (a *Acceptor) Ended() error {
	if a.ended != nil {
		return a.ended
	}
	return server.ErrServerClosed
}

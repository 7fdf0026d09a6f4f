package blocking

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// glance is how long Waiting and a draining Accept wait for a client that is
// already in the listen queue.
const glance = time.Millisecond

// Acceptor accepts a server's clients. One goroutine calls Accept and Waiting; any
// may call Wake.
type Acceptor struct {
	conns *Conns
	next  net.Conn // accepted by Waiting, for Accept
	pause server.Backoff
	woken chan struct{}

	mu sync.Mutex
	ln net.Listener // nil before Bind
}

// NewAcceptor returns the acceptor of the server with the connections cs.
func NewAcceptor(cs *Conns) *Acceptor {
	return &Acceptor{conns: cs, woken: make(chan struct{}, 1)}
}

// Bind makes the acceptor accept from ln.
func (a *Acceptor) Bind(ln net.Listener) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ln = ln
}

// Accept blocks until a client connects. When the server is draining, Accept returns
// the clients in the listen queue, and then ErrServerClosed.
func (a *Acceptor) Accept() (net.Conn, error) {
	for {
		if nc := a.next; nc != nil {
			a.next = nil
			return nc, nil
		}
		nc, err := a.accept(time.Time{})
		phase := a.conns.core.Phase()
		if phase == server.Draining && errors.Is(err, os.ErrDeadlineExceeded) {
			nc, err = a.acceptQueued()
		}
		switch {
		case err == nil:
			a.pause.Reset()
			return nc, nil
		case phase != server.Serving:
			return nil, server.ErrServerClosed
		case errors.Is(err, os.ErrDeadlineExceeded):
		case sock.Transient(err):
			a.wait(err)
		default:
			// No client can come any more. Fail closes the connected ones,
			// because Serve is about to return.
			a.conns.core.Fail()
			return nil, err
		}
	}
}

// patience bounds how long Admit waits for the place of a leaving client. It is counted in
// looks at the clock, not read from the clock: a process that was stopped for long finds
// at the same time that a timer has run out and that clients have left. It was late then,
// not they, and its goroutines need a moment to close the connections.
//
// A look that comes late hardly counts, because the goroutines that must close the
// connections come late, too. On a busy machine a client was refused although the 32
// others had left (row 29 of docs/faults.md).
const (
	patience = looks * look
	looks    = 100
	look     = 10 * time.Millisecond
	lateFor  = 5 // so many late looks count as one
)

// patient is how long Admit has waited.
type patient struct {
	clock        *time.Ticker // of look
	last         time.Time    // of the last look
	looked, late int
}

// look counts a tick of the clock, and reports whether patience is left.
func (p *patient) look() bool {
	now := time.Now()
	if now.Sub(p.last) < 2*look {
		p.looked++
	} else {
		p.late++
	}
	p.last = now
	return p.looked+p.late/lateFor < looks
}

// Admit takes a place for the client that was accepted last, as Core.AdmitPeer does.
// Each client has a goroutine, and goroutines run in no fixed order: other clients
// may have left before this one came, although their goroutines have not noticed
// yet. So Admit asks the system which clients have left, and waits until the
// connection of one is closed. It waits no longer than patience, because the server
// may still owe replies to a client that has ended its stream. Clients in the listen
// queue wait meanwhile; there is no place for them either.
func (a *Acceptor) Admit(client Stream) (refusal string) {
	refusal, peerFull := a.conns.admit(client)
	if refusal == "" || peerFull {
		return refusal // if its own address is full, other addresses must not wait
	}
	p := patient{clock: time.NewTicker(look), last: time.Now()}
	defer p.clock.Stop()
	for a.conns.core.Phase() != server.Closing {
		leaving := a.conns.leavingOrClosing()
		// Ask again: connections that closed just before leavingOrClosing counted have
		// freed their places.
		if refusal, _ = a.conns.admit(client); refusal == "" || leaving == 0 {
			return refusal
		}
		if !a.awaitPlace(&p) {
			break
		}
	}
	return refusal
}

// awaitPlace waits until a place may be free, or the server's phase may have changed. It
// reports false if patience is over.
func (a *Acceptor) awaitPlace(p *patient) bool {
	for {
		select {
		case <-a.conns.freed:
			return true
		case <-a.woken:
			return true
		case <-p.clock.C:
			if !p.look() {
				return false
			}
		}
	}
}

// accept accepts a client before the deadline. If the server ends, accept does not
// wait.
func (a *Acceptor) accept(deadline time.Time) (net.Conn, error) {
	if ln, ok := a.ln.(interface{ SetDeadline(time.Time) error }); ok {
		_ = ln.SetDeadline(deadline)
		// If Wake came before this, the new deadline has undone it.
		if deadline.IsZero() && a.conns.core.Phase() != server.Serving {
			_ = ln.SetDeadline(past)
		}
	}
	nc, err := a.ln.Accept()
	if err == nil {
		sock.Tune(nc)
	}
	return nc, err
}

// acceptQueued accepts a client that is in the listen queue already. A goroutine that has
// no processor until its deadline has passed learns of no client, although there may be
// one. So acceptQueued asks, and then gives the next try twice as long.
func (a *Acceptor) acceptQueued() (net.Conn, error) {
	for wait := glance; ; wait *= 2 {
		nc, err := a.accept(time.Now().Add(wait))
		if !errors.Is(err, os.ErrDeadlineExceeded) || a.conns.core.Phase() == server.Closing || !sock.Acceptable(a.ln) {
			return nc, err
		}
	}
}

// wait pauses after a transient error of accept. The pause ends early when a
// connection is closed, which may free the missing resource.
func (a *Acceptor) wait(err error) {
	pause := a.pause.Next()
	a.conns.core.AcceptFailed(err, pause)
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-a.conns.freed:
	case <-a.woken:
	}
}

// Waiting reports whether a client waits to be accepted.
func (a *Acceptor) Waiting() bool {
	if _, ok := a.ln.(interface{ SetDeadline(time.Time) error }); !ok {
		return false // without deadlines, accept would block
	}
	if a.next == nil {
		a.next, _ = a.acceptQueued()
	}
	return a.next != nil
}

// Wake interrupts Accept.
func (a *Acceptor) Wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ln, ok := a.ln.(interface{ SetDeadline(time.Time) error }); ok {
		_ = ln.SetDeadline(past)
	} else if a.ln != nil {
		_ = a.ln.Close()
	}
	select {
	case a.woken <- struct{}{}:
	default:
	}
}

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
const (
	patience = looks * look
	looks    = 100
	look     = 10 * time.Millisecond
)

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
	clock := time.NewTicker(look)
	defer clock.Stop()
	for looked := 0; a.conns.core.Phase() != server.Closing; {
		leaving := a.conns.leavingOrClosing()
		// Ask again: connections that closed just before leavingOrClosing counted have
		// freed their places.
		if refusal, _ = a.conns.admit(client); refusal == "" || leaving == 0 {
			return refusal
		}
		if looked = a.awaitPlace(clock, looked); looked == looks {
			break
		}
	}
	return refusal
}

// awaitPlace waits until a place may be free, the server's phase may have changed, or the
// clock has been looked at often enough. It returns how often that was.
func (a *Acceptor) awaitPlace(clock *time.Ticker, looked int) int {
	for ; looked < looks; looked++ {
		select {
		case <-a.conns.freed:
			return looked
		case <-a.woken:
			return looked
		case <-clock.C:
		}
	}
	return looked
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

package blocking

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/sock"
)

// glance is how long Waiting and a draining Accept wait for a client that is
// already in the listen queue.
const glance = time.Millisecond

// Listener is the acceptor of a server. One goroutine calls Accept and Waiting; any
// may call Wake.
type Listener struct {
	conns *Conns
	next  net.Conn // accepted by Waiting, for Accept
	pause kvserver.Backoff
	woken chan struct{}

	mu sync.Mutex
	ln net.Listener // nil before Bind
}

// NewListener returns a listener for the server with the connections cs.
func NewListener(cs *Conns) *Listener {
	return &Listener{conns: cs, woken: make(chan struct{}, 1)}
}

// Bind makes the listener accept from ln.
func (l *Listener) Bind(ln net.Listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ln = ln
}

// Accept blocks until a client connects. When the server is draining, Accept returns
// the clients in the listen queue, and then ErrServerClosed.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		if nc := l.next; nc != nil {
			l.next = nil
			return nc, nil
		}
		nc, err := l.accept(time.Time{})
		phase := l.conns.host.Phase()
		if phase == kvserver.Draining && errors.Is(err, os.ErrDeadlineExceeded) {
			nc, err = l.accept(time.Now().Add(glance))
		}
		switch {
		case err == nil:
			l.pause.Reset()
			return nc, nil
		case phase != kvserver.Serving:
			return nil, kvserver.ErrServerClosed
		case errors.Is(err, os.ErrDeadlineExceeded):
		case sock.Transient(err):
			l.wait(err)
		default:
			// No client can come any more. Fail closes the connected ones,
			// because Serve is about to return.
			l.conns.host.Fail()
			return nil, err
		}
	}
}

// patience bounds how long Admit waits for the place of a leaving client.
const patience = time.Second

// Admit takes a place for the client that was accepted last, as Host.AdmitPeer does.
// Each client has a goroutine, and goroutines run in no fixed order: other clients
// may have left before this one came, although their goroutines have not noticed
// yet. So Admit asks the system which clients have left, and waits until the
// connection of one is closed. It waits no longer than patience, because a client
// that has ended its stream may still be owed replies. Clients in the listen queue
// wait meanwhile; there is no place for them either.
func (l *Listener) Admit(client Stream) (refusal string) {
	refusal, peerFull := l.conns.admit(client)
	if refusal == "" || peerFull {
		return refusal // if its own address is full, other addresses must not wait
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for refusal != "" && l.conns.host.Phase() != kvserver.Closing && l.conns.leaving(anyStream) > 0 {
		select {
		case <-l.conns.freed:
		case <-l.woken:
		case <-enough.C:
			return refusal
		}
		refusal, _ = l.conns.admit(client)
	}
	return refusal
}

// accept accepts a client before the deadline. If the server ends, accept does not
// wait.
func (l *Listener) accept(deadline time.Time) (net.Conn, error) {
	if ln, ok := l.ln.(interface{ SetDeadline(time.Time) error }); ok {
		_ = ln.SetDeadline(deadline)
		// If Wake came before this, the new deadline has undone it.
		if deadline.IsZero() && l.conns.host.Phase() != kvserver.Serving {
			_ = ln.SetDeadline(past)
		}
	}
	nc, err := l.ln.Accept()
	if err == nil {
		sock.Tune(nc)
	}
	return nc, err
}

// wait pauses after a transient error of accept. The pause ends early when a
// connection is closed, which may free the missing resource.
func (l *Listener) wait(err error) {
	pause := l.pause.Next()
	l.conns.host.AcceptFailed(err, pause)
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.conns.freed:
	case <-l.woken:
	}
}

// Waiting reports whether a client waits to be accepted.
func (l *Listener) Waiting() bool {
	if _, ok := l.ln.(interface{ SetDeadline(time.Time) error }); !ok {
		return false // without deadlines, accept would block
	}
	if l.next == nil {
		l.next, _ = l.accept(time.Now().Add(glance))
	}
	return l.next != nil
}

// Wake interrupts Accept.
func (l *Listener) Wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln, ok := l.ln.(interface{ SetDeadline(time.Time) error }); ok {
		_ = ln.SetDeadline(past)
	} else if l.ln != nil {
		_ = l.ln.Close()
	}
	select {
	case l.woken <- struct{}{}:
	default:
	}
}

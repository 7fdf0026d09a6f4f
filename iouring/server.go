package iouring

import (
	"errors"
	"fmt"
	"math"
	"net"
	"runtime"
	"sync"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// Config is a server's configuration; its zero value selects the defaults.
type Config struct{ server.Config }

// Server has the kernel serve its clients' sockets. Its methods are those of
// server.Server: ListenAndServe, Serve, Shutdown, Close and Stats. Where there
// is no io_uring, Serve returns an error that wraps server.ErrUnavailable.
type Server struct{ server.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server { return newServer(cfg, system) }

func newServer(cfg Config, k kernel) *Server {
	core := server.NewCore(cfg.Config, server.Traits{}, 1)
	return &Server{core.Lifecycle(&model{core: core, kernel: k})}
}

// Available returns nil if a server can serve here. Otherwise it returns the
// reason, as an error that wraps server.ErrUnavailable.
func Available() error { return unavailable(ring.Available()) }

func unavailable(err error) error {
	if errors.Is(err, ring.ErrUnavailable) {
		return fmt.Errorf("%w: %w", server.ErrUnavailable, err)
	}
	return err
}

type model struct {
	core   *server.Core
	kernel kernel

	mu   sync.Mutex
	loop *loop // nil before Run
}

// Run makes the loop and runs it.
func (m *model) Run(ln net.Listener) error {
	// Only one thread may use a ring, from setup to close.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, err := m.open(ln)
	if err != nil {
		return err
	}
	defer l.closeAll()
	m.mu.Lock()
	m.loop = l
	m.mu.Unlock()
	if m.core.Phase() != server.Serving {
		m.Wake() // an earlier Wake may have found no loop
	}
	m.core.Ready()
	err = l.run()
	if errors.Is(err, ring.ErrRefused) { // while the server was Closing
		err = l.acceptor.Ended()
	}
	return err
}

func (m *model) open(ln net.Listener) (*loop, error) {
	r, err := m.kernel.open()
	if err != nil {
		return nil, err
	}
	base, err := nonblocking.NewAcceptor(m.core, m.kernel.calls, ln)
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	lane := m.core.Lane(0)
	return &loop{
		core:     m.core,
		lane:     lane,
		calls:    m.kernel.calls,
		ring:     r,
		acceptor: acceptor{Acceptor: base, ring: r},
		conns:    nonblocking.NewConns(lane, m.kernel.calls, m.core.ConnsHint()),
		byFD:     make([]*conn, 0, m.core.ConnsHint()),
		pauses:   pauses{over: make(chan struct{}, 1)},
	}, nil
}

// Wake makes the loop look at the server's phase.
func (m *model) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loop != nil {
		m.loop.woken.Store(true)
		m.loop.ring.Wake()
		m.loop.pauses.end()
	}
}

// closeAll closes the ring, the listener and the loop's connections.
func (l *loop) closeAll() {
	_ = l.ring.Close() // cancels all operations
	l.acceptor.close()
	l.acceptor.Judge(math.MaxInt64, l.add) // held clients are closed below
	for _, c := range l.byFD {
		if c != nil {
			l.close(c)
		}
	}
}

package busywait

import (
	"net"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// Config is a server's configuration; its zero value selects the defaults.
type Config struct {
	server.Config
	// OneAtATime polls one client until it has left or its TurnLimit is
	// over, and only then accepts the next.
	OneAtATime bool
}

// Server polls its clients in a circle. Its methods are those of
// server.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ server.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server { return newServer(cfg, sock.System, func() {}) }

// newServer lets tests choose the kernel, and a function to call after each
// round.
func newServer(cfg Config, calls sock.Calls, rest func()) *Server {
	core := server.NewCore(cfg.Config, server.Traits{OneAtATime: cfg.OneAtATime}, 1)
	return &Server{core.Lifecycle(&model{
		core:       core,
		lane:       core.Lane(0),
		calls:      calls,
		conns:      nonblocking.NewConns(core.Lane(0), calls, core.ConnsHint()),
		oneAtATime: cfg.OneAtATime,
		rest:       rest,
	})}
}

type model struct {
	core       *server.Core
	lane       *server.Lane
	calls      sock.Calls
	conns      *nonblocking.Conns
	acceptor   *nonblocking.Acceptor
	clients    []*nonblocking.Conn
	oneAtATime bool
	rest       func()
	asked      int64 // number of the acceptor's last held client when this round began
	woken      atomic.Bool
}

// Run is the whole model: poll every client, poll the listener, and begin again.
// No call ever blocks, so the goroutine never rests.
func (m *model) Run(ln net.Listener) (err error) {
	if m.acceptor, err = nonblocking.NewAcceptor(m.core, m.calls, ln); err != nil {
		return err
	}
	defer m.acceptor.Close()
	if m.oneAtATime {
		m.lane.Others = m.othersWait
	}
	m.core.Ready()
	for m.core.Phase() == server.Serving || len(m.clients) > 0 || m.accept() {
		m.lane.EndIteration()
		m.lane.Tick()
		m.asked = m.acceptor.Held()
		for _, c := range m.clients {
			m.poll(c)
		}
		m.watchClocks()
		m.dropEnded()
		m.accept() // after dropEnded, which frees places
		m.rest()   // does nothing, except in tests
	}
	return m.acceptor.Ended()
}

// poll reads from one client, and writes its unsent replies. Most reads find
// nothing: this is the cost of polling.
func (m *model) poll(c *nonblocking.Conn) {
	if c.Wants()&session.Read != 0 {
		if n, err := c.Read(c.Buffer()); err != sock.ErrWouldBlock {
			c.HandleRead(n, err)
		}
	}
	if out := c.Output(); len(out) > 0 {
		if n, err := c.Write(out); err != sock.ErrWouldBlock {
			c.HandleWrite(n, err)
		}
	}
}

// accept takes new clients, and reports whether there were any or one is held.
func (m *model) accept() bool {
	before := len(m.clients)
	if m.oneAtATime && before > 0 {
		return false
	}
	m.acceptor.Judge(m.asked, m.open)
	for range nonblocking.AcceptsPerIteration {
		if m.oneAtATime && len(m.clients) > 0 {
			break
		}
		fd, ok := m.acceptor.Accept(m.lane.Now())
		if !ok {
			break
		}
		m.acceptor.Admit(fd, m.open)
	}
	return len(m.clients) > before || m.acceptor.Holding()
}

// open begins to serve a client, or to refuse it if refusal is not empty.
func (m *model) open(fd int, refusal string) {
	c := new(nonblocking.Conn)
	m.conns.Open(c, fd, refusal)
	m.clients = append(m.clients, c)
}

// othersWait reports whether another client waits. To find out, it accepts one
// from the listen queue and holds it.
func (m *model) othersWait() bool {
	if !m.acceptor.Holding() {
		if fd, ok := m.acceptor.Accept(m.lane.Now()); ok {
			m.acceptor.Hold(fd)
		}
	}
	return m.acceptor.Holding()
}

// watchClocks runs after all clients were polled. So a client whose bytes came
// in time is not judged late because this server was slow to read them.
func (m *model) watchClocks() {
	if m.woken.Swap(false) {
		for _, c := range m.clients {
			c.HandlePhase()
		}
	}
	for m.conns.Expired(m.lane.Now()) != nil {
	}
}

// dropEnded closes the connections that have ended.
func (m *model) dropEnded() {
	live := m.clients[:0]
	for _, c := range m.clients {
		if c.Wants() != 0 {
			live = append(live, c)
			continue
		}
		m.conns.Close(c)
		m.acceptor.Freed()
	}
	clear(m.clients[len(live):])
	m.clients = live
}

// Wake makes the next round tell the connections that the server's phase has
// changed.
func (m *model) Wake() { m.woken.Store(true) }

package singleblocking

import (
	"net"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/server"
)

// Config is a server's configuration; its zero value selects the defaults. Of
// its limits, TurnLimit matters in particular, because this model serves one
// client at a time.
type Config = server.Config

// Server serves one client at a time. Its methods are those of
// server.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ server.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server {
	core := server.NewCore(cfg, server.Traits{OneAtATime: true}, 1)
	conns := blocking.NewConns(core)
	return &Server{core.Lifecycle(&model{core, conns, blocking.NewAcceptor(conns)})}
}

type model struct {
	core     *server.Core
	conns    *blocking.Conns
	acceptor *blocking.Acceptor
}

// Run is the whole model: one goroutine waits either for a client or for that
// client's bytes.
func (m *model) Run(ln net.Listener) error {
	m.acceptor.Bind(ln)
	m.core.Lane(0).Others = m.acceptor.Waiting
	m.core.Ready()
	for {
		client, err := m.acceptor.Accept() // blocks until a client connects
		if err != nil {
			return err
		}
		m.serve(client)
	}
}

// serve answers one client until it has left or its TurnLimit is over.
// Meanwhile all other clients wait in the listen queue.
func (m *model) serve(client net.Conn) {
	c := m.conns.Open(client)
	for range c.Ready { // blocks until the client sends some bytes
		if len(c.Output()) == 0 {
			c.HandleRead(c.Read(c.Buffer())) // the session answers
		}
		if out := c.Output(); len(out) > 0 {
			c.HandleWrite(c.Write(out)) // blocks until the client takes some bytes
		}
	}
	m.conns.Close(c)
}

// Wake makes the blocked call return, whichever it is.
func (m *model) Wake() {
	m.acceptor.Wake()
	m.conns.Wake()
}

package servertest_test

import (
	"net"
	"sync"
	"testing"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
)

func TestMain(m *testing.M) { servertest.VerifyNoLeaks(m) }

// The suite is tested with the simplest server that passes it: one goroutine
// per client.
func TestPlainServer(t *testing.T) {
	servertest.Run(t, servertest.Target{New: newPlain})
}

type plain struct {
	core     *server.Core
	conns    *blocking.Conns
	acceptor *blocking.Acceptor
}

func newPlain(cfg server.Config) server.Server {
	core := server.NewCore(cfg, server.Traits{Threads: true}, 1)
	conns := blocking.NewConns(core)
	return core.Lifecycle(&plain{core, conns, blocking.NewAcceptor(conns)})
}

func (p *plain) Run(ln net.Listener) error {
	p.acceptor.Bind(ln)
	var serving sync.WaitGroup
	defer serving.Wait()
	p.core.Ready()
	for {
		client, err := p.acceptor.Accept()
		if err != nil {
			return err
		}
		serving.Go(func() { p.serve(client) })
	}
}

func (p *plain) serve(client net.Conn) {
	c := p.conns.Open(client)
	for c.Wants() != 0 {
		if out := c.Output(); len(out) > 0 {
			c.HandleWrite(client.Write(out))
		} else {
			c.HandleRead(client.Read(c.Buffer()))
		}
	}
	p.conns.Close(c)
}

func (p *plain) Wake() {
	p.acceptor.Wake()
	p.conns.Wake()
}

package multiblocking

import (
	"fmt"
	"net"
	"runtime"
	"sync"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/threads"
)

// Config is a server's configuration; its zero value selects the defaults.
type Config struct {
	server.Config
	// Workers is the size of a pool of goroutines, and so the number of
	// clients served at a time; 0 gives each client a goroutine of its own.
	// A client whose TurnLimit is over gives way to one that waits. The pool
	// starts a goroutine only when a client needs it. More workers than
	// MaxConns would never have a client, so Serve returns an error.
	Workers int
	// OSThreads gives each of the goroutines an operating system thread of
	// its own, which sleeps in read(2). Without it Go's runtime parks a goroutine that
	// "blocks", and one poller waits for all their sockets.
	OSThreads bool
}

// maxThreads is the largest number of connections with threads of their own.
// It leaves room below 10,000, where the runtime ends the program; that count
// includes all the program's other threads.
const maxThreads = 4096

// lanes is the number of sets of counters, so that threads that run at once
// rarely share one.
const lanes = 16

// Server serves every client with a goroutine of its own. Its methods are
// those of server.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ server.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server {
	traits := server.Traits{Threads: true, Invalid: cfg.invalid()}
	if cfg.OSThreads {
		traits.ConnsCap = maxThreads
		if cfg.Workers == 0 { // a pool's clients wait for its workers instead
			traits.Admit = threads.Process.Take
		}
	}
	core := server.NewCore(cfg.Config, traits, lanes)
	conns := blocking.NewConns(core)
	return &Server{core.Lifecycle(&model{
		core:     core,
		conns:    conns,
		acceptor: blocking.NewAcceptor(conns),
		workers:  cfg.Workers,
		threads:  cfg.OSThreads,
	})}
}

// invalid returns an error if Workers is negative or above MaxConns. It does not
// consider the system's limits: if the system allows fewer connections than
// MaxConns, the configuration is still valid.
func (cfg Config) invalid() error {
	most := cfg.MaxConns
	if most == 0 {
		most = server.DefaultMaxConns
	}
	switch {
	case cfg.Workers < 0:
		return fmt.Errorf("workers: %d; want 0 or more", cfg.Workers)
	case cfg.Workers > most && most > 0:
		return fmt.Errorf("workers: %d; want %d at most, because no more clients are served at a time (max-conns)", cfg.Workers, most)
	}
	return nil
}

type model struct {
	core     *server.Core
	conns    *blocking.Conns
	acceptor *blocking.Acceptor
	workers  int
	threads  bool
}

// Run accepts clients, and leaves each one to another goroutine.
func (m *model) Run(ln net.Listener) error {
	if m.threads && !sock.Supported {
		return fmt.Errorf("OSThreads: %w", sock.ErrUnsupported)
	}
	m.acceptor.Bind(ln)
	var serving sync.WaitGroup
	defer serving.Wait()

	var hand func(client net.Conn)
	switch {
	case m.workers > 0:
		pool := m.startPool(&serving)
		defer pool.close()
		hand = pool.hand
	default:
		hand = func(client net.Conn) {
			refusal := m.acceptor.Admit(client)
			if refusal == "" && m.threads {
				serving.Go(func() { m.serveOnThread(client) })
				return
			}
			c := m.conns.OpenAdmitted(client, refusal) // here, to keep the goroutine's stack small
			serving.Go(func() { m.serve(c) })
		}
	}
	m.core.Ready()
	for {
		client, err := m.acceptor.Accept() // blocks until a client connects
		if err != nil {
			return err
		}
		hand(client)
	}
}

// serve answers one client until its connection ends. It delays no other
// client, because each has a goroutine of its own.
func (m *model) serve(c *blocking.Conn) {
	m.answer(c)
	m.conns.Close(c)
}

// answer is the loop of a client's goroutine. The goroutine is parked between requests;
// with OSThreads, Read blocks its thread instead.
func (m *model) answer(c *blocking.Conn) {
	for range c.Ready { // blocks until the client sends some bytes
		if len(c.Output()) == 0 {
			c.HandleRead(c.Read(c.Buffer())) // the session answers
		}
		if out := c.Output(); len(out) > 0 {
			c.HandleWrite(c.Write(out)) // blocks until the client takes some bytes
		}
	}
}

// serveOnThread is serve on the thread that Admit took for the client. The
// goroutine stays locked to the thread, so the thread ends with the goroutine.
func (m *model) serveOnThread(client net.Conn) {
	runtime.LockOSThread()
	threads.Process.Started()
	c := m.conns.OpenAdmitted(m.onThread(client), "")
	m.answer(c)
	threads.Process.Ended() // before Close frees the client's place: see Take
	m.conns.Close(c)
}

// onThread returns a stream on the client's socket whose calls block the
// goroutine's thread. If the socket cannot be made blocking, onThread logs that
// and returns the client itself.
func (m *model) onThread(client net.Conn) blocking.Stream {
	stream, err := newThreadStream(client)
	if err != nil { // no descriptor is left for the socket's duplicate
		m.core.ServedOtherwise("without blocking its thread", err)
		return client
	}
	return stream
}

// Wake makes every blocked call return.
func (m *model) Wake() {
	m.acceptor.Wake()
	m.conns.Wake()
}

package multiblocking

import (
	"fmt"
	"net"
	"runtime"
	"sync"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/threads"
)

// Config is a server's configuration; the zero value is a good one.
type Config struct {
	kvserver.Config
	// Workers bounds how many clients are served at a time: that many
	// goroutines take turns with the clients, and a client that has had its
	// turn (TurnLimit) gives way to one that waits. A goroutine is started
	// when there is a client for it, so there are never more than MaxConns; to
	// ask for more is an error of Serve's. 0: a goroutine for each client.
	Workers int
	// OSThreads gives each of the goroutines an operating system thread of
	// its own, which sleeps in read(2). Without it a goroutine that "blocks"
	// is parked by Go's runtime, which polls for all of them.
	OSThreads bool
}

// maxThreads is how many connections are served by threads of their own. The
// runtime ends a program that has 10,000 threads, whatever they are for.
const maxThreads = 4096

// lanes spreads the counters of threads that run at once.
const lanes = 16

// Server serves every client with a goroutine of its own. Its methods are
// those of kvserver.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ kvserver.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server {
	traits := kvserver.Traits{Threads: true, Invalid: cfg.invalid()}
	if cfg.OSThreads {
		traits.ConnsCap = maxThreads
		if cfg.Workers == 0 { // a pool's clients wait for those that it has
			traits.Admit = threads.Process.Take
		}
	}
	host := kvserver.NewHost(cfg.Config, traits, lanes)
	conns := blocking.NewConns(host)
	return &Server{host.Lifecycle(&model{
		host:    host,
		conns:   conns,
		clients: blocking.NewListener(conns),
		workers: cfg.Workers,
		threads: cfg.OSThreads,
	})}
}

// invalid returns an error if there cannot be so many workers. That the system
// allows fewer connections than MaxConns is no mistake of the configuration's.
func (cfg Config) invalid() error {
	most := cfg.MaxConns
	if most == 0 {
		most = kvserver.DefaultMaxConns
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
	host    *kvserver.Host
	conns   *blocking.Conns
	clients *blocking.Listener
	workers int
	threads bool
}

// Run accepts, and lets another goroutine wait for what the client says.
func (m *model) Run(ln net.Listener) error {
	if m.threads && !sock.Supported {
		return fmt.Errorf("OSThreads: %w", sock.ErrUnsupported)
	}
	m.clients.Bind(ln)
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
			refusal := m.clients.Admit(client)
			if refusal == "" && m.threads {
				serving.Go(func() { m.serveOnThread(client) })
				return
			}
			c := m.conns.OpenAdmitted(client, refusal) // here, so that the goroutine's stack stays small
			serving.Go(func() { m.serve(c) })
		}
	}
	m.host.Ready()
	for {
		client, err := m.clients.Accept() // blocks until a client has come
		if err != nil {
			return err
		}
		hand(client)
	}
}

// serve answers one client until it has left. The others have goroutines of
// their own.
func (m *model) serve(c *blocking.Conn) {
	m.answer(c)
	m.conns.Close(c)
}

func (m *model) answer(c *blocking.Conn) {
	for c.Wants() != 0 {
		if len(c.Output()) > 0 {
			c.Write() // blocks until the client takes it
		} else {
			c.Read() // blocks until the client says something
		}
	}
}

// serveOnThread is serve on a thread that was taken for the client. It belongs to
// the goroutine, and ends with it.
func (m *model) serveOnThread(client net.Conn) {
	runtime.LockOSThread()
	threads.Process.Started()
	c := m.conns.OpenAdmitted(m.onThread(client), "")
	m.answer(c)
	threads.Process.Ended() // before its place is free: see Take
	m.conns.Close(c)
}

// onThread returns the client's socket as one that blocks the goroutine's thread.
func (m *model) onThread(client net.Conn) blocking.Stream {
	stream, err := newThreadStream(client)
	if err != nil { // no descriptor is left for the moment it takes two
		m.host.ServedOtherwise("without blocking its thread", err)
		return client
	}
	return stream
}

// Wake makes every blocked call return.
func (m *model) Wake() {
	m.clients.Wake()
	m.conns.Wake()
}

package eventloop

import (
	"fmt"
	"math"
	"net"
	"sync"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
)

// Config is a server's configuration; its zero value selects the defaults.
type Config struct {
	server.Config
	// Loops is how many event loops share the clients, each on a goroutine
	// of its own. 0 means 1, which needs no lock around the store. Serve
	// returns an error if there are more than 1024.
	Loops int
}

const (
	// maxLoops is far above the number of processors. It is bounded because
	// each loop has a thread while it waits, and the runtime ends a program
	// that has 10,000 threads.
	maxLoops = 1024
	// perPoller is the largest number of descriptors that a poller has. On
	// the BSDs two of them are for Wake.
	perPoller = 3
)

// Server serves its clients in event loops. Its methods are those of
// server.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ server.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server { return newServer(cfg, system) }

func newServer(cfg Config, k kernel) *Server {
	loops, invalid := max(1, cfg.Loops), error(nil)
	if cfg.Loops < 0 || cfg.Loops > maxLoops {
		loops, invalid = 1, fmt.Errorf("loops: %d; want 1 to %d", cfg.Loops, maxLoops)
	}
	traits := server.Traits{Threads: loops > 1, Descriptors: loops * perPoller, Invalid: invalid}
	core := server.NewCore(cfg.Config, traits, loops)
	return &Server{core.Lifecycle(&model{core: core, count: loops, kernel: k})}
}

type model struct {
	core   *server.Core
	kernel kernel
	count  int // number of loops

	mu    sync.Mutex
	loops []*loop // empty before Run
}

// Run runs the loops. The first one also accepts.
func (m *model) Run(ln net.Listener) error {
	giveBack, err := m.takeThreads()
	if err != nil {
		return err
	}
	defer giveBack()
	loops, err := m.open(ln)
	if err != nil {
		return err
	}
	if m.core.Phase() != server.Serving {
		m.Wake() // an earlier Wake may have found no loops
	}
	m.core.Ready()
	errs := make(chan error, len(loops))
	for _, l := range loops {
		go func() { errs <- l.run() }()
	}
	result := server.ErrServerClosed
	for range loops {
		if err := <-errs; err != server.ErrServerClosed {
			result = err
			m.core.Fail() // otherwise the failed loop's clients would wait for ever
		}
	}
	if result == server.ErrServerClosed {
		result = loops[0].mail.acceptor.Ended()
	}
	return result
}

// open makes the loops, and the first one's acceptor.
func (m *model) open(ln net.Listener) (loops []*loop, err error) {
	base, err := nonblocking.NewAcceptor(m.core, m.kernel.calls, ln)
	if err != nil {
		return nil, err
	}
	a := &acceptor{Acceptor: base}
	defer func() {
		if err != nil {
			_ = a.Close()
			for _, l := range loops {
				_ = l.poller.Close()
			}
		}
	}()
	for i := range m.count {
		p, err := m.kernel.newWatcher(m.kernel.batch)
		if err != nil {
			return loops, err
		}
		lane := m.core.Lane(i)
		lane.Wake = p.Wake
		l := &loop{
			core:   m.core,
			lane:   lane,
			calls:  m.kernel.calls,
			poller: p,
			batch:  m.kernel.batch,
			conns:  nonblocking.NewConns(lane, m.kernel.calls, m.core.ConnsHint()),
			byFD:   make([]*conn, 0, m.core.ConnsHint()),
			mail:   mailbox{poller: p, acceptor: a, mu: new(sync.Mutex)},
		}
		l.makeBuffers()
		loops = append(loops, l)
	}
	a.loops, a.own, loops[0].acceptor = loops, loops[0], a
	if err := loops[0].poller.Add(a.FD, session.Read); err != nil {
		return loops, err
	}
	m.mu.Lock()
	m.loops = loops
	m.mu.Unlock()
	return loops, nil
}

// Wake makes each loop look at the server's phase.
func (m *model) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.loops {
		l.mail.wake()
	}
}

// closeAll closes the loop's connections, its poller, and the listener if the
// loop has it. Clients that were posted to the loop are closed unserved.
func (l *loop) closeAll() {
	if l.acceptor != nil {
		l.acceptor.Judge(math.MaxInt64, l.add) // held clients are closed below
		if !l.acceptor.closed {
			_ = l.acceptor.Close()
		}
		l.acceptor = nil
	}
	for !l.mail.close() {
		clients, _ := l.mail.open()
		for _, fd := range clients {
			_ = l.calls.Close(fd)
		}
	}
	for _, c := range l.byFD {
		if c != nil {
			l.ended = append(l.ended, c)
		}
	}
	l.closeEnded()
	l.heard.Store(math.MaxInt64)
	l.mail.heard()
	_ = l.poller.Close()
}

package eventloop

import (
	"math"
	"net"
	"sync"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// Config is a server's configuration; the zero value is a good one.
type Config struct {
	kvserver.Config
	// Loops is how many event loops share the clients, each on a goroutine
	// of its own. 0 means 1, which needs no lock around the store.
	Loops int
}

// Server serves its clients in event loops. Its methods are those of
// kvserver.Server: ListenAndServe, Serve, Shutdown, Close and Stats.
type Server struct{ kvserver.Lifecycle }

// New returns a server that is not listening yet.
func New(cfg Config) *Server { return newServer(cfg, system) }

func newServer(cfg Config, k kernel) *Server {
	loops := max(1, cfg.Loops)
	host := kvserver.NewHost(cfg.Config, kvserver.Traits{Threads: loops > 1}, loops)
	return &Server{host.Lifecycle(&model{host: host, count: loops, kernel: k})}
}

type model struct {
	host   *kvserver.Host
	kernel kernel
	count  int // of loops

	mu    sync.Mutex
	loops []*loop // empty before Run
}

// Run runs the loops; the first one also accepts.
func (m *model) Run(ln net.Listener) error {
	loops, err := m.open(ln)
	if err != nil {
		return err
	}
	if m.host.Phase() != kvserver.Serving {
		m.Wake() // it may have come before there was a loop to wake
	}
	errs := make(chan error, len(loops))
	for _, l := range loops {
		go func() { errs <- l.run() }()
	}
	result := kvserver.ErrServerClosed
	for range loops {
		if err := <-errs; err != kvserver.ErrServerClosed {
			result = err
			m.host.Fail() // one loop's clients would wait for nothing
		}
	}
	if result == kvserver.ErrServerClosed {
		result = loops[0].mail.front.Ended()
	}
	return result
}

// open makes the loops, and the first one's front.
func (m *model) open(ln net.Listener) (loops []*loop, err error) {
	acceptor, err := nonblocking.NewAcceptor(m.host, m.kernel.calls, ln)
	if err != nil {
		return nil, err
	}
	f := &front{Acceptor: acceptor}
	defer func() {
		if err != nil {
			_ = f.Close()
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
		lane := m.host.Lane(i)
		l := &loop{
			host:   m.host,
			lane:   lane,
			calls:  m.kernel.calls,
			poller: p,
			batch:  m.kernel.batch,
			timers: nonblocking.NewLoop(lane, m.kernel.calls, m.host.Room()),
			conns:  make([]*conn, 0, m.host.Room()),
			mail:   mailbox{poller: p, front: f},
		}
		l.makeRoom()
		loops = append(loops, l)
	}
	f.loops, f.own, loops[0].front = loops, loops[0], f
	if err := loops[0].poller.Add(f.FD, poller.Readable); err != nil {
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

// closeAll ends whatever the loop still has.
func (l *loop) closeAll() {
	if l.front != nil {
		l.front.Judge(math.MaxInt64, l.add) // whom it held is closed below
		if !l.front.closed {
			_ = l.front.Close()
		}
		l.front = nil
	}
	for !l.mail.close() {
		clients, _ := l.mail.open()
		for _, fd := range clients {
			_ = l.calls.Close(fd)
		}
	}
	for _, c := range l.conns {
		if c != nil {
			l.ended = append(l.ended, c)
		}
	}
	l.closeEnded()
	l.heard.Store(math.MaxInt64)
	l.mail.heard()
	_ = l.poller.Close()
}

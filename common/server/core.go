package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/asynclog"
	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/store"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("server: server closed")

// Phase is the stage of a server's life. It only grows.
type Phase uint8

const (
	Serving  Phase = iota // accept and answer
	Draining              // Shutdown: accept no more, answer all received requests
	Closing               // Close: drop everything
)

// Model is one way to wait for the network. Lifecycle.Serve runs it.
type Model interface {
	// Run serves ln's clients. It returns ErrServerClosed when the server is
	// Draining and all connections have ended, or when it is Closing and
	// Run has closed them. If it cannot go on, it returns another error. When
	// it returns, no goroutine of the model runs any more.
	Run(ln net.Listener) error
	// Wake makes Run notice that the server's phase has changed, wherever Run
	// waits. Other goroutines call it, at any time while Run runs.
	Wake()
}

// Traits are the properties of a model that the core must know.
type Traits struct {
	// OneAtATime: one client keeps all others waiting, so its timeouts are
	// shorter.
	OneAtATime bool
	// Threads: several threads answer requests at once.
	Threads bool
	// ConnsCap is the largest number of connections that the model supports. 0:
	// any.
	ConnsCap int
	// Descriptors is the number of descriptors that the model itself uses while
	// it runs.
	Descriptors int
	// Invalid is why the model cannot run with its own configuration:
	// Validate's error.
	Invalid error
	// Admit reserves the resources that a client needs besides its place among
	// MaxConns. It returns "", or why they are short. The log gets the whole
	// reason; the client is not told the details in parentheses. nil: a client
	// needs nothing else.
	Admit func() (refusal string)
}

// The descriptors that are reserved for everything but connections: the
// listener, a debug server, logs, and the model's own.
const (
	descriptorReserve = 32
	reserveOfOthers   = 16 // the least number of reserved descriptors that are not the model's
)

// flushTimeout is how long Serve waits at its end for the log's handler.
const flushTimeout = time.Second

// Core is the part of a server that is the same for each model: its
// configuration, its life, its counters. Models call its methods. A server's
// users must not, so a server's type does not embed Core, but Lifecycle.
type Core struct {
	Limits Limits

	log        *slog.Logger      // never blocks
	own        *asynclog.Handler // log's handler; nil if the caller brought an asynclog.Handler, which the caller flushes
	ready      func()
	invalid    error
	session    session.Config
	prefetcher session.Prefetcher // nil: the protocol does not prefetch
	share      int64              // of the memory for buffers, in bytes: see evenShare
	relief     sync.Mutex
	peers      peers
	leaving    atomic.Int64 // bytes held by connections that have been told to close
	started    time.Time
	// briefest is the shorter of the two timeouts that run between whole
	// frames.
	briefest time.Duration
	lanes    []*Lane
	needs    func() (refusal string) // Traits.Admit

	accepted     atomic.Int64 // connections
	active       atomic.Int64 // connections that are open
	refused      atomic.Int64 // open connections that are being refused
	places       atomic.Int64 // places taken: see Admit
	closed       [reasons]atomic.Int64
	acceptErrors atomic.Int64
	pauses       atomic.Int64 // of reading, at the output limit

	endLogs                          [reasons]asynclog.Throttle
	acceptLog, waitLog, otherwiseLog asynclog.Throttle

	phase   atomic.Int32
	mu      sync.Mutex
	running Model
	done    chan struct{} // closed when Serve has ended; nil before Serve
	once    bool          // Serve was called, or can no longer be
}

// NewCore returns the core of a server with the given configuration and number
// of lanes, at least one (see Lane).
func NewCore(cfg Config, traits Traits, lanes int) *Core {
	core := &Core{
		Limits:  cfg.withDefaults(traits.OneAtATime),
		ready:   cfg.Ready,
		invalid: traits.Invalid,
		needs:   traits.Admit,
		started: time.Now(),
	}
	core.setLog(cfg.Logger)
	if traits.ConnsCap > 0 {
		core.Limits.MaxConns = min(core.Limits.MaxConns, traits.ConnsCap)
	}
	core.reserve(traits.Descriptors, sock.DescriptorLimit())
	core.share = evenShare(core.Limits)
	core.briefest = min(core.Limits.IdleTimeout, core.Limits.WriteTimeout)
	core.session = session.Config{
		Protocol:   core.startProtocol(cfg.Protocol, traits),
		Buffers:    buffer.NewPool(core.Limits.MemoryLimit),
		MaxRequest: core.Limits.MaxFrame,
		OutputHigh: core.Limits.OutputLimit,
		OutputLow:  core.Limits.OutputLimit / 4,
	}
	core.prefetcher, _ = core.session.Protocol.(session.Prefetcher)
	for range lanes {
		core.lanes = append(core.lanes, &Lane{core: core})
	}
	return core
}

// startProtocol returns the protocol that the server runs. Its errors make the server
// invalid.
func (core *Core) startProtocol(p session.Protocol, traits Traits) session.Protocol {
	if p == nil && session.Default == nil {
		core.invalid = cmp.Or(core.invalid, errNoProtocol)
		return nil
	}
	if p == nil {
		p = session.Default()
	}
	if s, ok := p.(session.Starter); ok {
		core.invalid = cmp.Or(core.invalid, s.Start(session.Env{Threads: traits.Threads, Logger: core.log}))
	}
	return p
}

// errNoProtocol is why a server without a protocol is invalid.
var errNoProtocol = errors.New("server: no protocol: set Config.Protocol, or import package kv for the key/value protocol")

// setLog makes the log a non-blocking one.
func (core *Core) setLog(log *slog.Logger) {
	if log == nil {
		log = slog.Default()
	}
	if _, is := log.Handler().(*asynclog.Handler); !is {
		core.own = asynclog.New(log.Handler())
		log = slog.New(core.own)
	}
	core.log = log
}

// reserve lowers MaxConns to what the process's descriptor limit allows. own is
// the number of descriptors that the model itself uses.
func (core *Core) reserve(own, limit int) {
	most := limit - max(descriptorReserve, reserveOfOthers+own)
	if most < 1 && own > descriptorReserve-reserveOfOthers && core.invalid == nil {
		core.invalid = fmt.Errorf("the server takes %d descriptors for itself, and this process may have %d in all", own, limit)
	}
	core.Limits.MaxConns = min(core.Limits.MaxConns, max(1, most))
}

// Ready must be called by the model in Run, once it has everything that it
// needs.
func (core *Core) Ready() {
	if core.ready != nil {
		core.ready()
	}
}

// ConnsHint is the initial capacity of per-connection slices: MaxConns, at most
// 65,536.
func (core *Core) ConnsHint() int { return min(core.Limits.MaxConns, 1<<16) }

// Lane returns lane i modulo the number of lanes.
func (core *Core) Lane(i int) *Lane { return core.lanes[i%len(core.lanes)] }

// Phase returns the server's phase.
func (core *Core) Phase() Phase { return Phase(core.phase.Load()) }

// Buffers returns the pool from which the server's connections borrow.
func (core *Core) Buffers() *buffer.Pool { return core.session.Buffers }

// Since returns the time since the server was made. The timeouts use this
// clock.
func (core *Core) Since() time.Duration { return time.Since(core.started) }

// At converts a time of that clock to wall-clock time.
func (core *Core) At(since time.Duration) time.Time { return core.started.Add(since) }

// Listen listens on addr as ListenAndServe does. Resolving a host name may take
// long; ctx ends that.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("listen: %w: want host:port", err)
	}
	var config net.ListenConfig
	// Connections of Multipath TCP have no TCP_USER_TIMEOUT: the server would
	// keep a client that vanished with an unacknowledged reply for a quarter of
	// an hour.
	config.SetMultipathTCP(false)
	return config.Listen(ctx, "tcp", addr)
}

// Lifecycle implements Server for a model. The model's server type embeds it.
// It is the users' view of a Core: it has none of the methods that only models
// call.
type Lifecycle struct {
	core  *Core
	model Model
}

// Lifecycle returns the users' view of the core of a server that runs m.
func (core *Core) Lifecycle(m Model) Lifecycle { return Lifecycle{core, m} }

// Validate implements Server.
func (l Lifecycle) Validate() error { return l.core.invalid }

// ListenAndServe implements Server.
func (l Lifecycle) ListenAndServe(addr string) error {
	if l.core.Phase() != Serving {
		return ErrServerClosed
	}
	if l.core.invalid != nil {
		return l.core.invalid
	}
	ln, err := Listen(context.Background(), addr)
	if err != nil {
		return err
	}
	return l.Serve(ln)
}

// Serve implements Server.
func (l Lifecycle) Serve(ln net.Listener) error {
	core := l.core
	defer ln.Close()
	if core.invalid != nil {
		return core.invalid
	}
	core.mu.Lock()
	if core.Phase() != Serving {
		core.mu.Unlock()
		return ErrServerClosed
	}
	if core.once {
		core.mu.Unlock()
		return errors.New("server: a server can serve only once")
	}
	core.once, core.running = true, l.model
	core.done = make(chan struct{})
	core.mu.Unlock()
	defer close(core.done)
	if core.own != nil {
		defer core.own.Flush(flushTimeout)
	}

	if err := sock.SetBacklog(ln, Backlog); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return l.model.Run(ln)
}

// Shutdown implements Server.
func (l Lifecycle) Shutdown(ctx context.Context) error {
	select {
	case <-l.core.enter(Draining):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements Server. It waits until Serve has ended, so no goroutine and
// no descriptor is left when it returns.
func (l Lifecycle) Close() error {
	<-l.core.enter(Closing)
	return nil
}

// enter moves to phase p, unless the server is already there or beyond. It
// returns a channel that is closed when Serve has ended.
func (core *Core) enter(p Phase) <-chan struct{} {
	core.mu.Lock()
	defer core.mu.Unlock()
	if core.Phase() < p {
		core.phase.Store(int32(p))
	}
	if core.done == nil {
		core.done = make(chan struct{})
		close(core.done)
		core.once = true
	} else if core.running != nil {
		core.running.Wake()
	}
	return core.done
}

// Fail ends the whole model when a part of it cannot go on: it sets the phase
// to Closing.
func (core *Core) Fail() { core.enter(Closing) }

// Stats implements Server.
func (l Lifecycle) Stats() Stats {
	core := l.core
	// Active is computed, so that in every snapshot Accepted is Active plus the
	// sum of Closed.
	s := Stats{Closed: make(map[string]int64), AcceptErrors: core.acceptErrors.Load(), Pauses: core.pauses.Load(), BufferBytes: core.session.Buffers.Lent()}
	if p, ok := core.session.Protocol.(interface{ StoreStats() store.Stats }); ok {
		s.Stats = p.StoreStats()
	}
	closed := int64(0)
	for r := range core.closed {
		if n := core.closed[r].Load(); n > 0 {
			s.Closed[Reason(r).String()] = n
			closed += n
		}
	}
	s.Accepted = core.accepted.Load()
	s.Active = s.Accepted - closed
	for _, lane := range core.lanes {
		s.Requests += lane.count.requests.Load()
		s.BytesIn += lane.count.bytesIn.Load()
		s.BytesOut += lane.count.bytesOut.Load()
	}
	return s
}

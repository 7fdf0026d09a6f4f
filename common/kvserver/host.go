package kvserver

import (
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
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/store"
)

// ErrServerClosed is returned by Serve after Shutdown or Close.
var ErrServerClosed = errors.New("kvserver: server closed")

// Phase is the stage of a server's life. It only grows.
type Phase uint8

const (
	Serving  Phase = iota // accept and answer
	Draining              // Shutdown: accept no more, answer all received requests
	Closing               // Close: drop everything
)

// Model is one way to wait for the network. A Host runs it.
type Model interface {
	// Run serves ln's clients. It returns ErrServerClosed when the host is
	// Draining and all connections have ended, or when the host is Closing and
	// Run has closed them. If it cannot go on, it returns another error. When
	// it returns, no goroutine of the model runs any more.
	Run(ln net.Listener) error
	// Wake makes Run notice that the host's phase has changed, wherever Run
	// waits. Other goroutines call it, at any time while Run runs.
	Wake()
}

// Traits are the properties of a model that the host must know.
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
	reserveOfOthers   = 16 // the least part of it for descriptors that are not the model's
)

// flushTimeout is how long Serve waits at its end for the log's handler.
const flushTimeout = time.Second

// Host is the part of a server that is the same for each model: its
// configuration, its life, its counters.
type Host struct {
	Limits Limits

	log        *slog.Logger      // never blocks
	own        *asynclog.Handler // log's handler; nil if the caller brought an asynclog.Handler, which the caller flushes
	ready      func()
	invalid    error
	session    session.Config
	prefetcher prefetcher    // nil: the store does not prefetch
	bounded    store.Bounded // nil: the store does not report its usage
	share      int64         // of the memory for buffers, in bytes: see evenShare
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
	storeFull    atomic.Int64 // puts that found the store full
	storeErrors  atomic.Int64 // all other errors of the store

	endLogs                                    [reasons]throttle
	acceptLog, waitLog, otherwiseLog, storeLog throttle
	storeErrorLog, storeNearlyLog              throttle

	phase   atomic.Int32
	mu      sync.Mutex
	running Model
	done    chan struct{} // closed when Serve has ended; nil before Serve
	once    bool          // Serve was called, or can no longer be
}

// NewHost returns the host of a server with the given configuration and number
// of lanes, at least one (see Lane).
func NewHost(cfg Config, traits Traits, lanes int) *Host {
	h := &Host{
		Limits:  cfg.withDefaults(traits.OneAtATime),
		ready:   cfg.Ready,
		invalid: traits.Invalid,
		needs:   traits.Admit,
		started: time.Now(),
	}
	h.setLog(cfg.Logger)
	if traits.ConnsCap > 0 {
		h.Limits.MaxConns = min(h.Limits.MaxConns, traits.ConnsCap)
	}
	h.reserve(traits.Descriptors, sock.DescriptorLimit())
	if cfg.Store == nil && traits.Threads {
		cfg.Store = store.NewSharded(h.Limits.StoreLimit)
	} else if cfg.Store == nil {
		cfg.Store = store.New(h.Limits.StoreLimit)
	}
	h.watch(cfg.Store)
	h.share = evenShare(h.Limits)
	h.briefest = min(h.Limits.IdleTimeout, h.Limits.WriteTimeout)
	handler := kv.NewHandler(cfg.Store)
	handler.StoreFailed = h.storeFailed
	h.session = session.Config{
		Handler:    handler,
		Buffers:    buffer.NewPool(h.Limits.MemoryLimit),
		MaxFrame:   h.Limits.MaxFrame,
		OutputHigh: h.Limits.OutputLimit,
		OutputLow:  h.Limits.OutputLimit / 4,
	}
	if handler.CanPrefetch() {
		h.prefetcher = handler
	}
	for range lanes {
		h.lanes = append(h.lanes, &Lane{host: h})
	}
	return h
}

// setLog makes the log a non-blocking one.
func (h *Host) setLog(log *slog.Logger) {
	if log == nil {
		log = slog.Default()
	}
	if _, is := log.Handler().(*asynclog.Handler); !is {
		h.own = asynclog.New(log.Handler())
		log = slog.New(h.own)
	}
	h.log = log
}

// reserve lowers MaxConns to what the process's descriptor limit allows. own is
// the number of descriptors that the model itself uses.
func (h *Host) reserve(own, limit int) {
	most := limit - max(descriptorReserve, reserveOfOthers+own)
	if most < 1 && own > descriptorReserve-reserveOfOthers && h.invalid == nil {
		h.invalid = fmt.Errorf("the server takes %d descriptors for itself, and this process may have %d in all", own, limit)
	}
	h.Limits.MaxConns = min(h.Limits.MaxConns, max(1, most))
}

// Ready must be called by the model in Run, once it has everything that it
// needs.
func (h *Host) Ready() {
	if h.ready != nil {
		h.ready()
	}
}

// Room is the initial capacity of per-connection slices: MaxConns, at most
// 65,536.
func (h *Host) Room() int { return min(h.Limits.MaxConns, 1<<16) }

// Lane returns lane i modulo the number of lanes.
func (h *Host) Lane(i int) *Lane { return h.lanes[i%len(h.lanes)] }

// Phase returns the server's phase.
func (h *Host) Phase() Phase { return Phase(h.phase.Load()) }

// Buffers returns the pool from which the server's connections borrow.
func (h *Host) Buffers() *buffer.Pool { return h.session.Buffers }

// Since returns the time since the server was made. The timeouts use this
// clock.
func (h *Host) Since() time.Duration { return time.Since(h.started) }

// At converts a time of that clock to wall-clock time.
func (h *Host) At(since time.Duration) time.Time { return h.started.Add(since) }

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
type Lifecycle struct {
	host  *Host
	model Model
}

// Lifecycle returns the Lifecycle of the server in which h runs m.
func (h *Host) Lifecycle(m Model) Lifecycle { return Lifecycle{h, m} }

// Validate implements Server.
func (l Lifecycle) Validate() error { return l.host.invalid }

// ListenAndServe implements Server.
func (l Lifecycle) ListenAndServe(addr string) error {
	if l.host.Phase() != Serving {
		return ErrServerClosed
	}
	if l.host.invalid != nil {
		return l.host.invalid
	}
	ln, err := Listen(context.Background(), addr)
	if err != nil {
		return err
	}
	return l.Serve(ln)
}

// Serve implements Server.
func (l Lifecycle) Serve(ln net.Listener) error {
	h := l.host
	defer ln.Close()
	if h.invalid != nil {
		return h.invalid
	}
	h.mu.Lock()
	if h.Phase() != Serving {
		h.mu.Unlock()
		return ErrServerClosed
	}
	if h.once {
		h.mu.Unlock()
		return errors.New("kvserver: a server serves once")
	}
	h.once, h.running = true, l.model
	h.done = make(chan struct{})
	h.mu.Unlock()
	defer close(h.done)
	if h.own != nil {
		defer h.own.Flush(flushTimeout)
	}

	if err := sock.SetBacklog(ln, Backlog); err != nil {
		return fmt.Errorf("kvserver: %w", err)
	}
	return l.model.Run(ln)
}

// Shutdown implements Server.
func (l Lifecycle) Shutdown(ctx context.Context) error {
	select {
	case <-l.host.enter(Draining):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements Server. It waits until Serve has ended, so no goroutine and
// no descriptor is left when it returns.
func (l Lifecycle) Close() error {
	<-l.host.enter(Closing)
	return nil
}

// enter moves to phase p, unless the server is already there or beyond. It
// returns a channel that is closed when Serve has ended.
func (h *Host) enter(p Phase) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Phase() < p {
		h.phase.Store(int32(p))
	}
	if h.done == nil {
		h.done = make(chan struct{})
		close(h.done)
		h.once = true
	} else if h.running != nil {
		h.running.Wake()
	}
	return h.done
}

// Fail ends the whole model when a part of it cannot go on: it sets the phase
// to Closing.
func (h *Host) Fail() { h.enter(Closing) }

// Stats implements Server.
func (l Lifecycle) Stats() Stats {
	h := l.host
	// Active is derived, so that Accepted is its sum with Closed in every
	// snapshot.
	s := Stats{Closed: make(map[string]int64), AcceptErrors: h.acceptErrors.Load(), Pauses: h.pauses.Load(), StoreFull: h.storeFull.Load(), StoreErrors: h.storeErrors.Load(), Store: h.storeUsage(), BufferBytes: h.session.Buffers.Lent()}
	closed := int64(0)
	for r := range h.closed {
		if n := h.closed[r].Load(); n > 0 {
			s.Closed[Reason(r).String()] = n
			closed += n
		}
	}
	s.Accepted = h.accepted.Load()
	s.Active = s.Accepted - closed
	for _, lane := range h.lanes {
		s.Requests += lane.count.requests.Load()
		s.BytesIn += lane.count.bytesIn.Load()
		s.BytesOut += lane.count.bytesOut.Load()
	}
	return s
}

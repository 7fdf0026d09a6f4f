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

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("kvserver: server closed")

// Phase is where a server is in its life. It only grows.
type Phase uint8

const (
	Serving  Phase = iota // accept and answer
	Draining              // Shutdown: accept nothing more, answer what was received
	Closing               // Close: drop everything
)

// Model is one way to wait for the network: what a Host runs.
type Model interface {
	// Run serves ln's clients. It returns ErrServerClosed when the host is
	// Draining and all connections have ended, or when it is Closing and Run
	// has closed them; another error if it cannot go on. Nothing of the
	// model runs any more then.
	Run(ln net.Listener) error
	// Wake makes Run notice that the host's phase has changed, wherever it
	// waits. It is called from other goroutines, at any time while Run runs.
	Wake()
}

// Traits are the properties of a model that the common part must know.
type Traits struct {
	// OneAtATime: a client keeps all others waiting, so it gets less patience.
	OneAtATime bool
	// Threads: requests are answered on several threads at once.
	Threads bool
	// ConnsCap is the largest number of connections that the model can
	// stand. 0: any.
	ConnsCap int
	// Descriptors is how many the model itself has while it runs.
	Descriptors int
	// Invalid is why the model cannot be what its own configuration asks
	// for: Validate's error.
	Invalid error
	// Admit takes what a client needs besides a place, and returns "", or
	// why there is not enough of it. Details in parentheses are for the log, and
	// the client is not told. nil: it needs nothing.
	Admit func() (refusal string)
}

// Connections leave so many of the process's descriptors for all else: the
// listener, a debug server, logs, and the model's own.
const (
	descriptorReserve = 32
	reserveOfOthers   = 16 // of these, if the model has more than the rest
)

// flushTimeout is how long Serve waits at its end for the log's handler.
const flushTimeout = time.Second

// Host is the part of a server that is the same for each model: its
// configuration, its life, its counters.
type Host struct {
	Limits Limits

	log      *slog.Logger      // never blocks
	own      *asynclog.Handler // log's; nil: the caller brought its own, and flushes it
	ready    func()
	invalid  error
	session  session.Config
	foreseer foreseer      // nil: its store does not look ahead
	bounded  store.Bounded // nil: its store does not say how full it is
	share    int64         // of the memory for buffers, in bytes: see evenShare
	relief   sync.Mutex
	peers    peers
	leaving  atomic.Int64 // held by connections that were told to go, in bytes
	started  time.Time
	// briefest is the shortest of the timeouts that run between whole frames.
	briefest time.Duration
	lanes    []*Lane
	needs    func() (refusal string) // Traits.Admit

	accepted     atomic.Int64 // connections
	active       atomic.Int64 // of them, those that are open
	refused      atomic.Int64 // of these, those that are being refused
	places       atomic.Int64 // taken: see Admit
	closed       [reasons]atomic.Int64
	acceptErrors atomic.Int64
	pauses       atomic.Int64 // of reading, at the output limit
	storeFull    atomic.Int64 // puts
	storeErrors  atomic.Int64 // all others of the store's

	endLogs                                    [reasons]throttle
	acceptLog, waitLog, otherwiseLog, storeLog throttle
	storeErrorLog, storeNearlyLog              throttle

	phase   atomic.Int32
	mu      sync.Mutex
	running Model
	done    chan struct{} // closed when Serve has ended; nil before Serve
	once    bool          // Serve was called, or has become pointless
}

// NewHost returns the host of a server with the given configuration and lanes,
// at least one (see Lane).
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
	if handler.Foresees() {
		h.foreseer = handler
	}
	for range lanes {
		h.lanes = append(h.lanes, &Lane{host: h})
	}
	return h
}

// setLog makes the log one that never blocks.
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

// reserve lowers the number of connections to what the process's limit of
// descriptors allows, if the model takes some for itself.
func (h *Host) reserve(own, limit int) {
	most := limit - max(descriptorReserve, reserveOfOthers+own)
	if most < 1 && own > descriptorReserve-reserveOfOthers && h.invalid == nil {
		h.invalid = fmt.Errorf("the server takes %d descriptors for itself, and this process may have %d in all", own, limit)
	}
	h.Limits.MaxConns = min(h.Limits.MaxConns, max(1, most))
}

// Ready is for models to call in Run, once they have all that they need.
func (h *Host) Ready() {
	if h.ready != nil {
		h.ready()
	}
}

// Room is for how many connections a list is to have room before it is needed:
// all that there may be, within reason.
func (h *Host) Room() int { return min(h.Limits.MaxConns, 1<<16) }

// Lane returns the i-th lane, counted in a circle.
func (h *Host) Lane(i int) *Lane { return h.lanes[i%len(h.lanes)] }

// Phase returns where the server is in its life.
func (h *Host) Phase() Phase { return Phase(h.phase.Load()) }

// Buffers returns the pool from which the server's connections borrow.
func (h *Host) Buffers() *buffer.Pool { return h.session.Buffers }

// Since returns the time since the server was made: the clock of its timeouts.
func (h *Host) Since() time.Duration { return time.Since(h.started) }

// At returns the wall clock's time for one of that clock.
func (h *Host) At(since time.Duration) time.Time { return h.started.Add(since) }

// Listen listens on addr as ListenAndServe does. To find the address of a host's
// name may take long; ctx ends that.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("listen: %w: want host:port", err)
	}
	var config net.ListenConfig
	// Connections of Multipath TCP have no TCP_USER_TIMEOUT: a client that
	// vanished with a reply under way would be kept for a quarter of an hour.
	config.SetMultipathTCP(false)
	return config.Listen(ctx, "tcp", addr)
}

// Lifecycle is a server's life: a model's Server embeds it, and so has the
// methods of the interface Server.
type Lifecycle struct {
	host  *Host
	model Model
}

// Lifecycle returns the life of the server in which h runs m.
func (h *Host) Lifecycle(m Model) Lifecycle { return Lifecycle{h, m} }

// Validate is Server's.
func (l Lifecycle) Validate() error { return l.host.invalid }

// ListenAndServe is Server's.
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

// Serve is Server's.
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

// Shutdown is Server's.
func (l Lifecycle) Shutdown(ctx context.Context) error {
	select {
	case <-l.host.enter(Draining):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close is Server's. It waits until Serve has ended, so no goroutine and no
// descriptor is left when it returns.
func (l Lifecycle) Close() error {
	<-l.host.enter(Closing)
	return nil
}

// enter moves to a phase, unless the server is further already, and returns a
// channel that is closed when Serve has ended.
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

// Fail lets a part of a model that cannot go on end the other parts: the phase
// is Closing from now on.
func (h *Host) Fail() { h.enter(Closing) }

// Stats is Server's.
func (l Lifecycle) Stats() Stats {
	h := l.host
	// Active is derived, so that the sum holds in every snapshot.
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

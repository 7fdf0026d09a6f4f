package server

import (
	"cmp"
	"container/list"
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/rawwait"
	"github.com/ioflavors/ioflavors/common/session"
)

// Offload says which handlers run off a loop, on a goroutine of their own.
type Offload string

const (
	// OffloadNever: all run on the loop. One that waits keeps all clients of the loop
	// waiting.
	OffloadNever Offload = "never"
	// OffloadPredicate: those that may block, as they say themselves (session.Blocker).
	OffloadPredicate Offload = "predicate"
)

// DefaultOffloadMax is the default of Config.OffloadMax. It is as many requests as a
// disk or a database usefully has under way.
const DefaultOffloadMax = 64

// maxOffload bounds Config.OffloadMax, because a handler that is in a system call keeps
// a thread, and Go's runtime ends a program that has 10,000.
const maxOffload = 4096

// OffloadFlags defines the flags for Config.Offload and Config.OffloadMax. The function
// that it returns sets them in a configuration, after parsing.
func OffloadFlags(fs *flag.FlagSet) func(*Config) {
	var set Config
	fs.Func("offload", "which `handlers` run off the loop: never, or predicate: those that may block, as they say themselves (default never)", func(s string) error {
		if set.Offload = Offload(s); s != string(OffloadNever) && s != string(OffloadPredicate) {
			return fmt.Errorf("want %s or %s", OffloadNever, OffloadPredicate)
		}
		return nil
	})
	fs.Func("offload-max", fmt.Sprintf("largest `number` of handlers off the loop at a time; further clients wait (default %d)", DefaultOffloadMax), func(s string) (err error) {
		if set.OffloadMax, err = strconv.Atoi(s); err == nil && set.OffloadMax == 0 {
			set.OffloadMax = -1
		}
		if _, invalid := (Config{Offload: OffloadPredicate, OffloadMax: set.OffloadMax}).offloads(1); err != nil || invalid != nil {
			err = fmt.Errorf("want 1 to %d", maxOffload)
		}
		return err
	})
	return func(cfg *Config) {
		if set.Offload != "" {
			cfg.Offload = set.Offload
		}
		if set.OffloadMax != 0 {
			cfg.OffloadMax = set.OffloadMax
		}
	}
}

// offloads reports whether any handler runs off a loop. The error is why the
// configuration is invalid for that number of loops.
func (cfg Config) offloads(loops int) (bool, error) {
	switch cfg.Offload {
	case "", OffloadNever:
		return false, nil
	case OffloadPredicate:
		if most := cfg.offloadMax(); most < loops || most > maxOffload {
			return false, fmt.Errorf("offload-max: %d; want %d to %d: at least one for each loop", cfg.OffloadMax, loops, maxOffload)
		}
		return true, nil
	default:
		return false, fmt.Errorf("offload: %q; want %s or %s", string(cfg.Offload), OffloadNever, OffloadPredicate)
	}
}

func (cfg Config) offloadMax() int {
	if cfg.OffloadMax == 0 {
		return DefaultOffloadMax
	}
	return cfg.OffloadMax
}

// share returns loop i's share of OffloadMax.
func (cfg Config) share(i, loops int) int { return (cfg.offloadMax() + loops - 1 - i) / loops }

// Workers runs functions at the same time as its caller. A sync.WaitGroup runs each on a
// goroutine; tests choose the order in which the functions end.
type Workers interface {
	Go(f func())
	// Wait returns when all functions have returned.
	Wait()
}

// setWorkers gives the core workers if handlers run off the model's loops. Several
// threads answer requests then.
func (core *Core) setWorkers(cfg Config, traits *Traits, loops int) {
	if !traits.Offloads {
		loops = 1 // a number that would be too small elsewhere changes nothing here
	}
	off, err := cfg.offloads(loops)
	core.invalid = cmp.Or(core.invalid, err)
	if off && traits.Offloads {
		core.workers, traits.Threads = traits.Workers, true
		if core.workers == nil {
			core.workers = new(sync.WaitGroup)
		}
	}
}

// offload runs the calls of a lane's handlers that may block. What moves to another
// goroutine is a session.Call: the handler, the input, and a buffer for the replies. The
// connection stays with its loop, which goes on sending earlier replies, and may close
// it at any time; the results of its call are dropped then.
//
// A call that has run is put into back, and wakes the loop: one lock and at most one
// system call. The loop takes all such calls back when its next iteration begins (tick).
//
// Only the loop uses the fields without a lock.
type offload struct {
	lane    *Lane
	most    int        // calls at a time
	waiting list.List  // of *Conn: those that wait for one of them to return, longest first
	spare   []returned // for back
	waiter  rawwait.Waiter

	full atomic.Bool // whether back has calls; saves the loop the lock
	mu   sync.Mutex
	back []returned

	calls, away, queued atomic.Int64 // Stats
}

// returned is a call that has run, and its connection, which may be closed by now.
type returned struct {
	c    *Conn
	call *session.Call
}

func (o *offload) init(l *Lane, most int) { o.lane, o.most = l, most }

// add begins the call that a connection waits for, or has it wait for its turn. From now
// on the connection's clocks rest.
func (o *offload) add(c *Conn, now time.Duration) {
	switch {
	case c.place != nil:
		return
	case o.waiting.Len() == 0 && o.away.Load() < int64(o.most):
		c.left = now
		o.begin(c)
	default:
		c.left = now
		c.place = o.waiting.PushBack(c)
		o.queued.Add(1)
	}
}

// remove takes a connection that is closed from those that wait.
func (o *offload) remove(c *Conn) {
	if c.place != nil {
		o.waiting.Remove(c.place)
		c.place = nil
		o.queued.Add(-1)
	}
}

func (o *offload) begin(c *Conn) {
	call := c.Take()
	o.calls.Add(1)
	if o.away.Add(1) == 1 {
		// The handlers need a processor: the loop must not keep the last one while it
		// waits.
		o.waiter = rawwait.New()
	}
	o.lane.core.workers.Go(func() {
		defer o.post(returned{c, call}) // also if the handler ends the goroutine
		call.Run()
	})
}

// post hands over a call that has run. Any goroutine may call it.
func (o *offload) post(r returned) {
	o.mu.Lock()
	o.back = append(o.back, r)
	first := len(o.back) == 1
	o.full.Store(true)
	o.mu.Unlock()
	if first && o.lane.Wake != nil {
		o.lane.Wake()
	}
}

// tick takes back the calls that have run, and begins those that waited for them.
func (o *offload) tick() {
	if o.full.Load() {
		o.takeBack()
	}
	if o.away.Load() > 0 && !o.waiter.Allowed() {
		runtime.Gosched() // for loops that never give up their processor otherwise
	}
}

func (o *offload) takeBack() {
	o.mu.Lock()
	all := o.back
	o.back = o.spare
	o.full.Store(false)
	o.mu.Unlock()
	for _, r := range all {
		if o.away.Add(-1) == 0 {
			o.waiter.Leave()
		}
		r.c.returned(r.call)
	}
	clear(all)
	o.spare = all[:0]
	for o.waiting.Len() > 0 && o.away.Load() < int64(o.most) {
		c := o.waiting.Front().Value.(*Conn)
		o.remove(c)
		if c.Blocked() { // otherwise it is about to be closed
			o.begin(c)
			c.account(o.lane.Now(), 0)
		}
	}
}

// returned goes on with the requests behind a call.
func (c *Conn) returned(call *session.Call) {
	answered, quiet := c.Answered(), len(c.Output()) == 0
	if !c.Return(call) {
		if err := call.Err(); err != nil {
			c.lane.core.notice(ClosedPanic, err) // its connection is closed for another reason, but the operator must know
		}
		return
	}
	now := c.lane.Now()
	c.moved = now
	if c.until < never {
		c.until += now - c.left
	}
	if quiet {
		c.wrote = now
	}
	c.lane.count.requests.Add(int64(c.Answered() - answered))
	if c.Paused() {
		c.lane.core.pauses.Add(1)
	}
	c.settle(now, 0)
	c.transport.Interrupt() // the model must send the replies, and wait for what the session wants now
}

// finishCalls waits for all handlers that still run when the model has ended. Their
// connections are closed.
func (core *Core) finishCalls() {
	if core.workers == nil {
		return
	}
	core.workers.Wait()
	for _, l := range core.lanes {
		l.offload.takeBack()
	}
}

// addTo adds the lane's counters to a server's.
func (o *offload) addTo(s *Stats) {
	s.Offloaded += o.calls.Load()
	s.Away += o.away.Load()
	s.Waiting += o.queued.Load()
}

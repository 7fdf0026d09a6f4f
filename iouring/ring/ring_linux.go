package ring

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/hold"
)

// Ring is an io_uring and the buffers that it receives into.
type Ring struct {
	queues
	head uint32 // of operations: those before are the kernel's
	tail uint32 // of operations: here goes the next one
	room uint32 // for operations, until the kernel has to be called

	sending []unsafe.Pointer // what queued operations send
	backlog []sqe            // what the queue had no room for
	failed  error            // to be told by the next Wait
	behind  bool             // the kernel has not taken all that was queued
	refusal syscall.Errno    // why not, if it said so
	kept    bool             // ready is of a Wait that was refused; the next Wait returns it

	buffers buffers
	ready   []Completion

	argMemory region
	arg       *enterArg // in memory that does not move
	waiter    hold.Waiter
	quick     syscall6 // which does not tell Go's scheduler
	slow      syscall6

	mu   sync.Mutex // guards wake against Close
	wake int        // an eventfd, -1 when closed
}

// Open returns a ring that does nothing yet. The goroutine has to be locked to
// its thread. An error wraps ErrUnavailable if there can be none here, for anyone
// who asks like this.
func Open(cfg Config) (*Ring, error) { return open(cfg, setup) }

func open(cfg Config, setup setupFunc) (*Ring, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	q, err := newQueues(cfg, setup)
	if err != nil {
		return nil, err
	}
	r := &Ring{
		queues:  q,
		room:    uint32(len(q.sqes)),
		sending: make([]unsafe.Pointer, 0, len(q.sqes)),
		ready:   make([]Completion, 0, len(q.cqes)),
		waiter:  hold.New(),
		quick:   syscall.RawSyscall6,
		slow:    syscall.Syscall6,
		wake:    -1,
	}
	if err := r.fill(cfg); err != nil {
		r.Close()
		return nil, err
	}
	r.watchWake()
	if errno := r.submit(); errno != 0 { // a filter may forbid some calls and not others
		r.Close()
		return nil, explain("io_uring_enter", errno)
	}
	return r, nil
}

// fill gets what a ring has besides queues.
func (r *Ring) fill(cfg Config) (err error) {
	if r.buffers, err = provide(r.fd, cfg.Buffers, cfg.BufferSize); err != nil {
		return err
	}
	if r.argMemory, err = anonymous(int(unsafe.Sizeof(enterArg{}))); err != nil {
		return err
	}
	r.arg = (*enterArg)(r.argMemory.start)
	r.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	return os.NewSyscallError("eventfd", err)
}

// check says what is wrong with the sizes; the kernel would say EINVAL, which
// would look like one that is too old.
func (cfg Config) check() error {
	powerOfTwo := func(n, most int) bool { return 0 < n && n <= most && bits.OnesCount(uint(n)) == 1 }
	switch {
	case !powerOfTwo(cfg.Entries, 1<<15):
		return fmt.Errorf("ring: %d entries", cfg.Entries)
	case !powerOfTwo(cfg.Completions, 1<<16) || cfg.Completions <= cfg.Entries:
		return fmt.Errorf("ring: %d completions for %d entries", cfg.Completions, cfg.Entries)
	case !powerOfTwo(cfg.Buffers, 1<<15):
		return fmt.Errorf("ring: %d buffers", cfg.Buffers)
	case cfg.BufferSize <= 0 || cfg.BufferSize > 1<<30 || cfg.BufferSize > math.MaxInt/cfg.Buffers:
		return fmt.Errorf("ring: %d buffers of %d bytes", cfg.Buffers, cfg.BufferSize)
	}
	return nil
}

// Behind reports, after Wait, whether the kernel has more to tell than it did: it
// does only so much at a time, for those who were ready first. Another Wait tells
// more.
func (r *Ring) Behind() bool {
	return atomic.LoadUint32(r.sqFlags)&sqTaskrun != 0
}

// Buffer returns the memory of a buffer that a completion has named. What was
// received are its first Result bytes; it is the caller's until Return.
func (r *Ring) Buffer(id int) []byte { return r.buffers.buffer(id) }

// Return gives a buffer back, once for each completion that has named it. It may
// be received into from the next Wait on.
func (r *Ring) Return(id int) { r.buffers.put(id) }

// Close cancels what is on its way and gives back all that is the ring's: its
// descriptors, its memory, and its buffers' memory. Sockets stay open, except for
// accepted ones that Wait has not returned. Close is for the goroutine that opened
// the ring.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fd < 0 {
		return nil
	}
	r.waiter.Leave()
	if r.wake >= 0 {
		unix.Close(r.wake)
		r.wake = -1
	}
	r.cancelAll()
	err := r.queues.close()
	r.buffers.unmap()
	r.argMemory.unmap()
	r.room, r.sending, r.backlog = 0, nil, nil
	return os.NewSyscallError("close", err)
}

// cancelAll ends what is on its way now. Without it the kernel would do so a
// little after Close: until then sockets that are closed would not be, and buffers
// could be written to that are no longer there.
func (r *Ring) cancelAll() {
	arg := syncCancel{fd: -1, flags: cancelAll | cancelAny, seconds: -1, nanoseconds: -1}
	_, _, _ = unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd),
		registerSyncCancel, uintptr(unsafe.Pointer(&arg)), 1, 0, 0)
	for more := true; more; {
		_, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), 0, 0, enterGetEvents, 0, 0)
		r.ready = r.ready[:0]
		r.take()
		for _, c := range r.ready {
			if c.Token.Operation() == Accept && c.Result >= 0 {
				unix.Close(int(c.Result))
			}
		}
		more = errno == 0 && atomic.LoadUint32(r.sqFlags)&(sqOverflow|sqTaskrun) != 0
	}
}

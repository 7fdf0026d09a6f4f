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

	"github.com/ioflavors/ioflavors/common/rawwait"
)

// Ring is an io_uring and its receive buffers.
type Ring struct {
	queues
	head uint32 // the kernel has taken all operations before head
	tail uint32 // the next operation's place
	room uint32 // operations that fit before the kernel must be called

	sending []unsafe.Pointer // the bytes that queued operations send
	backlog []sqe            // operations that did not fit into the queue
	failed  error            // for the next Wait to return
	behind  bool             // the kernel has not taken all queued operations
	refusal syscall.Errno    // the reason, if the kernel gave one
	kept    bool             // ready belongs to a refused Wait; the next Wait returns it

	buffers buffers
	ready   []Completion

	argMemory region
	arg       *enterArg // in memory that does not move
	waiter    rawwait.Waiter
	quick     syscall6 // does not tell Go's scheduler
	slow      syscall6 // tells it

	mu   sync.Mutex // guards wake against Close
	wake int        // an eventfd, -1 when closed
}

// Open returns a ring without operations. The goroutine must be locked to its
// thread. The error wraps ErrUnavailable if this process cannot have a ring here.
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
		waiter:  rawwait.New(),
		quick:   syscall.RawSyscall6,
		slow:    syscall.Syscall6,
		wake:    -1,
	}
	if err := r.fill(cfg); err != nil {
		r.Close()
		return nil, err
	}
	r.watchWake()
	if errno := r.submit(); errno != 0 { // a filter may forbid this call and not the others
		r.Close()
		return nil, explain("io_uring_enter", errno)
	}
	return r, nil
}

// fill makes the other parts of a ring: buffers, argument memory, and eventfd.
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

// check returns an error if a size is wrong. The kernel would answer EINVAL, which
// would look like a kernel that is too old.
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

// Behind reports, after Wait, whether the kernel has more completions to make. It
// makes a bounded number at a time, first for the sockets that were ready first. The
// next Wait returns more.
func (r *Ring) Behind() bool {
	return atomic.LoadUint32(r.sqFlags)&sqTaskrun != 0
}

// Buffer returns the memory of a buffer that a completion has named. Its first
// Result bytes were received. It is the caller's until Return.
func (r *Ring) Buffer(id int) []byte { return r.buffers.buffer(id) }

// Return gives a buffer back, once for each completion that has named it. From the
// next Wait on the kernel may receive into it.
func (r *Ring) Return(id int) { r.buffers.put(id) }

// Close cancels all operations and frees everything that the ring owns: its
// descriptors, its memory, and its buffers' memory. Sockets stay open, except
// accepted ones that Wait has not returned. Only the goroutine that opened the ring
// may call Close.
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

// cancelAll cancels all operations, and waits until they have ended. Without it the
// kernel would cancel them some time after Close. Until then it would keep closed
// sockets open, and could write to buffers that are unmapped.
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

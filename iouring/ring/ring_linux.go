package ring

import (
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
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

	buffers buffers
	ready   []Completion
	early   []Completion // of what was not for the kernel to do, to be returned by the next Wait

	argMemory region
	arg       *enterArg // in memory that does not move
	procs     int32     // on which the runtime runs goroutines at a time

	mu   sync.Mutex // guards wake against Close
	wake int        // an eventfd, -1 when closed
}

// rings counts those that are open in this process.
var rings atomic.Int32

// woken is the token of the operation that watches the eventfd. Its operation is
// one that there is not.
const woken Token = 1<<64 - 1

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
		procs:   int32(runtime.GOMAXPROCS(0)),
		wake:    -1,
	}
	rings.Add(1)
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
	case cfg.BufferSize <= 0 || cfg.BufferSize > 1<<30:
		return fmt.Errorf("ring: buffers of %d bytes", cfg.BufferSize)
	}
	return nil
}

// Wait hands over what is queued, and returns what is completed, for which it
// waits: for ever if the timeout is negative, not at all if it is zero. It may
// return nothing before the time is up, but not without having looked. What it
// returns is valid until the next call.
//
// An error is one of the ring's own. Nothing is lost by it: what was queued and
// what is completed stays for the next call.
func (r *Ring) Wait(timeout time.Duration) ([]Completion, error) {
	if r.fd < 0 {
		return nil, os.NewSyscallError("io_uring_enter", unix.EBADF)
	}
	if err := r.failed; err != nil {
		r.failed = nil
		return nil, err
	}
	if len(r.backlog) > 0 {
		r.unspare()
	}
	r.buffers.publish()
	if len(r.early) > 0 {
		timeout = 0
	}
	if errno := r.wait(timeout); errno != 0 {
		return nil, enterError(errno)
	}
	r.take()
	return r.ready, nil
}

// hold is how long wait keeps its processor.
const hold = 5 * time.Millisecond

// wait is io_uring_enter. For its first milliseconds Go's scheduler is not told:
// it would take the processor away after 20 µs, and to get one back costs a
// switch of threads for each request, even two where the goroutine is locked to
// its thread. A signal, by which the runtime stops goroutines, ends the call
// early, and the bound ends it where none comes.
func (r *Ring) wait(timeout time.Duration) syscall.Errno {
	if !r.mayHold() {
		return r.look(r.enter(syscall.Syscall6, timeout))
	}
	brief := timeout
	if timeout < 0 || timeout > hold {
		brief = hold
	}
	errno := r.look(r.enter(syscall.RawSyscall6, brief))
	if errno != 0 || brief == timeout || r.behind || r.completed() {
		return errno
	}
	if timeout > 0 {
		timeout -= brief
	}
	return r.look(r.enter(syscall.Syscall6, timeout))
}

// look makes an interrupted wait into one that has looked.
func (r *Ring) look(errno syscall.Errno) syscall.Errno {
	if errno == unix.EINTR {
		runtime.Gosched()
		errno = r.enter(syscall.RawSyscall6, 0) // which is not interrupted
	}
	return errno
}

// mayHold reports whether a processor can be kept while waiting. Not if there
// are more rings than processors: one of them would wait for its completions on
// the processor that another one needs for completions that have come.
func (r *Ring) mayHold() bool { return rings.Load() <= r.procs }

// enter hands over what is queued and then waits for a completion, if there is
// none yet. The kernel does not wait if it could not take all that was queued.
func (r *Ring) enter(call syscall6, timeout time.Duration) syscall.Errno {
	var atLeast, arg, size uintptr
	flags := uintptr(enterGetEvents)
	if timeout != 0 {
		atLeast, flags = 1, flags|enterExtArg
		arg, size = uintptr(unsafe.Pointer(r.arg)), enterArgSize
		r.arg.timespec = 0
		if timeout > 0 {
			r.arg.seconds, r.arg.nanoseconds = int64(timeout/time.Second), int64(timeout%time.Second)
			r.arg.timespec = uint64(uintptr(unsafe.Pointer(&r.arg.seconds)))
		}
	}
	return r.call(call, atLeast, flags, arg, size)
}

// submit hands over what is queued, and that is all.
func (r *Ring) submit() syscall.Errno { return r.call(syscall.RawSyscall6, 0, 0, 0, 0) }

type syscall6 = func(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)

func (r *Ring) call(call syscall6, atLeast, flags, arg, size uintptr) syscall.Errno {
	atomic.StoreUint32(r.sqTail, r.tail)
	_, _, errno := call(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(r.tail-r.head), atLeast, flags, arg, size)
	r.head = atomic.LoadUint32(r.sqHead)
	left := r.tail - r.head
	r.behind = left > 0 || len(r.backlog) > 0
	if !r.behind {
		clear(r.sending)
		r.sending = r.sending[:0]
	}
	if len(r.backlog) == 0 {
		r.room = uint32(len(r.sqes)) - left
	}
	switch errno {
	case unix.ETIME: // nothing was completed
		return 0
	case unix.EAGAIN, unix.EBUSY: // no memory, or no room for completions: behind says it
		r.behind = true
		return 0
	}
	return errno
}

func enterError(errno syscall.Errno) error {
	err := os.NewSyscallError("io_uring_enter", errno)
	if errno == unix.EEXIST {
		return fmt.Errorf("ring: used by another thread than the one that opened it: %w", err)
	}
	return err
}

// completed reports whether there are completions.
func (r *Ring) completed() bool { return atomic.LoadUint32(r.cqTail) != *r.cqHead }

// take takes all completions that are in the queue, if there are none before.
func (r *Ring) take() {
	early := min(len(r.early), cap(r.ready))
	r.ready = append(r.ready[:0], r.early[:early]...)
	r.early = append(r.early[:0], r.early[early:]...)

	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	for ; head != tail && len(r.ready) < cap(r.ready); head++ {
		c := r.cqes[head&uint32(len(r.cqes)-1)]
		switch {
		case c.Token == woken:
			r.unwake(c)
		case c.Token.Operation() == None:
		default:
			r.ready = append(r.ready, c)
		}
	}
	atomic.StoreUint32(r.cqHead, head)
}

// Behind reports, after Wait, whether the kernel has more to tell than it did: it
// does only so much at a time, for those who were ready first. Another Wait tells
// more.
func (r *Ring) Behind() bool {
	return r.behind || len(r.early) > 0 || r.completed() || atomic.LoadUint32(r.sqFlags)&(sqOverflow|sqTaskrun) != 0
}

// Buffer returns the memory of a buffer that a completion has named. What was
// received are its first Result bytes; it is the caller's until Return.
func (r *Ring) Buffer(id int) []byte { return r.buffers.buffer(id) }

// Return gives a buffer back, once for each completion that has named it. It may
// be received into from the next Wait on.
func (r *Ring) Return(id int) { r.buffers.put(id) }

// Wake makes Wait return, with nothing if there is nothing: the one that waits, or
// else the next one.
func (r *Ring) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wake >= 0 {
		// It fails only when it is set already.
		_, _ = unix.Write(r.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (r *Ring) watchWake() {
	*r.next() = sqe{
		opcode:  opPollAdd,
		fd:      int32(r.wake),
		length:  pollMultishot,
		opFlags: halves(unix.POLLIN, 0),
		token:   woken,
	}
}

func (r *Ring) unwake(c Completion) {
	var count [8]byte
	_, _ = unix.Read(r.wake, count[:]) // resets it
	if !c.More() && r.wake >= 0 {
		r.watchWake()
	}
}

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
	rings.Add(-1)
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
		r.take()
		for _, c := range r.ready {
			if c.Token.Operation() == Accept && c.Result >= 0 {
				unix.Close(int(c.Result))
			}
		}
		more = errno == 0 && r.Behind()
	}
}

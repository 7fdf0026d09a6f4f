package ring

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
)

// Wait hands over the queued operations, waits for completions, and returns them.
// A negative timeout waits for ever, a zero one not at all. Wait may return no
// completions before the timeout, but never without having asked the kernel. The
// completions are valid until the next call.
//
// When Wait returns without an error, the kernel has taken all queued operations, and
// Wait has returned all completions made so far. An error is the ring's own, and the
// ring cannot be used any more, unless the error wraps ErrRefused.
func (r *Ring) Wait(timeout time.Duration) ([]Completion, error) {
	if r.fd < 0 {
		return nil, os.NewSyscallError("io_uring_enter", unix.EBADF)
	}
	if err := r.failed; err != nil {
		r.failed = nil
		return nil, err
	}
	if !r.kept {
		r.ready = r.ready[:0]
	}
	r.kept = false
	for tries := 0; ; tries++ {
		head := r.head
		if len(r.backlog) > 0 {
			r.unspare()
		}
		r.buffers.publish()
		if errno := r.wait(timeout); errno != 0 {
			return nil, enterError(errno)
		}
		taken := r.take()
		switch {
		case !r.behind && atomic.LoadUint32(r.sqFlags)&sqOverflow == 0:
			return r.ready, nil
		case taken > 0 || r.head != head:
			tries = 0
		case tries == maxTries:
			r.kept = true
			return nil, fmt.Errorf("%w: %w", enterError(r.refusal), ErrRefused)
		}
		timeout = 0
	}
}

// maxTries is how often Wait asks the kernel again at once when the kernel has no
// memory. After that Wait returns an error.
const maxTries = 10

// wait is io_uring_enter. Its first part is a raw call if that is allowed: see
// package rawwait. The goroutine is locked to its thread, so losing the processor
// would cost two switches of threads for each request.
//
// For the same reason wait does not yield to other goroutines: each time would cost
// two switches, some 8 µs. The scheduler's monitor preempts the goroutine at the end
// of its time slice. That costs as much, but is rare.
func (r *Ring) wait(timeout time.Duration) syscall.Errno {
	if !r.waiter.Allowed() {
		return r.look(r.enter(r.slow, timeout))
	}
	raw, rest := rawwait.Split(timeout)
	errno := r.look(r.enter(r.quick, raw))
	if errno != 0 || raw == timeout || r.behind || r.completed() {
		return errno
	}
	return r.look(r.enter(r.slow, rest))
}

// look asks the kernel again, without waiting, if a signal has interrupted a wait.
func (r *Ring) look(errno syscall.Errno) syscall.Errno {
	if errno == unix.EINTR {
		runtime.Gosched()
		errno = r.enter(r.quick, 0) // signals do not interrupt it
	}
	return errno
}

// enter hands over the queued operations and then waits for a completion, if there
// is none yet. The kernel does not wait if it could not take all operations.
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

// submit hands over the queued operations, and does not wait.
func (r *Ring) submit() syscall.Errno { return r.call(r.quick, 0, 0, 0, 0) }

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
	case unix.ETIME: // no operation has completed
		return 0
	case unix.EAGAIN, unix.ENOMEM, unix.EBUSY: // no memory, or no room for completions
		r.behind, r.refusal = true, errno
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

// take takes all completions from the queue, and returns their number.
func (r *Ring) take() int {
	head, tail := *r.cqHead, atomic.LoadUint32(r.cqTail)
	taken := int(tail - head)
	for ; head != tail; head++ {
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
	return taken
}

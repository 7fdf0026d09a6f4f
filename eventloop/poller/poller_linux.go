package poller

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
	"github.com/ioflavors/ioflavors/common/session"
)

// Poller watches descriptors with epoll.
type Poller struct {
	epfd   int
	events []unix.EpollEvent
	ready  []Event

	waiter rawwait.Waiter
	slept  bool // the last wait used EpollWait after its short part

	mu   sync.Mutex // guards wake against Close
	wake int        // an eventfd, -1 when closed
}

// New returns a poller that watches nothing yet.
func New(capacity int) (*Poller, error) {
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		unix.Close(epfd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	p := &Poller{
		epfd:   epfd,
		events: make([]unix.EpollEvent, capacity+1), // one for wake
		ready:  make([]Event, 0, capacity),
		waiter: rawwait.New(),
		wake:   wake,
	}
	if err := p.Add(wake, session.Read); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Add begins to watch a descriptor.
func (p *Poller) Add(fd int, want session.Interest) error {
	return p.control(unix.EPOLL_CTL_ADD, fd, want)
}

// Modify changes what a descriptor is watched for.
func (p *Poller) Modify(fd int, want session.Interest) error {
	return p.control(unix.EPOLL_CTL_MOD, fd, want)
}

// Remove stops watching a descriptor.
func (p *Poller) Remove(fd int) error { return p.control(unix.EPOLL_CTL_DEL, fd, 0) }

func (p *Poller) control(op, fd int, want session.Interest) error {
	ev := unix.EpollEvent{Fd: int32(fd)}
	if want&session.Read != 0 {
		ev.Events |= unix.EPOLLIN
	}
	if want&session.Write != 0 {
		ev.Events |= unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.epfd, op, fd, &ev))
}

// Wait waits until a descriptor is ready; see the package comment.
func (p *Poller) Wait(timeout time.Duration) ([]Event, error) {
	n, err := p.wait(timeout)
	if err == unix.EINTR {
		n, err = unix.EpollWait(p.epfd, p.events, 0) // signals do not interrupt it
	}
	if err != nil {
		return nil, os.NewSyscallError("epoll_wait", err)
	}
	p.ready = p.ready[:0]
	for _, ev := range p.events[:max(n, 0)] {
		if int(ev.Fd) == p.wake {
			var count [8]byte
			_, _ = unix.Read(p.wake, count[:]) // resets the eventfd
			continue
		}
		var ready session.Interest
		if ev.Events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			ready |= session.Read
		}
		if ev.Events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
			ready |= session.Write
		}
		p.ready = append(p.ready, Event{FD: int(ev.Fd), Ready: ready})
	}
	return p.ready, nil
}

// wait is epoll_wait. Its first part is a raw call if that is allowed: see package
// rawwait. After that part the loop is idle, and waits as any goroutine does.
func (p *Poller) wait(timeout time.Duration) (n int, err error) {
	if !p.waiter.Allowed() {
		// Without this a loop that always finds events would keep the processor
		// from other goroutines for 10 ms, until the scheduler preempts it.
		runtime.Gosched()
		return unix.EpollWait(p.epfd, p.events, milliseconds(timeout))
	}
	// The scheduler's monitor (sysmon) counts a long wait as running time, and
	// would preempt us. Gosched begins a new time slice. It comes here, after the
	// ready clients are served, because another thread may continue this goroutine.
	if p.slept {
		p.slept = false
		runtime.Gosched()
	}
	raw, rest := rawwait.Split(timeout)
	r, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.epfd),
		uintptr(unsafe.Pointer(unsafe.SliceData(p.events))), uintptr(len(p.events)), uintptr(milliseconds(raw)), 0, 0)
	switch {
	case errno == unix.EINTR:
		runtime.Gosched()
		return 0, errno
	case errno != 0:
		return 0, errno
	case r > 0 || raw == timeout:
		return int(r), nil
	}
	p.slept = true
	return unix.EpollWait(p.epfd, p.events, milliseconds(rest))
}

// Wake makes Wait return.
func (p *Poller) Wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wake >= 0 {
		// The write fails only when the eventfd is set already.
		_, _ = unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// Close closes the poller's own descriptors. The watched ones stay open.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wake < 0 {
		return nil
	}
	p.waiter.Leave()
	unix.Close(p.wake)
	p.wake = -1
	return os.NewSyscallError("close", unix.Close(p.epfd))
}

func milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return int(min((d+time.Millisecond-1)/time.Millisecond, 1<<30))
}

//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package poller

import (
	"math"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/session"
)

// Poller watches descriptors with kqueue, which has a filter for reading and
// one for writing where epoll has a set of events.
type Poller struct {
	kq     int
	events []unix.Kevent_t
	ready  []Event
	pipe   [2]int // Wake writes a byte to it, because not every BSD has EVFILT_USER

	mu     sync.Mutex // guards pipe against Close
	closed bool
}

// New returns a poller that watches nothing yet.
func New(capacity int) (*Poller, error) {
	kq, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(kq)
	p := &Poller{
		kq:     kq,
		events: make([]unix.Kevent_t, capacity+1), // one for Wake
		ready:  make([]Event, 0, capacity),
	}
	if err := unix.Pipe(p.pipe[:]); err != nil {
		unix.Close(kq)
		return nil, os.NewSyscallError("pipe", err)
	}
	for _, fd := range p.pipe {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			p.Close()
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	if err := p.Add(p.pipe[0], session.Read); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Add begins to watch a descriptor.
func (p *Poller) Add(fd int, want session.Interest) error { return p.Modify(fd, want) }

// Modify changes what a descriptor is watched for. Both filters always
// exist, enabled or disabled, so that the Poller need not remember which do.
func (p *Poller) Modify(fd int, want session.Interest) error {
	var changes [2]unix.Kevent_t
	for i, filter := range []struct{ name, wanted int }{
		{unix.EVFILT_READ, int(want & session.Read)},
		{unix.EVFILT_WRITE, int(want & session.Write)},
	} {
		flags := unix.EV_ADD | unix.EV_DISABLE
		if filter.wanted != 0 {
			flags = unix.EV_ADD | unix.EV_ENABLE
		}
		unix.SetKevent(&changes[i], fd, filter.name, flags)
	}
	return p.change(changes[:])
}

// Remove stops watching a descriptor.
func (p *Poller) Remove(fd int) error {
	var changes [2]unix.Kevent_t
	unix.SetKevent(&changes[0], fd, unix.EVFILT_READ, unix.EV_DELETE)
	unix.SetKevent(&changes[1], fd, unix.EVFILT_WRITE, unix.EV_DELETE)
	return p.change(changes[:])
}

func (p *Poller) change(changes []unix.Kevent_t) error {
	for {
		_, err := unix.Kevent(p.kq, changes, nil, nil)
		if err != unix.EINTR {
			return os.NewSyscallError("kevent", err)
		}
	}
}

// Wait waits until a descriptor is ready; see the package comment. A descriptor
// that is ready for both reading and writing has two events.
func (p *Poller) Wait(timeout time.Duration) ([]Event, error) {
	var limit *unix.Timespec
	if timeout >= 0 {
		// Seconds have 32 bits on 32-bit systems.
		ts := unix.NsecToTimespec(min(timeout, math.MaxInt32*time.Second).Nanoseconds())
		limit = &ts
	}
	n, err := unix.Kevent(p.kq, nil, p.events, limit)
	if err == unix.EINTR {
		n, err = unix.Kevent(p.kq, nil, p.events, new(unix.Timespec)) // signals do not interrupt it
	}
	if err != nil {
		return nil, os.NewSyscallError("kevent", err)
	}
	p.ready = p.ready[:0]
	for _, ev := range p.events[:max(n, 0)] {
		fd := int(ev.Ident)
		if fd == p.pipe[0] {
			var bytes [64]byte
			_, _ = unix.Read(fd, bytes[:])
			continue
		}
		ready := session.Read
		if int(ev.Filter) == unix.EVFILT_WRITE {
			ready = session.Write
		}
		if ev.Flags&unix.EV_ERROR != 0 {
			ready = session.Read | session.Write
		}
		p.ready = append(p.ready, Event{FD: fd, Ready: ready})
	}
	return p.ready, nil
}

// Wake makes Wait return.
func (p *Poller) Wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		// The write fails only when the pipe is full. Then Wait returns anyway.
		_, _ = unix.Write(p.pipe[1], []byte{0})
	}
}

// Close closes the poller's own descriptors. The watched ones stay open.
func (p *Poller) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	unix.Close(p.pipe[0])
	unix.Close(p.pipe[1])
	return os.NewSyscallError("close", unix.Close(p.kq))
}

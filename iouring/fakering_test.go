//go:build unix

package iouring

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/sock/fakekernel"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

func TestOnAFakeKernel(t *testing.T) {
	fakekernel.Check(t, 1000, protocols.All(), func(k *fakekernel.Kernel, cfg server.Config) server.Server {
		r := newFakeRing(k)
		return newServer(Config{Config: cfg}, kernel{
			calls: sock.Calls{Kernel: fakeCalls{k, r}},
			open:  func() (uring, error) { return r, nil },
		})
	})
}

// fakeRing is a uring on a fake kernel. It does everything that the real kernel may
// do: completions come late and in any order, except those of one operation; there
// are too few buffers; multishot operations end early; sends fall short.
type fakeRing struct {
	k     *fakekernel.Kernel
	rng   *rand.Rand
	odd   float64 // the probability that something goes wrong
	full  float64 // the probability that the kernel has no memory
	queue []func()
	sends map[int]bool // in the queue, by descriptor

	doing   map[ring.Token]*operation
	watched map[int]watched   // by descriptor
	done    []ring.Completion // not returned yet
	late    []ring.Completion // left over by the last Wait
	behind  bool

	buffers [][]byte
	free    []int
	lent    map[int]bool
}

// operation is an operation in the kernel.
type operation struct {
	fd    int
	token ring.Token
}

type watched struct{ readable, writable bool }

func newFakeRing(k *fakekernel.Kernel) *fakeRing {
	r := &fakeRing{
		k: k, rng: k.Rand(), sends: map[int]bool{}, doing: map[ring.Token]*operation{}, lent: map[int]bool{}, watched: map[int]watched{},
	}
	if r.rng.IntN(3) > 0 {
		r.odd = []float64{0.01, 0.05, 0.2}[r.rng.IntN(3)]
	}
	r.full = []float64{0, 0, 0.002, 0.02}[r.rng.IntN(4)]
	size := []int{10, 50, 4096, 16 << 10}[r.rng.IntN(4)]
	// A draining server closes a client that never pauses after some hundred
	// reads. Therefore a socket must hold no more than some hundred reads can take.
	k.Room = min(k.Room, 256*size)
	for id := range 1 << r.rng.IntN(8) {
		r.buffers = append(r.buffers, make([]byte, size))
		r.free = append(r.free, id)
	}
	return r
}

func (r *fakeRing) chance() bool { return r.odd > 0 && r.rng.Float64() < r.odd }

// Accept and the following exported methods implement uring.
func (r *fakeRing) Accept(fd int, t ring.Token) {
	r.queue = append(r.queue, func() { r.begin(fd, t) })
}

func (r *fakeRing) Recv(fd int, t ring.Token) {
	r.queue = append(r.queue, func() {
		r.begin(fd, t)
		r.receive(r.doing[t]) // bytes that are there are received at once
	})
}

func (r *fakeRing) Writable(fd int, t ring.Token) {
	r.queue = append(r.queue, func() { r.begin(fd, t) })
}

func (r *fakeRing) Send(fd int, p []byte, t ring.Token) {
	if r.sends[fd] || len(p) == 0 {
		r.k.Fail("send(%d) of %d bytes: another one is under way: %v", fd, len(p), r.sends[fd])
	}
	r.sends[fd] = true
	r.queue = append(r.queue, func() {
		n, err := uninterrupted(func() (int, error) { return r.k.Write(fd, p) })
		if err != nil || n < len(p) {
			r.complete(t, result(n, err), 0)
		}
	})
}

func (r *fakeRing) Cancel(target ring.Token) {
	r.queue = append(r.queue, func() {
		if r.doing[target] == nil {
			return
		}
		r.complete(target, -int32(unix.ECANCELED), 0)
	})
}

func (r *fakeRing) Wait(timeout time.Duration) (done []ring.Completion, err error) {
	if r.rng.Float64() < r.full { // no memory, after taking some operations in order
		n := r.rng.IntN(len(r.queue) + 1)
		for _, op := range r.queue[:n] {
			op()
		}
		r.queue = slices.Delete(r.queue, 0, n)
		return nil, fmt.Errorf("%w: %w", unix.ENOMEM, ring.ErrRefused)
	}
	for _, op := range r.queue {
		op()
	}
	r.queue = r.queue[:0]
	clear(r.sends)
	r.watch()
	at := len(r.done) // the completions before it must be returned now
	if at+len(r.late) > 0 {
		timeout = 0
	}
	events := r.k.Wait(timeout)
	r.behind = len(events) >= r.k.Batch
	for _, ev := range slices.Clone(events) {
		for _, op := range r.of(ev.FD) {
			switch op.token.Operation() {
			case ring.Accept:
				r.accept(op)
			case ring.Recv:
				for ev.Readable && r.receive(op) && r.rng.IntN(2) == 0 {
				}
			case ring.Writable:
				if ev.Writable {
					r.complete(op.token, unix.POLLOUT, 0)
				}
			}
		}
	}
	return r.take(at), nil
}

// take returns the completions: first those that the last Wait left over, and
// perhaps not all of those that came while this Wait waited.
func (r *fakeRing) take(at int) (done []ring.Completion) {
	most := len(r.done)
	if r.chance() {
		most = at + r.rng.IntN(most-at+1)
	}
	done = append(r.late, r.done[:most]...)
	r.shuffle(done[len(r.late):])
	r.late = slices.Clone(r.done[most:])
	r.done = r.done[:0]
	r.behind = r.behind || len(r.late) > 0
	return done
}

func (r *fakeRing) Behind() bool         { return r.behind }
func (r *fakeRing) Buffer(id int) []byte { return r.buffers[id] }
func (r *fakeRing) Wake()                { r.k.Wake() }

func (r *fakeRing) Return(id int) {
	if !r.lent[id] {
		r.k.Fail("buffer %d is returned, and was not lent", id)
	}
	delete(r.lent, id)
	r.free = append(r.free, id)
}

func (r *fakeRing) Close() error {
	if len(r.lent) > 0 {
		r.k.Fail("buffers %v were not returned", r.lent)
	}
	clear(r.doing)
	return nil
}

func (r *fakeRing) begin(fd int, t ring.Token) {
	if r.doing[t] != nil {
		r.k.Fail("operation %d on descriptor %d is under way already", t.Operation(), fd)
	}
	r.doing[t] = &operation{fd, t}
}

// of returns the operations on a descriptor, in an order that a seed repeats.
func (r *fakeRing) of(fd int) (ops []*operation) {
	for _, op := range r.doing {
		if op.fd == fd {
			ops = append(ops, op)
		}
	}
	slices.SortFunc(ops, func(a, b *operation) int { return int(a.token.Operation()) - int(b.token.Operation()) })
	return ops
}

// watch has the fake kernel report the readiness that the operations wait for.
func (r *fakeRing) watch() {
	wanted := map[int]watched{}
	for fd := range r.watched {
		wanted[fd] = watched{}
	}
	for _, op := range r.doing {
		w := wanted[op.fd]
		if op.token.Operation() == ring.Writable {
			w.writable = true
		} else {
			w.readable = true
		}
		wanted[op.fd] = w
	}
	for _, fd := range slices.Sorted(maps.Keys(wanted)) {
		w := wanted[fd]
		if w == r.watched[fd] {
			continue
		}
		r.watched[fd] = w
		if err := r.k.Watch(fd, w.readable, w.writable); err != nil {
			for _, op := range r.of(fd) {
				r.complete(op.token, result(0, err), 0)
			}
		}
	}
}

func (r *fakeRing) accept(op *operation) {
	fd, err := uninterrupted(func() (int, error) { return r.k.Accept(op.fd) })
	switch {
	case err == unix.EAGAIN:
	case err != nil:
		r.complete(op.token, result(fd, err), 0)
	case r.chance():
		r.complete(op.token, result(fd, err), 0)
	default:
		r.complete(op.token, int32(fd), ring.FlagMore)
	}
}

// receive makes one read for a receive operation, and reports whether bytes came.
func (r *fakeRing) receive(op *operation) bool {
	if r.doing[op.token] == nil {
		return false
	}
	if len(r.free) == 0 || r.chance() {
		r.complete(op.token, -int32(unix.ENOBUFS), 0)
		return false
	}
	id := r.free[0]
	n, err := uninterrupted(func() (int, error) { return r.k.Read(op.fd, r.buffers[id]) })
	switch {
	case err == unix.EAGAIN:
		return false
	case err != nil, n == 0:
		r.complete(op.token, result(n, err), 0)
		return false
	}
	r.free = r.free[1:]
	r.lent[id] = true
	var flags uint32
	if !r.chance() {
		flags |= ring.FlagMore
	}
	if r.k.Unread(op.fd) > 0 {
		flags |= ring.FlagUnread
	}
	r.complete(op.token, int32(n), ring.NewBuffer(id, flags))
	return true
}

func (r *fakeRing) complete(t ring.Token, result int32, flags uint32) {
	r.done = append(r.done, ring.Completion{Token: t, Result: result, Flags: flags})
	if flags&ring.FlagMore == 0 {
		delete(r.doing, t)
	}
}

// shuffle changes the order of completions, but not within one operation.
func (r *fakeRing) shuffle(done []ring.Completion) {
	for range 2 * len(done) {
		i := 1 + r.rng.IntN(len(done))
		if i < len(done) && done[i].Token != done[i-1].Token {
			done[i], done[i-1] = done[i-1], done[i]
		}
	}
}

// uninterrupted makes a call as io_uring does, where signals interrupt nothing.
func uninterrupted(call func() (int, error)) (n int, err error) {
	for n, err = call(); err == unix.EINTR; n, err = call() {
	}
	return n, err
}

func result(n int, err error) int32 {
	if errno, ok := err.(unix.Errno); ok {
		return -int32(errno)
	}
	return int32(n)
}

// fakeCalls are the fake kernel's other calls. Closing a descriptor while the kernel
// has an operation on it fails the test, because the number could go to another client
// and the peer would wait for its FIN.
type fakeCalls struct {
	*fakekernel.Kernel
	ring *fakeRing
}

func (c fakeCalls) Close(fd int) error {
	for _, op := range c.ring.of(fd) {
		c.Fail("close(%d) while operation %d is under way", fd, op.token.Operation())
	}
	delete(c.ring.watched, fd)
	return c.Kernel.Close(fd)
}

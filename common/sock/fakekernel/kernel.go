//go:build unix

// Package fakekernel is a hostile kernel for tests. It has sockets with clients at
// their other ends, in one goroutine, driven by the system calls of the server under
// test. Reads and writes are short, calls are interrupted or would block without cause,
// descriptors and memory run out, and readiness is reported in any order, even without
// cause. Clients send, stall, half-close, break the protocol and reset as they like.
//
// A seed decides everything but the protocol, the clock included (testing/synctest), so
// a failing seed can be run again. At the end each client must have got the replies that the protocol
// promises to a client of its manner, and the server must have used and closed each
// descriptor correctly.
//
// It is not a model of TCP: bytes are neither lost nor reordered, and the listen queue
// has no limit.
//
// The protocol is a dialogue.Protocol, which the test chooses.
//
// Read Kernel and its calls in kernel.go first, then the clients' manners in client.go.
// Check in check.go runs the tests.
package fakekernel

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// Kernel is a fake kernel. It is a sock.Kernel.
type Kernel struct {
	Batch int // the most events that Wait returns at a time
	Room  int // the most unread bytes that a socket keeps

	protocol dialogue.Protocol // of all clients
	seed     uint64
	rng      *rand.Rand
	odds     odds
	files    []*file // by descriptor; nil if it is free
	most     int     // the most descriptors in use

	clients []*client
	queue   []*client // clients that wait to be accepted
	ready   []Event   // the events of the last Wait
	woken   bool

	mostConns int           // the server's limit of connections
	perPeer   bool          // mostConns is its MaxConnsPerPeer, not its MaxConns
	turn      time.Duration // its TurnLimit
	memory    int64         // its MemoryLimit
	stop      func()        // begins its shutdown
	stopAt    int           // the step at which the shutdown begins at the latest
	stopped   bool
	breakAt   int   // the step from which the listener is broken for good
	broken    error // accept's error then; nil before its first such call
	failed    bool  // the server must end because of that error

	accepted, steps, faults int           // so far
	inVain                  int           // calls since the last that achieved something
	late                    time.Duration // time that the calls took and the clock has not passed yet
	trace                   trace
	failure                 string // the first failure
}

// odds are the probabilities of faults, for each call.
type odds struct {
	interrupt  float64 // EINTR
	wouldBlock float64 // EAGAIN, without cause
	short      float64 // fewer bytes are transferred than possible
	exhaust    float64 // EMFILE and the like
	aborted    float64 // a client has left the listen queue
	broken     float64 // the connection breaks
	spurious   float64 // readiness, without cause
	unwatched  float64 // a descriptor cannot be watched
	suspend    float64 // the server is stopped for a while
}

// file is the object behind a descriptor: the server's end of a connection, or, without
// a client, the listening socket.
type file struct {
	client *client

	in      []byte // sent by the client, not read yet
	inRoom  int
	eof     bool   // the client has ended its stream
	out     []byte // written, not taken by the client yet
	outRoom int
	fin     bool // the server has ended its stream
	reset   bool // by either side, or the network
	served  bool // the server has read from it
	closed  bool // by the server
	cut     bool // the server closed it, and neither side had ended its stream

	watched, readable, writable bool
	reported                    int // the step of the last Wait that returned it
}

// Event is one event of a poller.
type Event struct {
	FD                 int
	Readable, Writable bool
}

// maxSteps is the largest number of calls in a run. The longest runs, in which a
// polling server waits for its timeouts, take some tens of thousands.
const maxSteps = 500_000

func newKernel(seed uint64, p dialogue.Protocol) *Kernel {
	r := rand.New(rand.NewPCG(seed, 1))
	k := &Kernel{protocol: p, seed: seed, rng: r, Room: 100_000, most: 1000, mostConns: 1000, turn: -1, stopAt: maxSteps, breakAt: maxSteps}
	k.Batch = pick(k, 1, 2, 8, 256)
	if r.IntN(5) > 0 { // otherwise everything works
		odd := func() float64 { return pick(k, 0, 0, 0.01, 0.05, 0.2) }
		k.odds = odds{
			interrupt: odd(), wouldBlock: odd(), short: odd(), exhaust: odd(), aborted: odd(),
			broken: odd() / 20, spurious: odd(), unwatched: odd() / 4, suspend: odd() / 40,
		}
	}
	if k.odds.suspend > 0 {
		// A server that is late must be able to trust that a short read, or one that
		// would block, has read everything.
		k.odds.wouldBlock, k.odds.short = 0, 0
	}
	if r.IntN(4) == 0 {
		k.most = 2 + r.IntN(6)
	}
	if r.IntN(4) == 0 {
		k.mostConns = 1 + r.IntN(4)
		k.perPeer = r.IntN(2) == 0
	}
	if r.IntN(8) == 0 {
		k.memory = 100_000
	}
	if r.IntN(6) == 0 {
		k.turn = time.Millisecond
	}
	if r.IntN(3) == 0 {
		k.stopAt = r.IntN(400)
	}
	if r.IntN(12) == 0 {
		k.breakAt = r.IntN(400)
	}
	for i := range 1 + r.IntN(16) {
		k.clients = append(k.clients, newClient(k, i))
	}
	return k
}

// chance reports whether a fault with the probability p happens.
func (k *Kernel) chance(p float64) bool {
	if p == 0 || k.rng.Float64() >= p {
		return false
	}
	k.faults++
	return true
}

// Fail notes that the server under test did something wrong.
func (k *Kernel) Fail(format string, args ...any) { k.fail(format, args...) }

// Unread returns how many received bytes of a connection are unread.
func (k *Kernel) Unread(fd int) int { return len(k.files[fd].in) }

// Rand returns the source of all decisions, for parts of a kernel that are built on
// this one.
func (k *Kernel) Rand() *rand.Rand { return k.rng }

func (k *Kernel) fail(format string, args ...any) {
	if k.failure == "" {
		k.failure = fmt.Sprintf(format, args...)
	}
}

// stuck panics, because there is no other way to end a server that does not end by
// itself.
func (k *Kernel) stuck(how string) {
	k.fail("the server %s", how)
	panic(fmt.Sprintf("%s=%d: %s", SeedVariable, k.seed, k.report()))
}

// Listen implements sock.Kernel.
func (k *Kernel) Listen(net.Listener) (int, error) { return k.open(&file{}), nil }

// open gives a file the lowest free descriptor, as kernels do.
func (k *Kernel) open(f *file) int {
	for fd, other := range k.files {
		if other == nil {
			k.files[fd] = f
			return fd
		}
	}
	k.files = append(k.files, f)
	return len(k.files) - 1
}

// file returns the file behind a descriptor.
func (k *Kernel) file(call string, fd int) (*file, error) {
	if fd < 0 || fd >= len(k.files) || k.files[fd] == nil {
		k.fail("%s(%d): nothing is open there", call, fd)
		return nil, unix.EBADF
	}
	return k.files[fd], nil
}

// Accept implements sock.Kernel.
func (k *Kernel) Accept(listener int) (fd int, err error) {
	k.pass()
	defer func() { k.done("accept", listener, fd, err) }()
	if _, err := k.file("accept", listener); err != nil {
		return -1, err
	}
	switch {
	case k.chance(k.odds.interrupt):
		return -1, unix.EINTR
	case k.steps >= k.breakAt:
		return -1, k.breakListener()
	case len(k.queue) == 0, k.chance(k.odds.wouldBlock):
		return -1, unix.EAGAIN
	case k.chance(k.odds.aborted):
		return -1, pick(k, unix.ECONNABORTED, unix.EPROTO)
	case k.inUse() >= k.most:
		return -1, unix.EMFILE
	case k.chance(k.odds.exhaust):
		return -1, pick(k, unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM)
	}
	c := k.queue[0]
	k.queue = k.queue[1:]
	k.accepted++
	c.place = k.staying() < k.mostConns
	return k.open(c.file), nil
}

// breakListener breaks the listener for good. This ends a server that is not shutting
// down, together with its clients' connections.
func (k *Kernel) breakListener() error {
	if k.broken == nil {
		k.broken = pick(k, unix.EBADF, unix.EINVAL, unix.ENOTSOCK)
		k.faults++
		if !k.stopped {
			k.stopped, k.failed = true, true
			for _, c := range k.clients {
				c.excused = true
			}
		}
	}
	return k.broken
}

// staying returns how many open connections have clients that have not left, as seen by
// a server that reads from each of them. A client counts as staying while the server
// owes it replies, and before the server has read from it.
func (k *Kernel) staying() (n int) {
	for _, f := range k.files {
		if f == nil || f.client == nil {
			continue
		}
		c := f.client
		left := f.reset || f.eof && len(f.in) == 0 && len(f.out) == 0 && bytes.Equal(c.got, c.want)
		if !left || !f.served || k.odds.wouldBlock > 0 { // a read may hide that the client has left
			n++
		}
	}
	return n
}

func (k *Kernel) inUse() (n int) {
	for _, f := range k.files {
		if f != nil {
			n++
		}
	}
	return n
}

// Read implements sock.Kernel.
func (k *Kernel) Read(fd int, p []byte) (n int, err error) {
	k.pass()
	defer func() { k.done("read", fd, n, err) }()
	f, err := k.file("read", fd)
	switch {
	case err != nil:
		return -1, err
	case len(p) == 0:
		k.fail("read(%d): no room to read into", fd)
		return -1, unix.EINVAL
	}
	f.served = true
	switch {
	case k.chance(k.odds.interrupt):
		return -1, unix.EINTR
	case f.reset:
		return -1, unix.ECONNRESET
	case k.chance(k.odds.broken):
		k.breakDown(f)
		return -1, pick(k, unix.ECONNRESET, unix.ETIMEDOUT, unix.EHOSTUNREACH)
	case k.chance(k.odds.wouldBlock):
		return -1, unix.EAGAIN
	case len(f.in) > 0:
		n = copy(p, f.in[:k.length(len(f.in))])
		f.in = f.in[n:]
		return n, nil
	case f.eof:
		return 0, nil
	}
	return -1, unix.EAGAIN
}

// Write implements sock.Kernel.
func (k *Kernel) Write(fd int, p []byte) (n int, err error) {
	k.pass()
	defer func() { k.done("write", fd, n, err) }()
	f, err := k.file("write", fd)
	switch {
	case err != nil:
		return -1, err
	case len(p) == 0 || f.fin:
		k.fail("write(%d) of %d bytes, FIN sent: %v", fd, len(p), f.fin)
		return -1, unix.EPIPE
	case k.chance(k.odds.interrupt):
		return -1, unix.EINTR
	case f.reset:
		return -1, unix.EPIPE
	case k.chance(k.odds.broken):
		k.breakDown(f)
		return -1, pick(k, unix.ECONNRESET, unix.EPIPE, unix.ENETDOWN)
	case len(f.out) >= f.outRoom, k.chance(k.odds.wouldBlock):
		return -1, unix.EAGAIN
	}
	n = k.length(min(len(p), f.outRoom-len(f.out)))
	if f.client.gone {
		f.reset = true // the client has gone; the server's kernel learns of it later
		return n, nil
	}
	f.out = append(f.out, p[:n]...)
	return n, nil
}

// length returns how many of n bytes a call transfers.
func (k *Kernel) length(n int) int {
	if k.chance(k.odds.short) {
		return 1 + k.rng.IntN(n)
	}
	return n
}

// done notes the result of a call, and counts it in inVain if it achieved nothing.
func (k *Kernel) done(call string, fd, n int, err error) {
	k.trace.add(call, fd, n, err)
	if k.inVain++; err != unix.EAGAIN && err != unix.EINTR {
		k.inVain = 0
	}
}

// breakDown ends the connection for both sides, as a failing network does.
func (k *Kernel) breakDown(f *file) {
	f.reset = true
	f.in, f.out = nil, nil
	f.client.excused = true
}

// CloseWrite implements sock.Kernel.
func (k *Kernel) CloseWrite(fd int) (err error) {
	k.pass()
	defer func() { k.trace.add("shutdown", fd, 0, err) }()
	f, err := k.file("shutdown", fd)
	switch {
	case err != nil:
		return err
	case f.reset:
		return unix.ENOTCONN
	}
	f.fin = true
	return nil
}

// Close implements sock.Kernel. It closes the descriptor even if it returns an error.
func (k *Kernel) Close(fd int) (err error) {
	k.pass()
	defer func() { k.trace.add("close", fd, 0, err) }()
	f, err := k.file("close", fd)
	if err != nil {
		return err
	}
	k.files[fd] = nil
	f.closed = true
	f.cut = !f.fin && !f.eof && !f.reset
	if f.client == nil {
		for _, c := range k.queue { // closing the listener resets them
			c.excused = true
			k.breakDown(c.file)
		}
		k.queue = nil
	} else if len(f.in) > 0 {
		k.refuse(f)
	}
	if k.chance(k.odds.interrupt) {
		return unix.EINTR
	}
	return nil
}

// Tune implements sock.Kernel.
func (k *Kernel) Tune(fd int) { _, _ = k.file("setsockopt", fd) }

// Peer implements sock.Kernel. All clients have one address.
func (k *Kernel) Peer(fd int) netip.Addr {
	if f, err := k.file("getpeername", fd); err != nil || f.reset {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{192, 0, 2, 1})
}

// refuse answers bytes that the server will not read with a reset, which may destroy
// replies that the client has not taken.
func (k *Kernel) refuse(f *file) {
	f.in = nil
	f.reset = true
	if k.rng.IntN(2) == 0 {
		f.out = nil
	}
}

// Watch sets for which events a descriptor is polled.
func (k *Kernel) Watch(fd int, readable, writable bool) (err error) {
	k.pass()
	defer func() { k.trace.add("watch", fd, 0, err) }()
	f, err := k.file("watch", fd)
	if err != nil {
		return err
	}
	if f.client != nil && k.chance(k.odds.unwatched) {
		f.client.excused = true // the server can only drop it
		return pick(k, unix.ENOSPC, unix.ENOMEM)
	}
	if !f.watched {
		f.reported = k.steps // a new descriptor is the last to be reported
	}
	f.watched, f.readable, f.writable = true, readable, writable
	return nil
}

// Wake ends the present Wait, or the next one.
func (k *Kernel) Wake() { k.woken = true }

// Wait returns ready descriptors, up to Batch events in any order, sometimes with
// spurious ones. Like epoll it also reports a reset that was not asked for. The result
// is valid until the next Wait. A negative timeout means no timeout.
func (k *Kernel) Wait(timeout time.Duration) []Event {
	deadline := time.Now().Add(timeout)
	k.pass()
	for k.poll(); len(k.ready) == 0 && !k.woken && !k.chance(k.odds.interrupt); k.poll() {
		left := time.Until(deadline)
		if timeout >= 0 && left <= 0 {
			break
		}
		if k.idle() { // only time can bring the next event
			switch {
			case timeout >= 0:
				time.Sleep(left)
			case !k.stopped:
				k.shutDown()
			default:
				k.stuck("waits for ever")
			}
		}
		k.pass()
	}
	k.woken = false
	k.rng.Shuffle(len(k.ready), func(i, j int) { k.ready[i], k.ready[j] = k.ready[j], k.ready[i] })
	if len(k.ready) > k.Batch { // descriptors that were reported longest ago come first
		slices.SortStableFunc(k.ready, func(a, b Event) int { return k.files[a.FD].reported - k.files[b.FD].reported })
		k.ready = k.ready[:k.Batch]
	}
	for _, ev := range k.ready {
		k.files[ev.FD].reported = k.steps
	}
	k.trace.add("wait", -1, len(k.ready), nil)
	return k.ready
}

func (k *Kernel) poll() {
	k.ready = k.ready[:0]
	for fd, f := range k.files {
		if f == nil || !f.watched {
			continue
		}
		ev := Event{FD: fd}
		if f.client == nil {
			ev.Readable = f.readable && (len(k.queue) > 0 || k.steps >= k.breakAt)
		} else {
			ev.Readable = f.reset || f.readable && (len(f.in) > 0 || f.eof)
			ev.Writable = f.reset || f.writable && len(f.out) < f.outRoom
		}
		if k.chance(k.odds.spurious) {
			ev.Readable = true
			ev.Writable = ev.Writable || k.rng.IntN(2) == 0
		}
		if ev.Readable || ev.Writable {
			k.ready = append(k.ready, ev)
		}
	}
}

// pass lets clients and the clock go on while the server makes a call.
func (k *Kernel) pass() {
	if k.steps++; k.steps > maxSteps {
		k.stuck("does not come to an end")
	}
	if k.steps >= k.stopAt {
		k.shutDown()
	}
	if k.chance(k.odds.suspend) {
		k.suspend()
	}
	able := k.able()
	if len(able) == 0 {
		if !k.stopped && k.served() {
			k.shutDown()
		}
		if k.inVain > 30+2*len(k.files) {
			// The server polls, and has asked all descriptors. Only its clocks can
			// bring the next event.
			time.Sleep(50 * time.Millisecond)
		}
	}
	for range k.rng.IntN(3) {
		if len(able) == 0 {
			break
		}
		able[k.rng.IntN(len(able))].act()
		able = k.able()
	}
	// A call takes some microseconds. The fake clock follows only now and then, because
	// each step of it takes longer than that.
	if k.late += time.Duration(k.rng.IntN(10_000)); k.late > 100*time.Microsecond {
		time.Sleep(k.late)
		k.late = 0
	}
}

// suspend stops the server for longer than any of its timeouts. Meanwhile the clients
// do everything that they can.
func (k *Kernel) suspend() {
	k.trace.add("SIGSTOP", -1, 0, nil)
	for able := k.able(); len(able) > 0; able = k.able() {
		able[0].act()
	}
	for _, c := range k.clients {
		// The socket had no room for the rest of its frame.
		c.excused = c.excused || c.file != nil && c.sent < len(c.stream)
	}
	time.Sleep(5 * time.Second)
}

// Rest lets clients and the clock go on. A polling server calls it after each
// iteration, because it may have no descriptor to ask, and nothing but its clocks to
// wait for.
func (k *Kernel) Rest() {
	k.inVain++
	k.pass()
}

func (k *Kernel) shutDown() {
	if k.stopped {
		return
	}
	k.stopped = true
	k.trace.add("SIGTERM", -1, 0, nil)
	for _, c := range k.clients {
		c.atShutdown()
	}
	k.stop()
}

// able returns the clients that can do something.
func (k *Kernel) able() (clients []*client) {
	for _, c := range k.clients {
		if c.able() {
			clients = append(clients, c)
		}
	}
	return clients
}

func (k *Kernel) idle() bool { return len(k.able()) == 0 }

// served reports whether all clients have left, or the server has closed them.
func (k *Kernel) served() bool {
	for _, c := range k.clients {
		if !c.gone && (c.file == nil || !c.file.closed) {
			return false
		}
	}
	return true
}

func pick[T any](k *Kernel, choices ...T) T { return choices[k.rng.IntN(len(choices))] }

// listener stands for the listening socket until Listen takes it over.
type listener struct{}

func (listener) Accept() (net.Conn, error) { return nil, io.EOF }
func (listener) Close() error              { return nil }
func (listener) Addr() net.Addr            { return &net.TCPAddr{} }

//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package eventloop

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/nonblocking"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// counting is a poller without events. It counts the calls of Wake and Modify.
type counting struct {
	watcher
	woken    int
	modified int
	watched  map[int]session.Interest
}

func (c *counting) Add(fd int, want session.Interest) error { return c.Modify(fd, want) }
func (c *counting) Modify(fd int, want session.Interest) error {
	if c.watched == nil {
		c.watched = make(map[int]session.Interest)
	}
	c.watched[fd] = want
	c.modified++
	return nil
}
func (c *counting) Wake() { c.woken++ }

// quietLoops returns loops that do not run, and their pollers.
func quietLoops(t *testing.T, n int) (loops []*loop, pollers []*counting) {
	return quietLoopsOn(t, n, system)
}

func quietLoopsOn(t *testing.T, n int, k kernel) (loops []*loop, pollers []*counting) {
	k.newWatcher = func(int) (watcher, error) {
		p := new(counting)
		pollers = append(pollers, p)
		return p, nil
	}
	cfg := server.Config{Logger: slog.New(slog.DiscardHandler)}
	core := server.NewCore(cfg, server.Traits{Threads: true}, n)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	loops, err = (&model{core: core, count: n, kernel: k}).open(ln)
	require.NoError(t, err)
	t.Cleanup(func() { loops[0].acceptor.Close() })
	return loops, pollers
}

// Every newly held client makes the other loops look. Once, a client did not if it was
// held in the iteration that judged the earlier ones: the second loop slept on, and the
// server accepted no client any more.
func TestEveryHeldClientHasAllLoopsLook(t *testing.T) {
	loops, pollers := quietLoops(t, 2)
	a := loops[0].acceptor

	for held := 1; held < 4; held++ {
		a.Hold(held)
		a.hold()
		assert.Equal(t, held, pollers[1].woken)
		a.hold()
		assert.Equal(t, held, pollers[1].woken, "it has been told")
		a.Judge(a.Held(), func(int, string) {}) // the next one comes in the same iteration
	}
}

// A pause of accepting ends when any loop closes a connection: that wakes the acceptor's
// loop, which watches the listener again. Without a pause or a held client it is not woken.
func TestAClosedConnectionWakesThePausingAcceptor(t *testing.T) {
	for i := range 2 {
		loops, pollers := quietLoops(t, 2)
		a := loops[0].acceptor
		loops[i].add(noSocket(t), "")
		c := loops[i].byFD[len(loops[i].byFD)-1]
		a.Failed(fmt.Errorf("accept: %w", unix.EMFILE), 0)
		a.listen(0)
		at, is := a.due(0)
		require.True(t, is)
		require.Equal(t, 5*time.Millisecond, at)
		require.Zero(t, pollers[0].watched[a.FD], "the listener is not watched in a pause")
		require.Zero(t, pollers[0].woken)

		loops[i].ended = append(loops[i].ended, c)
		loops[i].closeEnded()
		assert.Equal(t, 1, pollers[0].woken)
		assert.Zero(t, pollers[1].woken)
		a.accept(0)
		assert.Equal(t, session.Read, pollers[0].watched[a.FD])

		leave := func() {
			loops[i].add(noSocket(t), "")
			loops[i].ended = append(loops[i].ended, loops[i].byFD[len(loops[i].byFD)-1])
			loops[i].closeEnded()
		}
		leave()
		assert.Equal(t, 1, pollers[0].woken, "there is no pause, and no client is held")
		a.Hold(1)
		a.hold()
		leave()
		assert.Equal(t, 2, pollers[0].woken, "there may be a place for the client that is held")
		loops[i].mail.heard()
		assert.Equal(t, 3, pollers[0].woken, "it may be judged")
		a.Judge(a.Held(), func(int, string) {})
		a.hold()
		loops[i].mail.heard()
		assert.Equal(t, 3, pollers[0].woken)
	}
}

// noSocket returns a descriptor from which no bytes come.
func noSocket(t *testing.T) int {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fds[1]) })
	require.NoError(t, unix.SetNonblock(fds[0], true))
	return fds[0]
}

// unlocking is a mutex. After its Unlock it calls then, once, as if another goroutine had
// come next.
type unlocking struct {
	sync.Mutex
	then func()
}

func (u *unlocking) Unlock() {
	u.Mutex.Unlock()
	if then := u.then; then != nil {
		u.then = nil
		then()
	}
}

// A client that is posted just after the loop took the others must not be lost. It would
// be lost if open cleared full after it gave the lock back.
func TestWhatIsPostedBehindTheMailIsNotLost(t *testing.T) {
	mu := new(unlocking)
	m := mailbox{poller: new(counting), mu: mu}
	clients, phaseChanged := m.open()
	assert.Empty(t, clients)
	assert.False(t, phaseChanged)

	require.True(t, m.post(1))
	require.True(t, m.post(2))
	mu.then = func() {
		m.post(3)
		m.wake()
	}
	clients, phaseChanged = m.open()
	assert.Equal(t, []int{1, 2}, clients)
	assert.False(t, phaseChanged)
	assert.False(t, m.close(), "one is left")
	clients, phaseChanged = m.open()
	assert.Equal(t, []int{3}, clients)
	assert.True(t, phaseChanged)
	clients, phaseChanged = m.open()
	assert.Empty(t, clients)
	assert.False(t, phaseChanged)
	assert.True(t, m.close())
	assert.False(t, m.post(4), "no loop would serve it")
}

// Most iterations find no mail, and must not take the lock to find that out.
func TestAnEmptyMailboxTakesNoLock(t *testing.T) {
	m := mailbox{mu: nil}
	assert.NotPanics(t, func() { m.open() })
}

// The loop with the fewest clients gets the next one. Loops with equally few take turns.
func TestClientsAreSpreadOverTheLoops(t *testing.T) {
	loops, _ := quietLoops(t, 3)
	a := loops[0].acceptor
	for i := range 6 {
		assert.Same(t, loops[i%3], a.least())
	}
	loops[0].assigned.Store(2)
	loops[2].assigned.Store(1)
	assert.Same(t, loops[1], a.least())
	assert.Same(t, loops[1], a.least())
	loops[1].assigned.Store(1)
	assert.Same(t, loops[2], a.least())
	assert.Same(t, loops[1], a.least())
}

// A loop that has ended gets no client, and counts none. The acceptor's own loop gets it.
func TestAClientOfALoopThatHasEndedIsTheAcceptorsOwn(t *testing.T) {
	loops, _ := quietLoops(t, 2)
	a := loops[0].acceptor
	a.next = 1
	require.True(t, loops[1].mail.close())
	a.give(noSocket(t))
	assert.EqualValues(t, 0, loops[1].assigned.Load())
	assert.EqualValues(t, 1, loops[0].assigned.Load())
	for _, c := range loops[0].byFD {
		if c != nil {
			loops[0].ended = append(loops[0].ended, c)
		}
	}
	loops[0].closeEnded()
	assert.EqualValues(t, 0, loops[0].assigned.Load())
}

// The poller is told of changes only, because each call costs as much as a read.
func TestThePollerIsToldOnlyWhatIsNew(t *testing.T) {
	loops, pollers := quietLoops(t, 1)
	l, p, a := loops[0], pollers[0], loops[0].acceptor
	l.add(noSocket(t), "")
	c := l.byFD[len(l.byFD)-1]
	told := p.modified
	for range 3 {
		l.watch(c)
		a.listen(0)
		a.accept(0)
	}
	assert.Equal(t, told, p.modified)
	l.ended = append(l.ended, c)
	l.closeEnded()

	// While a client is held, the listener is watched only until the loop has looked at all
	// its connections. After that, clients in the queue would make every Wait return at once.
	a.Hold(noSocket(t))
	a.listen(0)
	assert.Equal(t, session.Read, p.watched[a.FD])
	l.heard.Store(a.Held())
	for range 3 {
		a.listen(0)
		assert.Zero(t, p.watched[a.FD])
	}
	assert.Equal(t, told+1, p.modified)
	a.Judge(0, func(fd int, _ string) { _ = l.calls.Close(fd) })
	a.listen(0)
	assert.Equal(t, session.Read, p.watched[a.FD])
}

// crowd is a kernel whose listen queue always holds one more client.
type crowd struct {
	sock.Kernel
	accepted int
}

func (k *crowd) Accept(int) (int, error)       { k.accepted++; return 1000 + k.accepted, nil }
func (k *crowd) Read(int, []byte) (int, error) { return -1, unix.EAGAIN }

func (k *crowd) Close(fd int) error {
	if fd < 1000 {
		return k.Kernel.Close(fd) // the listener
	}
	return nil
}

// An iteration accepts a bounded number of clients, so new clients do not keep the
// connected ones waiting.
func TestALoopAcceptsOnlySoManyInAnIteration(t *testing.T) {
	k := system
	c := &crowd{Kernel: system.calls.Kernel}
	k.calls = sock.Calls{Kernel: c}
	loops, _ := quietLoopsOn(t, 1, k)
	a := loops[0].acceptor
	for iteration := 1; iteration < 4; iteration++ {
		a.called = true
		a.accept(0)
		assert.Equal(t, iteration*nonblocking.AcceptsPerIteration, c.accepted)
		a.accept(0)
		assert.Equal(t, iteration*nonblocking.AcceptsPerIteration, c.accepted, "accept was not called")
	}
}

package ring

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
)

var small = Config{Entries: 16, Completions: 64, Buffers: 8, BufferSize: 64}

// need skips the test if there is no io_uring.
func need(t testing.TB) {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
}

// openFor opens a ring for the test's own goroutine.
func openFor(t testing.TB, cfg Config) *Ring {
	t.Helper()
	need(t)
	runtime.LockOSThread()
	r, err := Open(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, r.Close())
		runtime.UnlockOSThread()
	})
	return r
}

// pair returns two connected sockets, both blocking.
func pair(t testing.TB) (ours, theirs int) {
	t.Helper()
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(p[0]); unix.Close(p[1]) })
	return p[0], p[1]
}

// tcpPair returns two sockets that are connected by TCP, both blocking.
func tcpPair(t testing.TB) (ours, theirs int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	accepted, err := l.Accept()
	require.NoError(t, err)
	fd := func(c net.Conn) int {
		defer c.Close()
		f, err := c.(*net.TCPConn).File()
		require.NoError(t, err)
		defer f.Close()
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		require.NoError(t, err)
		require.NoError(t, unix.SetNonblock(fd, false))
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	return fd(accepted), fd(dialed)
}

// one waits for a single completion.
func one(t testing.TB, r *Ring) Completion {
	t.Helper()
	for {
		done, err := r.Wait(time.Minute)
		require.NoError(t, err)
		if len(done) > 0 {
			require.Len(t, done, 1)
			return done[0]
		}
	}
}

// data returns a copy of the received bytes, and gives the buffer back.
func data(t testing.TB, r *Ring, c Completion) string {
	t.Helper()
	require.NoError(t, c.Err())
	id, ok := c.Buffer()
	require.True(t, ok, "%+v", c)
	defer r.Return(id)
	return string(r.Buffer(id)[:c.Result])
}

func write(t testing.TB, fd int, s string) {
	t.Helper()
	n, err := unix.Write(fd, []byte(s))
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

// all waits for n completions.
func all(t testing.TB, r *Ring, n int) (done []Completion) {
	t.Helper()
	for len(done) < n {
		some, err := r.Wait(time.Minute)
		require.NoError(t, err)
		done = append(done, some...)
	}
	require.Len(t, done, n)
	return done
}

// nothing asserts that there is no completion.
func nothing(t testing.TB, r *Ring) {
	t.Helper()
	done, err := r.Wait(0)
	require.NoError(t, err)
	require.Empty(t, done)
	require.False(t, r.Behind())
}

func openFiles(t testing.TB) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(files)
}

func TestATimeoutPasses(t *testing.T) {
	r := openFor(t, small)
	for _, timeout := range []time.Duration{0, time.Microsecond, rawwait.Longest, 4 * rawwait.Longest} {
		done, err := r.Wait(timeout)
		require.NoError(t, err)
		assert.Empty(t, done)
		assert.False(t, r.Behind())
	}
}

// A Wait without a timeout returns completions that are there, even those that the
// kernel has deferred.
func TestLookingFindsWhatHasArrived(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	nothing(t, r)
	write(t, theirs, "there")
	done, err := r.Wait(0)
	require.NoError(t, err)
	require.Len(t, done, 1)
	assert.Equal(t, "there", data(t, r, done[0]))
}

func TestWakeFromAnywhere(t *testing.T) {
	r := openFor(t, small)
	var round atomic.Int64
	var waker sync.WaitGroup
	next := make(chan int64)
	waker.Go(func() {
		for n := range next {
			round.Store(n)
			r.Wake()
		}
	})
	// A lost wake-up would make this loop hang.
	for n := range int64(5000) {
		next <- n + 1
		for round.Load() != n+1 {
			done, err := r.Wait(-1)
			require.NoError(t, err)
			require.Empty(t, done)
		}
	}
	close(next)
	waker.Wait()
}

func TestWakeBeforeWait(t *testing.T) {
	r := openFor(t, small)
	for range 1000 {
		r.Wake()
		r.Wake()
		done, err := r.Wait(-1)
		require.NoError(t, err)
		require.Empty(t, done)
	}
}

// The operation that watches for Wake ends when its completion finds no place in the
// queue. Then the ring must start it again.
func TestWakeSurvivesAFullQueue(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 64})
	ours, _ := pair(t)
	for range 5 {
		for n := range 100 {
			r.Writable(ours, NewToken(n, 0, Writable))
			if n%10 == 0 {
				r.Wake()
			}
		}
		all(t, r, 100)
		r.Wake()
		done, err := r.Wait(-1)
		require.NoError(t, err)
		require.Empty(t, done)
	}
}

// If there are more completions than fit into the queue, the kernel keeps the rest.
func TestCompletionsOverflow(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 64})
	ours, _ := pair(t)
	const count = 1000
	for n := range count {
		r.Writable(ours, NewToken(n, 0, Writable))
	}
	done, err := r.Wait(-1)
	require.NoError(t, err)
	require.Len(t, done, count, "the caller needs all results now")
	for n, c := range done {
		require.Equal(t, n, c.Token.Slot())
	}
	nothing(t, r)
}

// The same holds for an operation that completes many times, but it may end and need
// a new start.
func TestReceivedDataOverflows(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 64, BufferSize: 8})
	ours, theirs := pair(t)
	tok := NewToken(0, 0, Recv)
	r.Recv(ours, tok)
	nothing(t, r)
	for range 20 {
		var sent, received strings.Builder
		for n := range 50 {
			fmt.Fprintf(&sent, "%08d", n)
		}
		write(t, theirs, sent.String())
		for range 20 { // these fill the queue first
			r.Writable(ours, NewToken(0, 0, Writable))
		}
		writable := 0
		for received.Len() < sent.Len() {
			done, err := r.Wait(-1)
			require.NoError(t, err)
			for _, c := range done {
				if c.Token != tok {
					writable++
					continue
				}
				if !c.More() {
					r.Recv(ours, tok)
				}
				if c.Err() != unix.ENOBUFS {
					received.WriteString(data(t, r, c))
				}
			}
		}
		require.Equal(t, sent.String(), received.String())
		require.Equal(t, 20, writable)
	}
}

// The kernel does a bounded amount of deferred work at a time.
func TestBehindUntilEverybodyIsServed(t *testing.T) {
	r := openFor(t, Config{Entries: 128, Completions: 512, Buffers: 256, BufferSize: 64})
	const count = 100
	var theirs []int
	for n := range count {
		a, b := pair(t)
		theirs = append(theirs, b)
		r.Recv(a, NewToken(n, 0, Recv))
	}
	nothing(t, r)
	for _, fd := range theirs {
		write(t, fd, "x")
	}
	seen := make(map[int]bool)
	for waits := 0; waits == 0 || r.Behind(); waits++ {
		done, err := r.Wait(0)
		require.NoError(t, err)
		for _, c := range done {
			assert.Equal(t, "x", data(t, r, c))
			seen[c.Token.Slot()] = true
		}
	}
	assert.Len(t, seen, count)
}

// If the queue is full and the kernel takes no operation, the ring keeps the further
// ones. Here the kernel takes none because it is called with another descriptor.
func TestOperationsThatTheKernelDoesNotTakeAreKept(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 64})
	ours, theirs := pair(t)
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	defer unix.Close(null)

	ring := r.fd
	r.fd = null
	var sent strings.Builder
	for n := range 50 {
		message := fmt.Sprintf("%04d", n)
		sent.WriteString(message)
		r.Send(ours, []byte(message), NewToken(n, 0, Send))
	}
	runtime.GC() // it must not free the bytes to send
	_, err = r.Wait(-1)
	require.ErrorIs(t, err, unix.EOPNOTSUPP)
	require.ErrorContains(t, err, "io_uring_enter")
	r.fd = ring

	received := make([]byte, 0, sent.Len())
	for waits := 0; waits == 0 || r.Behind(); waits++ {
		done, err := r.Wait(0)
		require.NoError(t, err)
		require.Empty(t, done)
	}
	n, err := unix.Read(theirs, received[:sent.Len()])
	require.NoError(t, err)
	assert.Equal(t, sent.String(), string(received[:n]))
	assert.Empty(t, r.sending)
	nothing(t, r)
}

func TestCloseForgetsWhatWasKept(t *testing.T) {
	r := openFor(t, Config{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 64})
	ours, theirs := pair(t)
	r.backlog = append(r.backlog, sqe{})
	r.room, r.behind = 0, true
	r.Send(ours, []byte("x"), NewToken(0, 0, Send))
	require.NoError(t, r.Close())
	var b [1]byte
	_, _, err := unix.Recvfrom(theirs, b[:], unix.MSG_DONTWAIT)
	require.ErrorIs(t, err, unix.EAGAIN)
}

func TestASignalEndsNoWait(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	thread, stop := unix.Gettid(), make(chan struct{})
	var signals sync.WaitGroup
	signals.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				// The runtime's own signal, so the runtime ignores it as a late one.
				_ = unix.Tgkill(os.Getpid(), thread, unix.SIGURG)
			}
			if n%50 == 0 {
				_, _ = unix.Write(theirs, []byte("x"))
			}
		}
	})
	for n := 0; n < 500; {
		done, err := r.Wait(-1)
		require.NoError(t, err)
		for _, c := range done {
			if !c.More() {
				r.Recv(ours, c.Token)
			}
			if c.Err() != unix.ENOBUFS {
				n += len(data(t, r, c))
			}
		}
	}
	close(stop)
	signals.Wait()
}

// Only one thread may use a ring. For another one Wait returns an error that says so.
func TestAnotherThreadIsToldSo(t *testing.T) {
	r := openFor(t, small)
	var other sync.WaitGroup
	other.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_, err := r.Wait(-1)
		assert.ErrorIs(t, err, unix.EEXIST)
		assert.ErrorContains(t, err, "another thread")
	})
	other.Wait()
	nothing(t, r)
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	need(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := openFiles(t)
	for range 200 {
		r, err := Open(small)
		require.NoError(t, err)
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		r.Recv(p[0], NewToken(0, 0, Recv))
		nothing(t, r)
		write(t, p[1], "arrives and is not looked at")
		r.Writable(p[0], NewToken(0, 0, Writable)) // never handed over

		// The receive keeps the socket open until Close has cancelled it.
		require.NoError(t, unix.Close(p[0]))
		require.NoError(t, r.Close())
		require.NoError(t, r.Close())
		r.Wake()
		_, err = r.Wait(-1)
		require.ErrorIs(t, err, unix.EBADF)
		var b [1]byte
		_, _, err = unix.Recvfrom(p[1], b[:], unix.MSG_DONTWAIT)
		if err != unix.ECONNRESET { // a reset: the socket was closed with unread bytes
			require.NoError(t, err)
		}
		require.NoError(t, unix.Close(p[1]))
	}
	assert.Equal(t, before, openFiles(t))
}

// Close closes accepted sockets that Wait has not returned, because they have no owner.
func TestCloseLeavesNobodyAccepted(t *testing.T) {
	need(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd, addr := listen(t)
	dial(t, addr) // the runtime opens its poller
	before := openFiles(t)
	r, err := Open(Config{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 64})
	require.NoError(t, err)
	r.Accept(fd, NewToken(0, 0, Accept))
	for range 30 {
		dial(t, addr)
	}
	before += 30
	require.Zero(t, r.submit())
	require.NoError(t, r.Close())
	assert.Equal(t, before, openFiles(t))
}

func TestSizesThatThereAreNot(t *testing.T) {
	for _, cfg := range []Config{
		{},
		{Entries: 3, Completions: 8, Buffers: 1, BufferSize: 1},
		{Entries: 8, Completions: 8, Buffers: 1, BufferSize: 1},
		{Entries: 1 << 16, Completions: 1 << 17, Buffers: 1, BufferSize: 1},
		{Entries: 4, Completions: 8, Buffers: 1 << 16, BufferSize: 1},
		{Entries: 4, Completions: 8, Buffers: 3, BufferSize: 1},
		{Entries: 4, Completions: 8, Buffers: 1, BufferSize: 0},
		{Entries: 4, Completions: 8, Buffers: -1, BufferSize: 1},
	} {
		_, err := Open(cfg)
		require.Error(t, err, "%+v", cfg)
		require.NotErrorIs(t, err, ErrUnavailable)
	}
}

// The largest number of buffers works, also when the tail overflows.
func TestManyBuffers(t *testing.T) {
	r := openFor(t, Config{Entries: 1 << 10, Completions: 1 << 12, Buffers: 1 << 15, BufferSize: 16})
	ours, theirs := pair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	for n := range 3 << 15 { // more than the tail's 16 bits
		message := fmt.Sprint(n)
		write(t, theirs, message)
		c := one(t, r)
		require.True(t, c.More())
		id, _ := c.Buffer()
		require.Equal(t, n%(1<<15), id)
		require.Equal(t, message, data(t, r, c))
	}
}

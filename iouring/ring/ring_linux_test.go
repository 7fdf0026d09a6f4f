package ring

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

var small = Config{Entries: 16, Completions: 64, Buffers: 8, BufferSize: 64}

// need skips a test where there is no io_uring.
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

// data returns a copy of what was received, and returns the buffer.
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

func TestReceiveAndSend(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	tok := NewToken(7, 9, Recv)
	r.Recv(ours, tok)
	for range 100 {
		write(t, theirs, "ping")
		c := one(t, r)
		assert.Equal(t, tok, c.Token)
		assert.True(t, c.More())
		assert.Equal(t, "ping", data(t, r, c))
		r.Send(ours, []byte("pong"), NewToken(7, 9, Send))
		done, err := r.Wait(0)
		require.NoError(t, err)
		assert.Empty(t, done)
		var b [8]byte
		n, err := unix.Read(theirs, b[:])
		require.NoError(t, err)
		assert.Equal(t, "pong", string(b[:n]))
	}
}

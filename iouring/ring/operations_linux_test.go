package ring

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// sockets are the kinds of sockets on which operations are tested.
var sockets = []struct {
	name string
	pair func(t testing.TB) (ours, theirs int)
}{
	{"unix", pair},
	{"tcp", tcpPair},
}

func listen(t *testing.T) (fd int, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	f, err := l.(*net.TCPListener).File()
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return int(f.Fd()), l.Addr().String()
}

func dial(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
}

// accepted checks an accepted socket and closes it.
func accepted(t *testing.T, c Completion) {
	t.Helper()
	require.NoError(t, c.Err())
	require.True(t, c.More())
	fd := int(c.Result)
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	require.NoError(t, err)
	assert.Zero(t, flags&unix.O_NONBLOCK, "not blocking")
	flags, err = unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	require.NoError(t, err)
	assert.NotZero(t, flags&unix.FD_CLOEXEC, "not closed on exec")
	require.NoError(t, unix.Close(fd))
}

func TestAcceptMany(t *testing.T) {
	r := openFor(t, small)
	fd, addr := listen(t)
	tok := NewToken(3, 4, Accept)
	r.Accept(fd, tok)
	nothing(t, r)
	for n := range 50 {
		dial(t, addr)
		if n%3 == 0 {
			dial(t, addr)
			dial(t, addr)
			for _, c := range all(t, r, 3) {
				accepted(t, c)
			}
			continue
		}
		c := one(t, r)
		assert.Equal(t, tok, c.Token)
		accepted(t, c)
	}
	r.Cancel(tok)
	c := one(t, r)
	assert.ErrorIs(t, c.Err(), unix.ECANCELED)
	assert.False(t, c.More())
}

func TestAcceptOnWhatIsNoListener(t *testing.T) {
	r := openFor(t, small)
	ours, _ := pair(t)
	r.Accept(ours, NewToken(0, 0, Accept))
	assert.ErrorIs(t, one(t, r).Err(), unix.EINVAL)
	r.Accept(-1, NewToken(0, 0, Accept))
	assert.ErrorIs(t, one(t, r).Err(), unix.EBADF)
}

func TestReceiveOverSeveralBuffers(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			tok := NewToken(7, 9, Recv)
			r.Recv(ours, tok)
			for range 100 {
				message := strings.Repeat("0123456789abcdef", 3*64/16) + "end"
				write(t, theirs, message)
				var received strings.Builder
				for received.Len() < len(message) {
					done, err := r.Wait(-1)
					require.NoError(t, err)
					for _, c := range done {
						require.Equal(t, tok, c.Token)
						require.True(t, c.More())
						received.WriteString(data(t, r, c))
					}
				}
				require.Equal(t, message, received.String())
			}
		})
	}
}

func TestReceiveWithoutBuffers(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	tok := NewToken(0, 0, Recv)
	message := strings.Repeat("x", small.Buffers*small.BufferSize) + "more"
	r.Recv(ours, tok)
	write(t, theirs, message)
	done := all(t, r, small.Buffers+1)
	for _, c := range done[:small.Buffers] {
		assert.True(t, c.More())
		assert.EqualValues(t, small.BufferSize, c.Result)
	}
	last := done[small.Buffers]
	assert.ErrorIs(t, last.Err(), unix.ENOBUFS)
	assert.False(t, last.More())
	_, ok := last.Buffer()
	assert.False(t, ok)

	r.Recv(ours, tok) // there is still no buffer
	assert.ErrorIs(t, one(t, r).Err(), unix.ENOBUFS)

	for _, c := range done[:small.Buffers] {
		data(t, r, c)
	}
	r.Recv(ours, tok)
	assert.Equal(t, "more", data(t, r, one(t, r)))
}

func TestReceiveTheEnd(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			r.Recv(ours, NewToken(0, 0, Recv))
			write(t, theirs, "bye")
			require.NoError(t, unix.Shutdown(theirs, unix.SHUT_WR))
			done := all(t, r, 2)
			assert.Equal(t, "bye", data(t, r, done[0]))
			assert.Zero(t, done[1].Result)
			assert.False(t, done[1].More())
			_, ok := done[1].Buffer()
			assert.False(t, ok)
		})
	}
}

func TestReceiveAReset(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := tcpPair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	nothing(t, r)
	require.NoError(t, unix.SetsockoptLinger(theirs, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	require.NoError(t, unix.Shutdown(theirs, unix.SHUT_RD))
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Dup3(null, theirs, unix.O_CLOEXEC)) // closes the socket; its number stays in use
	require.NoError(t, unix.Close(null))
	c := one(t, r)
	assert.ErrorIs(t, c.Err(), unix.ECONNRESET)
	assert.False(t, c.More())
}

// Recv works on a non-blocking socket, too.
func TestReceiveFromANonBlockingSocket(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	require.NoError(t, unix.SetNonblock(ours, true))
	r.Recv(ours, NewToken(0, 0, Recv))
	nothing(t, r)
	write(t, theirs, "there")
	c := one(t, r)
	assert.True(t, c.More())
	assert.Equal(t, "there", data(t, r, c))
}

func TestWhatComesAfterACancelledReceiveIsNotLost(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			tok := NewToken(0, 0, Recv)
			for range 50 {
				r.Recv(ours, tok)
				nothing(t, r)
				r.Cancel(tok)
				c := one(t, r)
				assert.ErrorIs(t, c.Err(), unix.ECANCELED)
				assert.False(t, c.More())
				write(t, theirs, "later")
				nothing(t, r)
				r.Recv(ours, tok)
				assert.Equal(t, "later", data(t, r, one(t, r)))
				r.Cancel(tok)
				assert.ErrorIs(t, one(t, r).Err(), unix.ECANCELED)
			}
		})
	}
}

// Data and the cancellation may be in flight at the same time. After the last completion
// all data is in completions or in the socket.
func TestCancelAReceiveThatReceives(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	tok := NewToken(0, 0, Recv)
	for range 200 {
		r.Recv(ours, tok)
		nothing(t, r)
		write(t, theirs, "now")
		r.Cancel(tok)
		var received string
		for more := true; more; {
			done, err := r.Wait(-1)
			require.NoError(t, err)
			for _, c := range done {
				more = c.More()
				if c.Err() != unix.ECANCELED {
					received += data(t, r, c)
				}
			}
		}
		nothing(t, r)
		if received == "" {
			var b [8]byte
			n, _, err := unix.Recvfrom(ours, b[:], unix.MSG_DONTWAIT)
			require.NoError(t, err)
			received = string(b[:n])
		}
		require.Equal(t, "now", received)
	}
}

func TestCancelNothing(t *testing.T) {
	r := openFor(t, small)
	for range 100 {
		r.Cancel(NewToken(1, 2, Recv))
	}
	for waits := 0; waits == 0 || r.Behind(); waits++ {
		done, err := r.Wait(0)
		require.NoError(t, err)
		require.Empty(t, done)
	}
}

// A send that sends all its bytes has no completion.
func TestSendAll(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			message, received := []byte("0123456789"), make([]byte, 10*2*small.Entries)
			for range 200 {
				for range 2 * small.Entries { // more than fit into the queue
					r.Send(ours, message, NewToken(0, 0, Send))
				}
				nothing(t, r)
				for got := 0; got < len(received); {
					n, _, err := unix.Recvfrom(theirs, received[got:], unix.MSG_WAITALL)
					require.NoError(t, err)
					got += n
				}
				require.Equal(t, bytes.Repeat(message, 2*small.Entries), received)
			}
			r.Send(ours, nil, NewToken(0, 0, Send))
			nothing(t, r)
		})
	}
}

// A send that falls short says how much it has sent, in the same Wait. The kernel sends
// nothing of it later, and does not read its bytes again.
func TestSendMoreThanThereIsRoomFor(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			require.NoError(t, unix.SetsockoptInt(ours, unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<16))
			var wanted, received []byte
			p := make([]byte, 16<<20)
			tok := NewToken(5, 6, Send)
			for round := range byte(20) {
				for i := range p {
					p[i] = byte(i) ^ round
				}
				r.Send(ours, p, tok)
				done, err := r.Wait(0)
				require.NoError(t, err)
				require.Len(t, done, 1)
				c := done[0]
				require.Equal(t, tok, c.Token)
				require.False(t, c.More())
				require.NoError(t, c.Err())
				require.Positive(t, c.Result)
				require.Less(t, int(c.Result), len(p))
				wanted = append(wanted[:0], p[:c.Result]...)
				clear(p)

				// The socket has space for some bytes at most, and then EAGAIN.
				for full := false; !full; {
					r.Send(ours, []byte("x"), tok)
					done, err := r.Wait(0)
					require.NoError(t, err)
					if full = len(done) > 0; full {
						require.ErrorIs(t, done[0].Err(), unix.EAGAIN)
					} else {
						wanted = append(wanted, 'x')
					}
				}

				received = received[:0]
				for len(received) < len(wanted) {
					var b [1 << 16]byte
					n, err := unix.Read(theirs, b[:])
					require.NoError(t, err)
					received = append(received, b[:n]...)
				}
				require.True(t, bytes.Equal(wanted, received))
				nothing(t, r)
				var b [1]byte
				_, _, err = unix.Recvfrom(theirs, b[:], unix.MSG_DONTWAIT)
				require.ErrorIs(t, err, unix.EAGAIN)
			}
		})
	}
}

func TestSendToNobody(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, _ := s.pair(t)
			require.NoError(t, unix.Shutdown(ours, unix.SHUT_WR))
			r.Send(ours, []byte("x"), NewToken(0, 0, Send))
			assert.ErrorIs(t, one(t, r).Err(), unix.EPIPE) // without a SIGPIPE
			r.Send(-1, []byte("x"), NewToken(0, 0, Send))
			assert.ErrorIs(t, one(t, r).Err(), unix.EBADF)
		})
	}
}

//go:noinline
func sendFromStack(r *Ring, fd int) {
	var message [64]byte
	for i := range message {
		message[i] = byte(i)
	}
	r.Send(fd, message[:], NewToken(0, 0, Send))
}

//go:noinline
func growStack(n int) byte {
	var frame [1 << 12]byte
	if n > 0 {
		frame[n] = growStack(n - 1)
	}
	return frame[0]
}

// The bytes of a queued send stay in their place, even if nothing else refers to them.
func TestSendWhatWouldHaveMoved(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	for range 20 {
		sendFromStack(r, ours)
		growStack(100)
		runtime.GC()
		nothing(t, r)
		var b [128]byte
		n, err := unix.Read(theirs, b[:])
		require.NoError(t, err)
		require.Equal(t, 64, n)
		for i := range n {
			require.Equal(t, byte(i), b[i])
		}
	}
}

func TestWritable(t *testing.T) {
	for _, s := range sockets {
		t.Run(s.name, func(t *testing.T) {
			r := openFor(t, small)
			ours, theirs := s.pair(t)
			tok := NewToken(1, 2, Writable)
			r.Writable(ours, tok)
			c := one(t, r)
			assert.Equal(t, tok, c.Token)
			assert.NoError(t, c.Err())
			assert.False(t, c.More())

			p := make([]byte, 16<<20)
			for err := error(nil); err == nil; {
				r.Send(ours, p, NewToken(0, 0, Send))
				err = one(t, r).Err()
			}
			r.Writable(ours, tok)
			nothing(t, r)
			var b [1 << 16]byte
			for {
				_, err := unix.Read(theirs, b[:])
				require.NoError(t, err)
				done, err := r.Wait(0)
				require.NoError(t, err)
				if len(done) > 0 {
					assert.Equal(t, tok, done[0].Token)
					assert.NoError(t, done[0].Err())
					break
				}
			}
		})
	}
}

func TestABrokenSocketIsWritable(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	p := make([]byte, 1<<20)
	for err := error(nil); err == nil; {
		_, err = unix.SendmsgN(ours, p, nil, nil, unix.MSG_DONTWAIT)
	}
	r.Writable(ours, NewToken(0, 0, Writable))
	nothing(t, r)
	require.NoError(t, unix.Shutdown(theirs, unix.SHUT_RDWR))
	assert.NoError(t, one(t, r).Err())
}

func TestQueueingAllocatesNothing(t *testing.T) {
	r := openFor(t, small)
	ours, theirs := pair(t)
	message, received := []byte("0123456789"), make([]byte, 64)
	tok := NewToken(0, 0, Recv)
	r.Recv(ours, tok)
	nothing(t, r)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		_, _ = unix.Write(theirs, message)
		done, _ := r.Wait(-1)
		for _, c := range done {
			id, _ := c.Buffer()
			r.Send(ours, r.Buffer(id)[:c.Result], NewToken(0, 0, Send))
			r.Return(id)
		}
		_, _ = r.Wait(0)
		_, _ = unix.Read(theirs, received)
	}))
}

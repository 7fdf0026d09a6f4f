//go:build unix

package sock_test

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/sock"
)

// listen returns a listener's descriptor and address.
func listen(t *testing.T) (fd int, addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, sock.SetBacklog(ln, 128))
	addr = ln.Addr().String()
	fd, err = sock.System.Listen(ln)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sock.System.Close(fd)) })
	return fd, addr
}

// connect returns both ends of a connection.
func connect(t *testing.T) (client *net.TCPConn, server int) {
	t.Helper()
	ln, addr := listen(t)
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	server, err = sock.System.Accept(ln) // the handshake is done, so the connection is in the queue
	require.NoError(t, err)
	t.Cleanup(func() { _ = sock.System.Close(server) })
	return nc.(*net.TCPConn), server
}

// eventually reads until there are bytes.
func eventually(t *testing.T, fd int, p []byte) (n int, err error) {
	t.Helper()
	err = sock.ErrWouldBlock
	require.Eventually(t, func() bool {
		n, err = sock.System.Read(fd, p)
		return err != sock.ErrWouldBlock
	}, 10*time.Second, time.Millisecond)
	return n, err
}

func TestNobodyWaitsForANonBlockingCall(t *testing.T) {
	ln, _ := listen(t)
	_, err := sock.System.Accept(ln)
	assert.Equal(t, sock.ErrWouldBlock, err)

	_, server := connect(t)
	n, err := sock.System.Read(server, make([]byte, 10))
	assert.Zero(t, n)
	assert.Equal(t, sock.ErrWouldBlock, err)
	for err = nil; err == nil; { // until the socket takes no more
		_, err = sock.System.Write(server, make([]byte, 1<<20))
	}
	assert.Equal(t, sock.ErrWouldBlock, err)
}

func TestBytesThenTheEnd(t *testing.T) {
	client, server := connect(t)
	_, err := client.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, client.CloseWrite())
	p := make([]byte, 10)
	n, err := eventually(t, server, p)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(p[:n]))
	_, err = eventually(t, server, p)
	assert.Equal(t, io.EOF, err)

	n, err = sock.System.Write(server, []byte("and back"))
	require.NoError(t, err)
	assert.Equal(t, 8, n)
	require.NoError(t, sock.System.CloseWrite(server))
	all, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, "and back", string(all))
}

func TestAnErrorNamesItsCall(t *testing.T) {
	client, server := connect(t)
	require.NoError(t, client.SetLinger(0))
	require.NoError(t, client.Close()) // sends a reset
	_, err := eventually(t, server, make([]byte, 10))
	assert.ErrorIs(t, err, unix.ECONNRESET)
	assert.ErrorContains(t, err, "read: ")
	_, err = sock.System.Write(server, []byte("x"))
	assert.ErrorIs(t, err, unix.EPIPE)
	assert.ErrorContains(t, err, "write: ")
	_, err = sock.System.Accept(server)
	assert.ErrorContains(t, err, "accept: ")
	assert.False(t, sock.Transient(err))
}

func TestOptionsReachTheConnection(t *testing.T) {
	_, server := connect(t)
	for name, option := range map[string][2]int{
		"TCP_NODELAY":  {unix.IPPROTO_TCP, unix.TCP_NODELAY},
		"SO_KEEPALIVE": {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	} {
		value, err := unix.GetsockoptInt(server, option[0], option[1])
		require.NoError(t, err)
		assert.NotZero(t, value, name)
	}
	flags, err := unix.FcntlInt(uintptr(server), unix.F_GETFD, 0)
	require.NoError(t, err)
	assert.NotZero(t, flags&unix.FD_CLOEXEC, "other programs must not inherit it")
}

func TestOnlyWhatHasADescriptorCanBeTakenOver(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	_, err := sock.Blocking(a)
	assert.ErrorContains(t, err, "no descriptor")
}

// blocking returns a client, and a blocking descriptor for the other end.
func blocking(t *testing.T) (client net.Conn, fd int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err = net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	accepted, err := ln.Accept()
	require.NoError(t, err)
	fd, err = sock.Blocking(accepted)
	require.NoError(t, err)
	t.Cleanup(func() { _ = sock.System.Close(fd) })
	return client, fd
}

func TestABlockingReadWaitsForBytes(t *testing.T) {
	client, fd := blocking(t)
	got := make(chan string)
	go func() {
		p := make([]byte, 10)
		n, err := sock.BlockingRead(fd, p)
		assert.NoError(t, err)
		got <- string(p[:n])
	}()
	_, err := client.Write([]byte("hello"))
	require.NoError(t, err)
	assert.Equal(t, "hello", <-got)
}

func TestABlockingReadEndsWithItsTime(t *testing.T) {
	_, fd := blocking(t)
	require.NoError(t, sock.SetTimeouts(fd, time.Millisecond))
	_, err := sock.BlockingRead(fd, make([]byte, 10))
	assert.Equal(t, sock.ErrWouldBlock, err)
}

func TestABlockingReadIsInterrupted(t *testing.T) {
	_, fd := blocking(t)
	require.NoError(t, sock.SetTimeouts(fd, time.Hour))
	thread, returned := make(chan sock.Thread), make(chan error)
	go func() {
		runtime.LockOSThread()
		thread <- sock.CurrentThread()
		_, err := sock.BlockingRead(fd, make([]byte, 10))
		returned <- err
	}()
	reader := <-thread
	for { // an early interruption may come before the call begins
		require.NoError(t, reader.Interrupt(fd))
		select {
		case err := <-returned:
			assert.Error(t, err)
			return
		case <-time.After(time.Millisecond):
		}
	}
}

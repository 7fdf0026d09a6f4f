//go:build unix

package servertest

import (
	"errors"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
)

// testDescriptors takes away the process's descriptors while clients connect.
// The server must keep running, serve its present clients, and accept again as
// soon as it can.
func testDescriptors(t *testing.T, target Target) {
	limitDescriptors(t)
	srv := start(t, target, server.Config{Limits: unhurried})
	held := srv.dial()
	held.talk("held")

	// The clients' sockets are made before the last descriptor is taken;
	// connecting needs no further descriptor.
	const clients = 5
	var sockets []int
	for range clients {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		require.NoError(t, err)
		t.Cleanup(func() { _ = unix.Close(fd) })
		timeout := unix.NsecToTimeval(patience.Nanoseconds())
		require.NoError(t, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout))
		sockets = append(sockets, fd)
	}
	to := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port(t, srv.addr)}

	free := takeDescriptors(t)
	put := srv.protocol.Open().Put("waiting", "x") // the first request of each
	for _, fd := range sockets {
		require.NoError(t, unix.Connect(fd, to))
		write(t, fd, put.Request)
	}
	if !target.OneAtATime() { // a model that serves only held does not accept
		srv.eventually("accepting fails", func(st server.Stats) bool { return st.AcceptErrors > 0 })
	}
	held.talk("held")
	held.Close()
	free()

	for i, fd := range sockets {
		assert.Equal(t, string(put.Reply), read(t, fd), "client %d's reply", i)
		require.NoError(t, unix.Shutdown(fd, unix.SHUT_RDWR))
	}
	srv.visit("afterwards")
}

// limitDescriptors leaves the process a few more descriptors, for this test.
// A server may read the limit once, when it starts.
func limitDescriptors(t *testing.T) {
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	next, err := os.Open(os.DevNull) // gets the lowest free number
	require.NoError(t, err)
	defer next.Close()

	few := before
	setLimit(&few.Cur, next.Fd()+100)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	t.Cleanup(func() { assert.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) })
}

// takeDescriptors leaves the process no descriptor, until free is called.
func takeDescriptors(t *testing.T) (free func()) {
	var taken []int
	free = sync.OnceFunc(func() {
		for _, fd := range taken {
			assert.NoError(t, unix.Close(fd))
		}
	})
	t.Cleanup(free)
	for {
		fd, err := unix.Dup(0)
		if err == unix.EMFILE {
			return free
		}
		require.NoError(t, err)
		taken = append(taken, fd)
	}
}

// setLimit sets a limit; its type differs between systems.
func setLimit[T int64 | uint64](limit *T, n uintptr) { *limit = T(n) }

func port(t *testing.T, addr string) int {
	a, err := net.ResolveTCPAddr("tcp", addr)
	require.NoError(t, err)
	return a.Port
}

func write(t *testing.T, fd int, data []byte) {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		require.NoError(t, err)
		data = data[n:]
	}
}

// read returns the bytes of the first read: usually a short reply.
func read(t *testing.T, fd int) string {
	buf := make([]byte, 100)
	for {
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		require.NoError(t, err)
		return string(buf[:n])
	}
}

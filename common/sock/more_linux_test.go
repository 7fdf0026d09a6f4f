package sock_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/sock"
)

// moreEventually is sock.ReadMore, repeated until it finds bytes.
func moreEventually(t *testing.T, fd int, p []byte) (n int, more bool, err error) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, more, err = sock.ReadMore(fd, p)
		return err != sock.ErrWouldBlock
	}, time.Minute, time.Millisecond)
	return n, more, err
}

// closedByPeer reports whether the peer's FIN has arrived.
func closedByPeer(t *testing.T, fd int) bool {
	t.Helper()
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	require.NoError(t, err)
	const closeWait = 8 // TCP_CLOSE_WAIT, include/net/tcp_states.h
	return info.State == closeWait
}

func TestReadMore(t *testing.T) {
	client, server := connect(t)
	buf := make([]byte, 10)
	_, _, err := sock.ReadMore(server, buf)
	require.Equal(t, sock.ErrWouldBlock, err)

	send := func(s string) {
		_, err := client.Write([]byte(s))
		require.NoError(t, err)
	}
	send("not told yet")
	_, more, err := moreEventually(t, server, buf)
	require.NoError(t, err)
	assert.True(t, more, "not known is more")
	n, more, err := sock.ReadMore(server, buf)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	assert.True(t, more, "not known is more")

	require.True(t, sock.TellMore(server))
	send("ten bytes.two")
	n, more, err = moreEventually(t, server, buf)
	require.NoError(t, err)
	assert.Equal(t, "ten bytes.", string(buf[:n]))
	assert.True(t, more)
	n, more, err = sock.ReadMore(server, buf)
	require.NoError(t, err)
	assert.Equal(t, "two", string(buf[:n]))
	assert.False(t, more)

	// The end of the stream counts as more, too.
	client, server = connect(t)
	require.True(t, sock.TellMore(server))
	send("the end")
	require.NoError(t, client.CloseWrite())
	require.Eventually(t, func() bool { return closedByPeer(t, server) }, time.Minute, time.Millisecond)
	_, more, err = sock.ReadMore(server, buf)
	require.NoError(t, err)
	assert.True(t, more)
	_, _, err = sock.ReadMore(server, buf)
	assert.Equal(t, io.EOF, err)

	// A descriptor that is not TCP has no such report.
	assert.False(t, sock.TellMore(-1))
}

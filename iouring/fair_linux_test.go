package iouring

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// A client that got no buffer is the first to get one. Once, the clients that came first
// and sent much took all buffers in every iteration, and later clients got none.
func TestWhoGotNoBufferIsTheFirstToGetOne(t *testing.T) {
	s := servertest.NewSlowStore()
	o := observe(t, server.Config{Protocol: kv.New(kv.Config{Store: s})}, ring.Config{Entries: 64, Completions: 128, Buffers: 2, BufferSize: 1 << 10})
	slow, first, second, modest := o.dial(), o.dial(), o.dial(), o.dial()
	for _, c := range []*probe.Conn{slow, first, second, modest} {
		c.Send(probe.Put("here", "v"))
		c.Want(probe.Stored)
	}
	slow.Send(probe.Put("slow", "v"))
	<-s.Entered // now the loop is busy, and requests wait
	const puts = 30
	much := []byte(strings.Repeat(string(probe.Put("much", strings.Repeat("v", 1500))), puts))
	first.Send(much)
	second.Send(much)
	modest.Send(probe.Put("little", "v"))
	for _, c := range []*probe.Conn{first, second, modest} {
		o.eventually("all that was sent has come", func() bool { return unacknowledged(t, c) == 0 })
	}
	close(s.Release)
	for _, c := range []*probe.Conn{first, second} {
		for range puts {
			c.Want(probe.Stored)
		}
	}
	modest.Want(probe.Stored)

	keys := s.Keys()[4+1:] // without the first one of each client, and "slow"
	require.Len(t, keys, 2*puts+1)
	assert.Less(t, slices.Index(keys, "little"), puts, "how many were served before the one that sent little")
	assert.Positive(t, o.dry.Load(), "receives that ended for lack of a buffer")
}

// unacknowledged returns the number of bytes that c has sent and the other end's
// kernel has not acknowledged.
func unacknowledged(t *testing.T, c *probe.Conn) (n int) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	var failed error
	require.NoError(t, raw.Control(func(fd uintptr) { n, failed = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }))
	require.NoError(t, failed)
	return n
}

package eventloop_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/eventloop"
)

// Clients of one loop hold the memory, and that loop sleeps. In the other loop only one
// client holds much, and it makes progress. It is served all the same: the sleeping loop
// is woken, and closes clients of its own.
func TestALoopGivesUpMemoryForAnother(t *testing.T) {
	l := server.Limits{MemoryLimit: 8 << 20, MaxConns: 256, IdleTimeout: -1, FrameTimeout: -1, WriteTimeout: -1}
	srv := eventloop.New(eventloop.Config{Config: server.Config{Limits: l}, Loops: 2})
	addr := servertest.Serve(t, srv)
	eventually := func(what string, ok func(server.Stats) bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !ok(srv.Stats()); time.Sleep(time.Millisecond) {
			require.True(t, time.Now().Before(end), what)
		}
	}
	part := probe.Put("k", strings.Repeat("v", 500_000))[:120_000]
	var honest []*probe.Conn
	// Clients go to the loops in turn, because the loops have equally few.
	for taken := int64(0); srv.Stats().BufferBytes < l.MemoryLimit*3/4-256<<10; {
		c := probe.Dial(t.Context(), t, addr)
		c.Send(probe.Get("absent"))
		c.Want(probe.Absent("absent"))
		honest = append(honest, c)
		holder := probe.Dial(t.Context(), t, addr)
		holder.Send(part)
		taken += int64(len(probe.Get("absent")) + len(part))
		eventually("it is read", func(st server.Stats) bool { return st.BytesIn == taken })
	}
	require.Zero(t, srv.Stats().Closed[server.ClosedMemory.String()])
	for _, c := range honest[:10] {
		// All but the last byte, so that the client needs its memory until the other loop
		// has been woken.
		whole := probe.Put("k", strings.Repeat("v", 500_000))
		c.Send(whole[:len(whole)-1])
		eventually("memory comes back", func(st server.Stats) bool {
			return st.Closed[server.ClosedMemory.String()] > 0 && st.BufferBytes <= l.MemoryLimit*3/4
		})
		c.Send(whole[len(whole)-1:])
		c.Want(probe.Stored)
	}
}

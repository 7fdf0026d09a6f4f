//go:build unix

package blocking

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// A call that was stopped together with its process returns when its deadline
// is over, although the client is ready.
func TestAClientThatIsReadyIsNotJudgedByTheDeadline(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)

	conns := NewConns(kvserver.NewHost(kvserver.Config{}, kvserver.Traits{}, 1))
	c := conns.Open(stream)
	defer conns.Close(c)
	late := func(call func()) {
		require.NoError(t, stream.SetDeadline(past))
		call()
	}
	late(c.Read) // nothing has come: no harm is done
	client.Send(probe.Put("k", "v"))
	require.Eventually(t, func() bool {
		late(c.Read)
		return len(c.Output()) > 0
	}, time.Minute, time.Millisecond, "what came is read")
	late(c.Write)
	assert.Empty(t, c.Output(), "there was room")
	client.Want(probe.Stored)
}

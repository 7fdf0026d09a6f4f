//go:build unix

package blocking

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// If the process was stopped during a call, the call ends with its deadline although
// the client is ready. The client is served all the same.
func TestAClientThatIsReadyIsNotJudgedByTheDeadline(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client := probe.Dial(t.Context(), t, ln.Addr().String())
	stream, err := ln.Accept()
	require.NoError(t, err)

	conns := NewConns(server.NewCore(server.Config{}, server.Traits{}, 1))
	c := conns.Open(stream)
	defer conns.Close(c)
	lateRead := func() {
		c.Buffer()
		c.HandleRead(0, os.ErrDeadlineExceeded)
	}
	lateRead() // no bytes have come, and the client is not closed
	client.Send(probe.Put("k", "v"))
	require.Eventually(t, func() bool {
		lateRead()
		return len(c.Output()) > 0
	}, time.Minute, time.Millisecond, "the received bytes are read")
	c.HandleWrite(0, os.ErrDeadlineExceeded)
	assert.Empty(t, c.Output(), "there was room")
	client.Want(probe.Stored)
}

// If a reset follows a part of a frame, the kernel says that there is no more to read,
// and the runtime reports the reset only once: here, before the server waits. The
// server must notice the reset all the same.
func TestAResetBehindPartOfAFrameIsNoticed(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	conns := NewConns(server.NewCore(server.Config{}, server.Traits{}, 1))
	for range 50 {
		client := probe.Dial(t.Context(), t, ln.Addr().String())
		stream, err := ln.Accept()
		require.NoError(t, err)
		client.Send(probe.Put("k", "v")[:10])
		client.Reset()
		// Waiting for another connection makes the runtime poll.
		other := probe.Dial(t.Context(), t, ln.Addr().String())
		answer, err := ln.Accept()
		require.NoError(t, err)
		other.Close()
		_, err = answer.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, answer.Close())

		c := conns.Open(stream)
		done := make(chan struct{})
		go func() {
			defer close(done)
			serve(c)
			conns.Close(c)
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second): // half of the frame timeout
			require.Fail(t, "the server waits for the rest of the frame")
		}
	}
}

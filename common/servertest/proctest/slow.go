package proctest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testUnreadReplies lets a slow reader request 200 MiB and read nothing. The
// server may keep the output limit, 1 MiB, in a buffer up to twice as large, and
// its read buffer. Its own counters are exact to the byte. The process's memory
// is measured, but depends on the collector and on other load, so the test only
// fails if it is so large that the server must keep many replies.
func testUnreadReplies(t *testing.T, target server.Variant) {
	const requests = 400
	const most = 2<<20 + 128<<10
	srv := start(t, target, unhurried(target)...)
	srv.put(largeKey, largeValue)
	c := srv.dial()
	talk(c, "k")

	assert.NoError(t, resetPeak(srv.Pid))
	before := srv.usage()
	ask(t, c, requests)
	srv.wantBlocked()
	after := srv.usage()
	figureMiB(t, "rss-growth-MiB", after.rss-before.rss)
	figureMiB(t, "peak-rss-growth-MiB", after.peak-before.rss)
	assert.LessOrEqual(t, srv.stats().BufferBytes, int64(most), "bytes of buffers")
	all := int64(requests * len(largeValue))
	assert.LessOrEqual(t, after.peak-before.rss, all/4, "growth of resident memory at its peak, in bytes")

	for range requests {
		c.Want(probe.Found(largeKey, largeValue))
	}
	figureMiB(t, "peak-rss-growth-when-read-MiB", srv.usage().peak-before.rss)
	talk(c, "k")
}

// wantBlocked waits until the server has paused reading from a client, and
// can send it nothing more.
func (s *testServer) wantBlocked() {
	s.t.Helper()
	var sent int64
	same := 0
	s.counted("the server stops reading from a client that does not read", func(st server.Stats) bool {
		if same++; st.BytesOut != sent {
			sent, same = st.BytesOut, 0
		}
		return st.Pauses > 0 && same == 20
	})
}

// testStoppedClient lets a client stop with replies pending. In a model that
// serves several clients at once, the others do not have to wait for it.
// Elsewhere they wait, but no longer than the write timeout.
func testStoppedClient(t *testing.T, target server.Variant) {
	t.Run("others meanwhile", func(t *testing.T) {
		srv := start(t, target, unhurried(target)...)
		srv.stoppedGlutton(t)
		next := srv.dial()
		if target.OneAtATime() {
			next.Send(probe.Get("absent"))
			srv.wantBlocked()
			assert.EqualValues(t, 1, srv.stats().Active, "the others wait in the listen queue")
			return
		}
		for range 100 {
			talk(next, "k")
		}
	})
	t.Run("in the end", func(t *testing.T) {
		srv := start(t, target, append(unhurried(target), "--write-timeout", "300ms")...)
		srv.stoppedGlutton(t)
		stopped := time.Now()
		next := srv.dial()
		next.Send(probe.Get("absent"))
		srv.wantClosed(server.ClosedSlowReader, 1)
		figureMs(t, "stopped-until-closed-ms", time.Since(stopped))
		next.Want(probe.Absent("absent"))
	})
}

// A value so large that a few of them fill all buffers between two processes.
const largeKey = "large"

var largeValue = strings.Repeat("large...", 512<<10/8)

// fed is the output of a glutton after it has read something.
const fed = "fed"

// glut is a client that requests a large value for ever and reads the
// replies: whenever its process is stopped, replies are pending.
func glut(addr string) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		requests := bytes.Repeat(probe.Get(largeKey), 1000)
		for {
			if _, err := nc.Write(requests); err != nil {
				return
			}
		}
	}()
	p := make([]byte, 64<<10)
	for said := false; ; said = true {
		if _, err := nc.Read(p); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if !said {
			fmt.Println(fed)
		}
	}
}

// stoppedGlutton returns the process of a client that was stopped with
// replies pending.
func (s *testServer) stoppedGlutton(t *testing.T) *process {
	t.Helper()
	s.put(largeKey, largeValue)
	p := spawn(t, gluttonRole, nil, s.addr)
	p.eventually("it is served", func() bool { return strings.Contains(p.String(), fed) })
	p.suspend()
	return p
}

// ask sends n requests for the large value on a connection with a small
// receive buffer. (With a buffer much smaller than a segment of the loopback
// interface, TCP nearly stops, however fast the client reads.)
func ask(t *testing.T, c *probe.Conn, n int) {
	t.Helper()
	require.NoError(t, c.SetReadBuffer(64<<10))
	c.Send(bytes.Repeat(probe.Get(largeKey), n))
}

// testDribble lets clients send a large frame byte by byte. The server must
// close each when the frame has taken too long; the test publishes how long
// after that.
func testDribble(t *testing.T, target server.Variant) {
	const timeout = time.Second
	n := brief(500, 50)
	if most := target.Clients; most > 0 {
		n = most
	}
	srv := start(t, target, append(unhurried(target), "--frame-timeout", timeout.String())...)
	late := make([]time.Duration, n)
	probe.Concurrently(t, n, func(t probe.T, i int) {
		c := probe.Dial(srv.ctx, t, srv.addr)
		talk(c, "k")
		begun := time.Now()
		frame := probe.Put("k", string(make([]byte, 1000)))
		for sent := range frame {
			_ = c.SetReadDeadline(time.Now().Add(timeout / 50))
			if _, err := c.Write(frame[sent : sent+1]); err != nil {
				break
			}
			// Waiting for the end of the stream is also the pause between two bytes.
			if _, err := c.TCPConn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		late[i] = time.Since(begun) - timeout
	})
	srv.wantClosed(server.ClosedSlowFrame, int64(n))
	figureTimes(t, "slow-frame-closed-late", late)
	srv.visit("k")
}

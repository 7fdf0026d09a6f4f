package proctest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
)

// testBurst lets a client send very many requests at once, again and again,
// while a neighbour sends one request at a time. If the neighbour must wait
// for its turn, it gets it when the other client has left.
func testBurst(t *testing.T, target server.Variant) {
	const frames = 10_000
	var requests []byte
	for i := range frames {
		requests = append(requests, probe.Get(fmt.Sprint("absent ", i))...)
	}
	srv := start(t, target, unhurried(target)...)
	hog := srv.dial()
	burst := func() {
		written := hog.Start(requests)
		for i := range frames {
			hog.Want(probe.Absent(fmt.Sprint("absent ", i)))
		}
		written()
	}
	burst()
	neighbour := srv.dial()

	if target.OneAtATime() {
		neighbour.Send(probe.Get("neighbour"))
		burst()
		hog.Close()
		left := time.Now()
		neighbour.Want(probe.Absent("neighbour"))
		figureMs(t, "neighbour-served-ms-after-the-burst", time.Since(left))
		return
	}
	alone := keepAsking(neighbour, after(100*time.Millisecond))
	require.Empty(t, alone.failure, "the neighbour, alone")
	figureTimes(t, "neighbour-alone", alone.times)
	over := make(chan struct{})
	asking := make(chan asked, 1)
	go func() { asking <- keepAsking(neighbour, over) }()
	for range brief(20, 3) {
		burst()
	}
	close(over)
	r := <-asking
	require.Empty(t, r.failure, "the neighbour")
	figure(t, "neighbour-requests", "%d", len(r.times))
	figureTimes(t, "neighbour", r.times)
}

// after returns a channel that is closed after d.
func after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	time.AfterFunc(d, func() { close(over) })
	return over
}

// asked is the result of a client that sent one request at a time.
type asked struct {
	times   []time.Duration // at least one, unless there was a failure
	failure string
}

func keepAsking(c *probe.Conn, over <-chan struct{}) (r asked) {
	r.failure = probe.Try(func(t probe.T) {
		c := c.For(t)
		for {
			began := time.Now()
			c.Send(probe.Get("neighbour"))
			c.Want(probe.Absent("neighbour"))
			r.times = append(r.times, time.Since(began))
			select {
			case <-over:
				return
			default:
			}
		}
	})
	return r
}

// testHalfClose lets a client send a FIN after its replies have filled all
// buffers, so the server reads the FIN with many requests unanswered.
func testHalfClose(t *testing.T, target server.Variant) {
	const requests = 1000
	value := strings.Repeat("v", 16<<10)
	srv := start(t, target, unhurried(target)...)
	c := srv.dial()
	require.NoError(t, c.SetReadBuffer(64<<10))
	c.Send(probe.Put("k", value))
	c.Want(probe.Stored)
	c.Send(bytes.Repeat(probe.Get("k"), requests))
	srv.counted("the server stops reading from the client", func(st server.Stats) bool { return st.Pauses > 0 })
	c.HalfClose()
	for range requests {
		c.Want(probe.Found("k", value))
	}
	c.WantEnd()
}

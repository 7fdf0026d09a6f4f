package proctest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testUnreadReplies lets a slow reader request 200 MiB and read nothing. The
// server may keep the output limit, 1 MiB, in a buffer up to twice as large, and
// its read buffer. Its own counters are exact to the byte. The process's memory
// is measured, but depends on the collector and on other load, so the test only
// fails if it is so large that the server must keep many replies.
func testUnreadReplies(t *testing.T, target kvserver.Variant) {
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
func (s *server) wantBlocked() {
	s.t.Helper()
	var sent int64
	same := 0
	s.counted("the server stops reading from a client that does not read", func(st kvserver.Stats) bool {
		if same++; st.BytesOut != sent {
			sent, same = st.BytesOut, 0
		}
		return st.Pauses > 0 && same == 20
	})
}

// testStoppedClient lets a client stop with replies pending. In a model that
// serves several clients at once, the others do not have to wait for it.
// Elsewhere they wait, but no longer than the write timeout.
func testStoppedClient(t *testing.T, target kvserver.Variant) {
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
		srv.wantClosed(kvserver.ClosedSlowReader, 1)
		figureMs(t, "stopped-until-closed-ms", time.Since(stopped))
		next.Want(probe.Absent("absent"))
	})
}

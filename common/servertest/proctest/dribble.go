package proctest

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testDribble lets clients send a large frame byte by byte. The server must
// close each when the frame has taken too long; the test publishes how long
// after that.
func testDribble(t *testing.T, target kvserver.Variant) {
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
	srv.wantClosed(kvserver.ClosedSlowFrame, int64(n))
	figureTimes(t, "slow-frame-closed-late", late)
	srv.visit("k")
}

//go:build unix

package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/eventloop/poller"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Two connections have a request in flight, each answered after 10 ms, rightly or
// wrongly. The third connection is given up in the middle of the window.
func TestWrongRepliesAndLostConnectionsAreNoLongWaits(t *testing.T) {
	for name, rate := range map[string]float64{"closed": 0, "open": 200} {
		t.Run(name, func(t *testing.T) {
			const wait = 10 * time.Millisecond
			p, err := poller.New(1)
			require.NoError(t, err)
			w := load.Workload{Connections: 3, Depth: 1, Rate: rate}
			g := &generator{cfg: Config{Workload: w}, window: newWindow(time.Second), open: 3, outstanding: 3, poller: p}
			defer g.close()
			if rate > 0 {
				g.schedule = newSchedule(w, 1)
			}
			g.window.begin(0, 1)
			lost := &conn{pipeline: newPipeline(codecOf(sized(1, 1)), 1), fd: -1}
			lost.appendRequest(nil, request{due: 1})
			for i := range 100 {
				if i == 50 {
					g.clock = time.Now().Add(-g.read)
					g.resume()
					g.fail(lost, &g.errors.TimedOut, timeoutError{wait})
				}
				due := g.window.tallied
				g.read = due + wait
				g.tally(g.read)
				g.window.offered += 2
				g.reply(&pipeline{answered: 1}, request{due: due, sent: due}, nil)
				g.reply(&pipeline{answered: 1}, request{due: due, sent: due}, errUnasked)
				g.outstanding += 2
			}
			g.window.end(g.read)
			// These are real times of the thread on which this goroutine happened to
			// run.
			g.window.cpu, g.window.runQueue = nil, nil
			r, err := g.result()
			require.NoError(t, err)
			assert.EqualValues(t, 100, r.Requests)
			assert.EqualValues(t, 100, r.Wrong)
			assert.InEpsilon(t, 2.5, r.InFlight, 0.02)
			assert.InEpsilon(t, 1.5, r.InError, 0.02)
			assert.Less(t, r.Hidden(), 0.05, "it would be remarked")
			assert.Empty(t, r.Void)
			assert.True(t, r.Kept(), "it answered everything, if wrongly")
		})
	}
}

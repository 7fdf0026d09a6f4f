package servertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// testTurns connects clients that never pause, as many as the model serves at
// once, and one more. In a model in which the additional client waits, another
// must give way to it, at the end of a reply; in other models none must.
func testTurns(t *testing.T, target Target) {
	l := unhurried
	l.TurnLimit = 20 * time.Millisecond
	srv := start(t, target, kvserver.Config{Limits: l})

	busy := srv.occupy(target)
	results := make(chan busyResult, len(busy))
	stop := make(chan struct{})
	for _, c := range busy {
		go func() { results <- keepBusy(c, stop) }()
	}
	srv.visit("waiting")
	close(stop)
	gaveWay := 0
	for range busy {
		r := <-results
		require.Empty(t, r.failure)
		if r.gaveWay {
			gaveWay++
		}
	}

	turns := srv.books().Closed[kvserver.ClosedTurn.String()]
	if target.Clients > 0 {
		assert.Positive(t, turns, "a client must have given way")
		assert.Positive(t, gaveWay, "clients whose connection ended")
	} else {
		assert.Zero(t, turns, "no client has to give way")
		assert.Zero(t, gaveWay, "clients whose connection ended")
	}
}

type busyResult struct {
	gaveWay bool // the server ended the connection, between two replies
	failure string
}

// keepBusy sends requests without pause until stop, or until the server ends
// the connection.
func keepBusy(c *probe.Conn, stop <-chan struct{}) (r busyResult) {
	r.failure = probe.Try(func(t probe.T) {
		c := c.For(t)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := c.Write(probe.Get("absent")); err != nil || c.Ended() {
				r.gaveWay = true
				return
			}
			c.Want(probe.Absent("absent"))
		}
	})
	return r
}

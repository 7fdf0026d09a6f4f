package servertest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// testExchanges sends a protocol's exchanges in ways that must make no difference: all
// of them in one write, cut into two, in single bytes, and with a FIN behind them; with
// an output limit that every reply reaches, too.
func testExchanges(t *testing.T, target Target) {
	const cuts = 200
	var requests, replies []byte
	for _, e := range target.serves().Exchanges {
		requests, replies = append(requests, e.Request...), append(replies, e.Reply...)
	}
	for _, limit := range []int{0, 1} {
		t.Run(fmt.Sprint("output limit ", limit), func(t *testing.T) {
			l := unhurried
			l.OutputLimit = limit
			srv := start(t, target, server.Config{Limits: l})
			c := srv.dial()
			for cut := 0; cut < len(requests); cut += 1 + len(requests)/cuts {
				c.Send(requests[:cut])
				c.Send(requests[cut:])
				c.WantBytes(replies)
			}
			for i := range requests {
				c.Send(requests[i : i+1])
			}
			c.WantBytes(replies)
			const many = 100 // with more output than sockets hold
			written := c.Start(bytes.Repeat(requests, many))
			for range many {
				c.WantBytes(replies)
			}
			written()
			c.Send(requests)
			c.HalfClose()
			c.WantBytes(replies)
			c.WantEnd()
			srv.wantClosed(server.ClosedByPeer, 1)
		})
	}
	t.Run("what ends a connection is its last request", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		for _, last := range []dialogue.Exchange{srv.protocol.NoRequest, srv.protocol.Quit} {
			if len(last.Request) == 0 {
				continue
			}
			c := srv.dial()
			c.Send(requests, last.Request, requests)
			c.WantBytes(replies)
			c.WantBytes(last.Reply)
			c.WantEnd()
			c.Close()
		}
		srv.settle()
		if len(srv.protocol.Quit.Request) > 0 {
			srv.wantClosed(server.ClosedDone, 1)
		}
	})
}

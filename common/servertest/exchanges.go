package servertest

import (
	"slices"
	"testing"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// untried are rules about transport that look at what the rules of the key/value protocol
// look at with the same server, and that no handler can change: what one client means to
// the others. unread-replies waits for two seconds to see what limits/output sees, too.
var untried = []string{"crowd", "storm", "come-and-go", "idle-client", "half-close-many", "unread-replies"}

// testExchanges checks the rules about transport with a protocol's exchanges, on a
// server that is full with every reply, and the requests that end a connection. The
// key/value protocol needs no rules about transport, because its own rules include
// them.
func testExchanges(t *testing.T, target Target) {
	all := target.serves().Exchanges
	t.Run("transport", func(t *testing.T) {
		if target.serves().Name == protocols.KeyValue.Name {
			return
		}
		l := unhurried
		l.OutputLimit = 1
		srv := start(t, target, server.Config{Limits: l})
		o := options(target)
		for _, rule := range conformance.SelectTransport(all, o) {
			if slices.Contains(untried, rule.ID) {
				continue
			}
			t.Run(rule.ID, func(t *testing.T) {
				o.Only = []string{rule.ID}
				wantPassed(t, conformance.Transport(srv.ctx, srv.addr, all, o))
			})
		}
	})
	var requests, replies []byte
	for _, e := range all {
		requests, replies = append(requests, e.Request...), append(replies, e.Reply...)
	}
	t.Run("what ends a connection is its last request", func(t *testing.T) {
		srv := start(t, target, server.Config{Limits: unhurried})
		for _, last := range []exchanges.Exchange{srv.protocol.NoRequest, srv.protocol.Quit} {
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

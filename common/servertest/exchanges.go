package servertest

import (
	"testing"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// testExchanges checks the rules about transport with a protocol's exchanges, on a
// server that is full with every reply, and the requests that end a connection. The
// key/value protocol needs no rules about transport, because its own rules include
// them. The rule unread-replies is left out: it waits for two seconds to see what
// limits/output sees, too.
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
			if rule.ID == "unread-replies" {
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

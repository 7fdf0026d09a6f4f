package servertest

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
)

// testLog tests that neither clients nor Close wait for a stuck log.
func testLog(t *testing.T, target Target) {
	t.Run("stuck", func(t *testing.T) {
		log := stuckLog{slog.DiscardHandler, make(chan struct{}, 1), make(chan struct{})}
		srv := start(t, target, server.Config{Protocol: kv.New(kv.Config{Store: store.NewSharded(1 << 10)}), Logger: slog.New(log)})
		t.Cleanup(func() { close(log.over) }) // before the server is closed
		c := srv.dial()
		c.Send(probe.Put("k", strings.Repeat("v", 2<<10)))
		c.WantError(probe.KindPut)
		<-log.stuck // the log receives that the store is full
		c.talk("k")
		if !target.OneAtATime() {
			srv.visit("k")
		}
	})
}

// stuckLog does not return until its test is over.
type stuckLog struct {
	slog.Handler
	stuck, over chan struct{}
}

func (l stuckLog) Enabled(context.Context, slog.Level) bool { return true }

func (l stuckLog) Handle(context.Context, slog.Record) error {
	select {
	case l.stuck <- struct{}{}:
	default:
	}
	<-l.over
	return nil
}

//go:build !race

package resp_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/session"
)

// In steady state the usual commands allocate nothing; those that change several entries in
// one step make some closures. (Under the race detector a
// sync.Pool drops what it holds at random.)
func TestTheUsualCommandsDoNotAllocate(t *testing.T) {
	hot(t, func(store string, h session.Handler) {
		out := make([]byte, 0, 8<<10)
		for _, name := range []string{"get", "set", "ping", "pipeline"} {
			in := []byte(hotRequests[name])
			assert.Zero(t, testing.AllocsPerRun(100, func() { serve(t, h, out, in) }), "%s, %s", name, store)
		}
	})
}

package resp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// hotRequests are what clients send most.
var hotRequests = map[string]string{
	"get":      array("GET", "key:000000000007"),
	"set":      array("SET", "key:000000000007", strings.Repeat("v", 64)),
	"ping":     array("PING"),
	"incr":     array("INCR", "n"),
	"mget":     array("MGET", "key:000000000007", "n", "none"),
	"mset":     array("MSET", "a", "1", "b", "2"),
	"pipeline": strings.Repeat(array("GET", "key:000000000007")+array("SET", "key:000000000007", "value"), 8),
}

// serve answers all of in, in memory that is reused.
func serve(t require.TestingT, h session.Handler, out, in []byte) {
	for len(in) > 0 {
		_, taken, _, room, err := h.Serve(out[:0], in, maxRequest, 1<<20)
		if taken == 0 || room > 0 || err != nil {
			require.Fail(t, "not answered", "%q", in)
		}
		in = in[taken:]
	}
}

// hot returns a handler, and calls run with it for both stores in memory.
func hot(t require.TestingT, run func(store string, h session.Handler)) {
	for name, s := range map[string]store.Store{"InMemory": store.New(0), "Sharded": store.NewSharded(0)} {
		h := start(t, resp.Config{Store: s}).Open()
		out := make([]byte, 0, 8<<10)
		serve(t, h, out, []byte(hotRequests["set"]))
		run(name, h)
	}
}

func BenchmarkServe(b *testing.B) {
	hot(b, func(store string, h session.Handler) {
		for _, name := range []string{"get", "set", "incr", "mget", "mset", "pipeline"} {
			in, out := []byte(hotRequests[name]), make([]byte, 0, 8<<10)
			b.Run("op="+name+"/store="+store, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					serve(b, h, out, in)
				}
			})
		}
	})
}

//go:build unix

package kvcmd

import (
	"context"
	"flag"
	"io"
	"math"
	"os"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// The garbage collector once did not know the limits, and let garbage grow as large
// as all that was live.
func TestTheCollectorKnowsTheLimits(t *testing.T) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); set {
		t.Skip("GOMEMLIMIT is set")
	}
	before := debug.SetMemoryLimit(-1)
	for _, test := range []struct {
		name, env string
		args      []string
		want      int64
	}{
		{"limits", "", []string{"--memory-limit", "32MiB", "--store-limit", "1GiB", "--max-conns", "1000"}, 32<<20 + 1<<30 + 1<<28 + 1000<<14 + 64<<20},
		{"buffers without a limit", "", []string{"--memory-limit", "-1", "--store-limit", "1GiB"}, before},
		{"a store without a limit", "", []string{"--store-limit", "-1"}, before},
		{"the user's own", "1GiB", []string{"--store-limit", "1GiB"}, before},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.env != "" {
				t.Setenv("GOMEMLIMIT", test.env)
			}
			limit := int64(math.MinInt64)
			c := kvserver.Command{Flags: func(*flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
				return func(cfg kvserver.Config) (kvserver.Server, error) {
					limit = debug.SetMemoryLimit(-1)
					return nil, io.ErrUnexpectedEOF
				}
			}}
			Run(context.Background(), "kv-test", c, append(test.args, "--addr", "127.0.0.1:0"), io.Discard, io.Discard)
			assert.Equal(t, test.want, limit, "while it runs")
			assert.Equal(t, before, debug.SetMemoryLimit(-1), "afterwards")
		})
	}
}

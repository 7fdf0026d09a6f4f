package resp_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/store"
)

// Connections on several threads see each command as one step.
func TestCommandsAreOneStepOnSeveralThreads(t *testing.T) {
	p := start(t, resp.Config{Store: store.NewSharded(0)})
	const threads, times = 4, 300
	var won sync.Map
	var all sync.WaitGroup
	for g := range threads {
		all.Go(func() {
			c := connect(p)
			one, other := "x", "y"
			if g%2 == 1 {
				one, other = other, one
			}
			for range times {
				value := strings.Repeat(string(rune('a'+g)), 40)
				assert.Equal(t, "+OK\r\n", c.do("MSET", one, value, other, value))
				reply := strings.Split(c.do("MGET", other, one), "\r\n")
				assert.Equal(t, reply[2], reply[4], "half of an MSET")
				c.send(fields("INCR n") + fields("APPEND text z"))
				if c.do("SETNX", "lock", "x") == ":1\r\n" {
					_, taken := won.LoadOrStore("lock", g)
					assert.False(t, taken, "two connections have the lock")
					won.Delete("lock")
					assert.Equal(t, ":1\r\n", c.do("DEL", "lock"))
				}
			}
		})
	}
	all.Wait()
	c := connect(p)
	require.Equal(t, "$4\r\n1200\r\n", c.do("GET", "n"))
	require.Equal(t, ":1200\r\n", c.do("STRLEN", "text"))
}

package resp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
)

// step makes one step of a scan, and returns the next cursor and the keys.
func (c *client) step(t require.TestingT, cursor string, options ...string) (next string, keys []string) {
	reply := c.do(append([]string{"SCAN", cursor}, options...)...)
	lines := strings.Split(strings.TrimSuffix(reply, "\r\n"), "\r\n")
	require.Greater(t, len(lines), 3, reply)
	for i := 5; i < len(lines); i += 2 {
		keys = append(keys, lines[i])
	}
	require.Equal(t, fmt.Sprintf("*%d", len(keys)), lines[3])
	return lines[2], keys
}

// scan collects all keys. Each step is made by the next of several connections.
func scan(t require.TestingT, clients []*client, options ...string) map[string]int {
	met := map[string]int{}
	cursor := "0"
	for i := 0; ; i++ {
		require.Less(t, i, 100_000)
		next, keys := clients[i%len(clients)].step(t, cursor, options...)
		for _, key := range keys {
			met[key]++
		}
		if next == "0" {
			return met
		}
		require.NotEqual(t, cursor, next)
		cursor = next
	}
}

// TestAScanIsNoLongStep: a SCAN of a million keys kept the clients of a loop waiting for
// half a second, and a pipeline of them for minutes.
func TestAScanIsNoLongStep(t *testing.T) {
	for _, threads := range []bool{false, true} {
		p := resp.New(resp.Config{})
		require.NoError(t, p.Start(session.Env{Threads: threads}))
		clients := []*client{connect(p), connect(p)}
		const n = 5000
		for i := range n {
			require.Equal(t, "+OK\r\n", clients[0].do("SET", fmt.Sprint("key", i), ""))
		}
		next, keys := clients[0].step(t, "0", "COUNT", "1000000000")
		assert.NotEqual(t, "0", next)
		assert.Len(t, keys, 100)
		next, keys = clients[0].step(t, "0")
		assert.NotEqual(t, "0", next)
		assert.Len(t, keys, 10)
		met := scan(t, clients)
		require.Len(t, met, n)
		for key, times := range met {
			require.Equal(t, 1, times, key)
		}
		assert.Equal(t, map[string]int{"key4711": 1}, scan(t, clients, "MATCH", "key471[1]", "COUNT", "700"))
	}
}

// TestAPatternThatTakesLongIsRefused: a SCAN of one key of a mebibyte kept the clients of
// a loop waiting for 20 s.
func TestAPatternThatTakesLongIsRefused(t *testing.T) {
	p := start(t, resp.Config{})
	c := connect(p)
	key := strings.Repeat("a", 1_000_000)
	require.Equal(t, "+OK\r\n", c.do("SET", key, ""))
	assert.Equal(t, "-ERR matching a key with this pattern takes too long\r\n", c.do("SCAN", "0", "MATCH", "*"+strings.Repeat("a", 1000)+"b"))
	assert.Equal(t, "*2\r\n$1\r\n0\r\n*0\r\n", c.do("SCAN", "0", "MATCH", "*b"))
	assert.Len(t, scan(t, []*client{c}, "MATCH", "*a"), 1)
}

func TestAStepOfAScanMatchesFewLongKeys(t *testing.T) {
	p := start(t, resp.Config{})
	c := connect(p)
	const n = 20
	for i := range n {
		require.Equal(t, "+OK\r\n", c.do("SET", fmt.Sprint(i, strings.Repeat("a", 100_000)), ""))
	}
	steps, cursor := 0, "0"
	for first := true; first || cursor != "0"; first = false {
		cursor, _ = c.step(t, cursor, "COUNT", "1000", "MATCH", "*"+"b")
		steps++
	}
	assert.GreaterOrEqual(t, steps, n/2)
}

func TestAScanAnswersKeysOfAnyLength(t *testing.T) {
	p := start(t, resp.Config{})
	c := connect(p)
	const n = 30
	for i := range n {
		require.Equal(t, "+OK\r\n", c.do("SET", fmt.Sprint(i, strings.Repeat("a", i*20_000)), ""))
	}
	assert.Len(t, scan(t, []*client{c}), n)
}

func TestScansHaveALimit(t *testing.T) {
	p := start(t, resp.Config{})
	c := connect(p)
	for i := range 100 {
		c.do("SET", fmt.Sprint(i), "")
	}
	oldest, _ := c.step(t, "0")
	for range 63 {
		c.step(t, "0")
	}
	second, _ := c.step(t, oldest) // it is in use, so another one is the oldest now
	assert.Equal(t, "-ERR this cursor is no longer valid: begin again with SCAN 0\r\n", c.do("SCAN", oldest))
	for range 64 {
		c.step(t, "0")
	}
	assert.Equal(t, "-ERR this cursor is no longer valid: begin again with SCAN 0\r\n", c.do("SCAN", second))
	cursor, _ := c.step(t, "0")
	c.do("FLUSHALL")
	assert.Equal(t, "*2\r\n$1\r\n0\r\n*0\r\n", c.do("SCAN", cursor))
}

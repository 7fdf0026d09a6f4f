package resp_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// waiting may block for keys that begin with "slow".
type waiting struct{ *store.Sharded }

func (waiting) MayBlock(key []byte) bool { return bytes.HasPrefix(key, []byte("slow")) }

func TestTheStoreSaysWhichCommandsMayBlock(t *testing.T) {
	const max = 1 << 20
	p := resp.New(resp.Config{Store: waiting{store.NewSharded(0)}})
	require.NoError(t, p.Start(session.Env{}))
	b := p.Open().(session.Blocker)
	for talk, want := range map[string]bool{
		fields("GET k"):                  false,
		fields("GET slow"):               true,
		fields("SET slow v"):             true,
		fields("SET k slow"):             false,
		fields("set slow v NX"):          true,
		fields("MGET a b slow c"):        true,
		fields("MSET a slow b slow"):     false,
		fields("MSET a 1 slow 2"):        true,
		fields("INCR slow"):              true,
		fields("DBSIZE"):                 true,
		fields("FLUSHALL"):               true,
		fields("PING slow"):              false,
		fields("GET"):                    false,
		fields("GET slow slow"):          false,
		fields("SLOW slow"):              false,
		"get slow\r\n":                   true,
		"get 'slow\r\n":                  false,
		"\r\n":                           false,
		"*0\r\n" + fields("GET slow"):    true,
		"*1\r\n!":                        false,
		fields("GET slow")[:10]:          false,
		fields("PING") + fields("GET k"): false,
		strings.Repeat(fields("GET k"), store.PrefetchBatch-1) + fields("GET slow"): true,
		strings.Repeat(fields("GET k"), store.PrefetchBatch) + fields("GET slow"):   false,
	} {
		assert.Equal(t, want, b.MayBlock([]byte(talk), max), "%q", talk)
	}

	// It continues with an incomplete request as Serve does, and changes nothing.
	h := p.Open()
	set := fields("SET slow " + strings.Repeat("v", 100))
	_, taken, _, _, err := h.Serve(make([]byte, 0, 1000), []byte(set[:40]), max, 1000)
	require.NoError(t, err)
	require.Zero(t, taken)
	assert.False(t, h.(session.Blocker).MayBlock([]byte(set[:50]), max))
	assert.True(t, h.(session.Blocker).MayBlock([]byte(set), max))
	out, taken, _, _, err := h.Serve(make([]byte, 0, 1000), []byte(set), max, 1000)
	require.NoError(t, err)
	assert.Equal(t, len(set), taken)
	assert.Equal(t, "+OK\r\n", string(out))

	memory := resp.New(resp.Config{})
	require.NoError(t, memory.Start(session.Env{}))
	assert.False(t, memory.Open().(session.Blocker).MayBlock([]byte(fields("DBSIZE")), max))

	_, ok := p.Hash([]byte(fields("GET k")), max)
	assert.True(t, ok)
	_, ok = p.Hash([]byte(fields("GET slow")), max)
	assert.False(t, ok, "the loop must not prefetch what may block")
}

package wire

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// The frames from templates equal those of the protocol's packages.
func TestTemplates(t *testing.T) {
	framed := func(m kv.Message) []byte {
		return kv.AppendFrame(nil, m)
	}
	for _, size := range []int{0, 1, 64, 127, 128, 70_000} {
		m := messagesOf(sized(11, size))
		for i := range m.data.Keys {
			key, value := m.data.Key(i), m.data.Value(i)
			assert.Equal(t, framed(kv.Message{Kind: kv.Get, Key: key}), m.AppendRequest(nil, dataset.Request{Key: i}))
			assert.Equal(t, framed(kv.Message{Kind: kv.PutOrUpdate, Key: key, Value: value}), m.AppendRequest(nil, dataset.Request{Key: i, Put: true}))

			for _, r := range []dataset.Request{{Key: i}, {Key: i, Put: true}} {
				requireExact(t, m, r, framed(m.right(r)))
			}
		}
	}
}

// requireExact shows that a reply is accepted only as a whole: not cut off, and
// not with any bit of any byte flipped. Of a long reply it shows only that it
// is accepted.
func requireExact(t *testing.T, m *Messages, r dataset.Request, reply []byte) {
	t.Helper()
	n, wrong, err := m.MatchReply(append(bytes.Clone(reply), "more"...), r)
	require.NoError(t, err)
	require.NoError(t, wrong)
	require.Equal(t, len(reply), n)
	if len(reply) > 1000 {
		return
	}
	for cut := range reply {
		n, _, err := m.MatchReply(reply[:cut], r)
		require.NoError(t, err)
		require.Zero(t, n)
	}
	for flip := range reply {
		spoiled := bytes.Clone(reply)
		spoiled[flip] ^= 1
		n, wrong, err := m.MatchReply(spoiled, r)
		require.True(t, n == 0 || wrong != nil || err != nil, "byte %d of %q", flip, reply)
	}
}

// The server may encode a reply in another valid way.
func TestOtherEncodings(t *testing.T) {
	m := messagesOf(sized(2, 3))
	right := m.right(dataset.Request{Key: 1})
	f, mark := frame.Begin(nil)
	f = append(f, 3<<3, kv.GetResponse, 4<<3, 0) // kind first, and a status that is zero
	f = kv.AppendMessage(f, kv.Message{Value: right.Value})
	f = frame.End(kv.AppendMessage(f, kv.Message{Key: right.Key}), mark)
	n, wrong, err := m.MatchReply(f, dataset.Request{Key: 1})
	require.NoError(t, err)
	require.NoError(t, wrong)
	assert.Equal(t, len(f), n)
}

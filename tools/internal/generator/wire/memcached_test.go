package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// memcachedReply returns the reply of memcached.
func memcachedReply(m *Messages, r dataset.Request) []byte {
	if r.Put {
		return []byte("STORED\r\n")
	}
	return fmt.Appendf(nil, "VALUE %s 0 %d\r\n%s\r\nEND\r\n", m.data.Key(r.Key), len(m.data.Value(r.Key)), m.data.Value(r.Key))
}

func memcachedData(size int) *Messages {
	w := sized(3, size)
	w.Protocol = load.Memcached
	return messagesOf(w)
}

func TestMemcachedRequests(t *testing.T) {
	m := memcachedData(4)
	assert.Equal(t, "get key:000000000002\r\n", string(m.AppendRequest(nil, dataset.Request{Key: 2})))
	assert.Equal(t, fmt.Sprintf("set key:000000000002 0 0 4\r\n%s\r\n", m.data.Value(2)),
		string(m.AppendRequest(nil, dataset.Request{Key: 2, Put: true})))
}

func TestMemcachedReplies(t *testing.T) {
	for _, size := range []int{0, 1, 64, 70_000} {
		m := memcachedData(size)
		for _, r := range []dataset.Request{{Key: 1}, {Key: 1, Put: true}} {
			requireExact(t, m, r, memcachedReply(m, r))
		}
	}
}

// A well-formed reply that is not the right one is wrong; anything else ends
// the stream.
func TestMemcachedRefuses(t *testing.T) {
	m := memcachedData(4)
	for reply, reason := range map[string]string{
		"END\r\n":                        "END",
		"STORED\r\n":                     "STORED",
		"ERROR\r\n":                      "ERROR",
		"SERVER_ERROR out of memory\r\n": "out of memory",
		"VALUE key:000000000001 0 3\r\nabc\r\nEND\r\n":  "abc",
		"VALUE key:000000000001 7 4\r\nabcd\r\nEND\r\n": "1 7 4",
		"VALUE key:000000000002 0 4\r\nabcd\r\nEND\r\n": "key:000000000002",
	} {
		n, wrong, err := m.MatchReply([]byte(reply), dataset.Request{Key: 1})
		require.NoError(t, err)
		assert.Equal(t, len(reply), n)
		assert.ErrorContains(t, wrong, reason)
		assert.ErrorContains(t, wrong, "get key:000000000001")
	}
	for _, stream := range []string{
		fmt.Sprintf("VALUE k 0 %d\r\n", m.maxBody()), "HTTP/1.1 400\r\n", "\r\n", "VALUE k 0\r\n", "VALUE k 0 x\r\n", "VALUE k 0 -1\r\n",
		"VALUE k 0 4 9\r\n", "VALUE k 0 999999999999\r\n", "VALUE k 0 4\r\nabcde\r\nEND\r\n", strings.Repeat("x", maxLine+1),
	} {
		_, _, err := m.MatchReply([]byte(stream), dataset.Request{Key: 1})
		assert.ErrorIs(t, err, errNoMemcached, "%.40q", stream)
	}
}

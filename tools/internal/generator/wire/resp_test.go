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

// respReply returns the reply of Redis.
func respReply(m *Messages, r dataset.Request) []byte {
	if r.Put {
		return []byte("+OK\r\n")
	}
	return fmt.Appendf(nil, "$%d\r\n%s\r\n", len(m.data.Value(r.Key)), m.data.Value(r.Key))
}

func respData(size int) *Messages {
	w := sized(3, size)
	w.Protocol = load.RESP
	return messagesOf(w)
}

func TestRESPRequests(t *testing.T) {
	m := respData(4)
	assert.Equal(t, "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000002\r\n", string(m.AppendRequest(nil, dataset.Request{Key: 2})))
	assert.Equal(t, fmt.Sprintf("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000002\r\n$4\r\n%s\r\n", m.data.Value(2)),
		string(m.AppendRequest(nil, dataset.Request{Key: 2, Put: true})))
}

func TestRESPReplies(t *testing.T) {
	for _, size := range []int{0, 1, 64, 70_000} {
		m := respData(size)
		for _, r := range []dataset.Request{{Key: 1}, {Key: 1, Put: true}} {
			requireExact(t, m, r, respReply(m, r))
		}
	}
}

// A well-formed reply that is not the right one is wrong; anything else ends
// the stream.
func TestRESPRefuses(t *testing.T) {
	m := respData(4)
	for reply, reason := range map[string]string{
		"-ERR unknown command\r\n": "-ERR unknown command",
		"$-1\r\n":                  "$-1",
		":1\r\n":                   ":1",
		"+QUEUED\r\n":              "+QUEUED",
		"$3\r\nabc\r\n":            "abc",
	} {
		n, wrong, err := m.MatchReply([]byte(reply), dataset.Request{Key: 1})
		require.NoError(t, err)
		assert.Equal(t, len(reply), n)
		assert.ErrorContains(t, wrong, reason)
		assert.ErrorContains(t, wrong, "get key:000000000001")
	}
	longest := m.maxBody() - len("$1234\r\n\r\n")
	n, wrong, err := m.MatchReply(fmt.Appendf(nil, "$%d\r\n", longest), dataset.Request{Key: 1})
	assert.Zero(t, n, "the rest may come")
	require.NoError(t, err)
	require.NoError(t, wrong)
	tooLong := fmt.Sprintf("$%d\r\n", longest+1)
	for _, stream := range []string{tooLong, "HTTP/1.1 400\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$999999999999\r\n", "$3\r\nabcde", "+" + strings.Repeat("x", maxLine)} {
		_, _, err := m.MatchReply([]byte(stream), dataset.Request{Key: 1})
		assert.ErrorIs(t, err, errNoRESP, "%.40q", stream)
	}
}

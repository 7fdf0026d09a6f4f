package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func scriptOf(t *testing.T, all ...exchanges.Exchange) Codec {
	t.Helper()
	e, err := load.NewExchanges("talk.txt", all)
	require.NoError(t, err)
	c, err := New(t.Context(), load.DefaultWorkload().Of(e))
	require.NoError(t, err)
	return c
}

// A reply is accepted only as a whole: not cut off, and not with any bit flipped.
func TestTheRepliesOfExchanges(t *testing.T) {
	reply := []byte("$5\r\nhello\r\n")
	c := scriptOf(t, exchanges.Exchange{Request: []byte("get\r\n"), Reply: reply, Line: 3})
	n, wrong, err := c.MatchReply(append(reply[:len(reply):len(reply)], "+OK"...), dataset.Request{})
	require.NoError(t, err)
	require.NoError(t, wrong)
	require.Equal(t, len(reply), n)
	assert.Equal(t, len(reply), c.MaxReply())
	for cut := range reply {
		n, _, err := c.MatchReply(reply[:cut], dataset.Request{})
		require.NoError(t, err)
		require.Zero(t, n)
	}
	for flip := range reply {
		spoiled := append([]byte(nil), reply...)
		spoiled[flip] ^= 1
		_, _, err := c.MatchReply(spoiled, dataset.Request{})
		require.ErrorIs(t, err, ErrWrongReply, "byte %d", flip)
		_, _, err = c.MatchReply(spoiled[:flip+1], dataset.Request{})
		require.ErrorIs(t, err, ErrWrongReply, "its first bytes are enough")
	}
	assert.Equal(t, "talk.txt:3", c.Describe(dataset.Request{}))
}

func TestExchangesAllocateNothing(t *testing.T) {
	c := scriptOf(t, exchanges.Exchange{Request: []byte("a"), Reply: []byte("b")}, exchanges.Exchange{Request: []byte("c"), Reply: []byte("d")})
	var buf []byte
	at := 0
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		for key := range 2 {
			buf = c.AppendRequest(buf[:0], dataset.Request{Key: key})
			var n int
			var err error
			if buf, n, err = c.Answer(buf, buf, &at); n != 1 || err != nil {
				panic(err)
			}
			if n, _, err = c.MatchReply(buf[1:], dataset.Request{Key: key}); n != 1 || err != nil {
				panic(err)
			}
		}
	}))
}

// The server that does next to nothing answers in the order of the file, and refuses
// anything else.
func TestTheAnswersOfExchanges(t *testing.T) {
	c := scriptOf(t,
		exchanges.Exchange{Request: []byte("login"), Reply: []byte("yes"), Setup: true},
		exchanges.Exchange{Request: []byte("a"), Reply: []byte("1")},
		exchanges.Exchange{Request: []byte("ab"), Reply: []byte("2")},
	)
	assert.Equal(t, 1, c.Setup())
	at := 0
	var out []byte
	for in := []byte("loginaabaab"); len(in) > 0; {
		var n int
		var err error
		out, n, err = c.Answer(out, in, &at)
		require.NoError(t, err)
		require.Positive(t, n)
		in = in[n:]
	}
	assert.Equal(t, "yes1212", string(out))
	_, n, err := c.Answer(nil, []byte("b"), &at)
	assert.Zero(t, n)
	assert.ErrorContains(t, err, `load: exchange 2 of talk.txt: the request is "b", want "a"`)
	at = 2
	_, n, err = c.Answer(nil, []byte("a"), &at)
	require.NoError(t, err)
	assert.Zero(t, n, "it is incomplete")
}

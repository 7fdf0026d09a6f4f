package answer

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/frame"
)

func TestAppend(t *testing.T) {
	for name, a := range map[string]*Answerer{"one loop": OnLoops(1), "two": OnLoops(2), "many goroutines": Concurrent()} {
		t.Run(name, func(t *testing.T) {
			put, get := probe.Put("k", "v"), probe.Get("k")
			stored, found := probe.Frame(probe.Body(probe.Stored)), probe.Frame(probe.Body(probe.Found("k", "v")))

			out, n, broken := a.Append([]byte("before"), append(bytes.Clone(put), get[:len(get)-1]...))
			assert.Equal(t, "before"+string(stored), string(out), "the get is not whole")
			assert.Equal(t, len(put), n)
			assert.False(t, broken)

			out, n, broken = a.Append(nil, bytes.Join([][]byte{get, put, get}, nil))
			assert.Equal(t, string(found)+string(stored)+string(found), string(out))
			assert.Equal(t, 2*len(get)+len(put), n)
			assert.False(t, broken)
		})
	}
}

// Bytes that are no frame are refused, after the replies to the frames
// before them.
func TestAppendRefuses(t *testing.T) {
	a := OnLoops(1)
	get := probe.Get("k")
	for _, bad := range []string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x05\x00\x00\x00@EOF!"} {
		out, n, broken := a.Append(nil, append(bytes.Clone(get), bad...))
		require.True(t, broken, "%q", bad)
		assert.Equal(t, len(get), n)
		rest, ok := bytes.CutPrefix(out, probe.Frame(probe.Body(probe.Absent("k"))))
		require.True(t, ok)
		body, size, err := frame.Next(rest, MaxFrame)
		require.NoError(t, err)
		assert.Contains(t, string(body), "frame", "the reason")
		assert.Len(t, rest, size, "nothing follows it")
	}
}

func TestBuffersComeBackEmpty(t *testing.T) {
	b := Buffer()
	*b = append(*b, "something"...)
	Free(b)
	assert.Empty(t, *b)
	large := Buffer()
	*large = make([]byte, maxBuffer+1)
	Free(large)
	assert.LessOrEqual(t, cap(*Buffer()), maxBuffer, "a large one is not kept")
}

package stdout

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// As programs of their own, commands are tested in cmd/ioflavors.
func TestTheFirstErrorIsKept(t *testing.T) {
	defer OutliveReaders()()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	c := New(w)
	n, err := c.Write([]byte("read"))
	assert.Equal(t, 4, n)
	assert.NoError(t, err)
	require.NoError(t, c.Err())
	var said bytes.Buffer
	assert.Equal(t, 0, c.ExitCode("p", 0, &said))
	assert.Equal(t, 3, c.ExitCode("p", 3, &said))

	require.NoError(t, r.Close())
	require.NoError(t, w.Close())
	for range 2 {
		n, err = c.Write([]byte("lost"))
		assert.Equal(t, 4, n)
		assert.NoError(t, err, "the command goes on")
	}
	require.Error(t, c.Err())
	assert.Equal(t, 1, c.ExitCode("p", 0, &said))
	assert.Equal(t, 1, c.ExitCode("p", 3, &said), "that may be about a result, which was lost")
	assert.Contains(t, said.String(), "p: write ")
}

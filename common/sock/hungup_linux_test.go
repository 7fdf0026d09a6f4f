package sock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/sock"
)

func TestHungUp(t *testing.T) {
	stays, first := connect(t)
	leaves, second := connect(t)
	resets, third := connect(t)
	fds := []int{first, second, third}
	_, err := stays.Write([]byte("x"))
	require.NoError(t, err)
	assert.Zero(t, sock.HungUp(fds))

	_, err = leaves.Write([]byte("x")) // the peer never reads this
	require.NoError(t, err)
	require.NoError(t, leaves.CloseWrite())
	require.NoError(t, resets.SetLinger(0))
	require.NoError(t, resets.Close())
	assert.Eventually(t, func() bool { return sock.HungUp(fds) == 2 }, time.Minute, time.Millisecond)
	assert.Zero(t, sock.HungUp(fds[:1]))
	assert.Zero(t, sock.HungUp(nil))
}

package sock_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/sock"
)

// The kernel once took 2.5 MB for a client that reads nothing.
func TestTheKernelTakesLittleThatItCannotSend(t *testing.T) {
	_, server := connect(t)
	p := make([]byte, 1<<20)
	for {
		if _, err := sock.System.Write(server, p); err == sock.ErrWouldBlock {
			break
		} else {
			require.NoError(t, err)
		}
	}

	unsent, err := unix.IoctlGetInt(server, unix.SIOCOUTQNSD)
	require.NoError(t, err)
	assert.Positive(t, unsent)
	assert.LessOrEqual(t, unsent, 512<<10, "bytes")
}

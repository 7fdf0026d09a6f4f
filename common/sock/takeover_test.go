//go:build unix

package sock

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A client whose socket cannot be changed is served in another way, so its
// connection must survive.
func TestWhatCannotBeTakenOverStaysOpen(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	served, err := ln.Accept()
	require.NoError(t, err)
	defer served.Close()

	_, err = takeOver(served, func(int) error { return unix.ENOMEM })
	require.ErrorIs(t, err, unix.ENOMEM)
	_, err = served.Write([]byte("x"))
	assert.NoError(t, err)
}

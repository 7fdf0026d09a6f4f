//go:build !unix

package multiblocking

import (
	"net"

	"github.com/ioflavors/ioflavors/common/blocking"
	"github.com/ioflavors/ioflavors/common/sock"
)

// newThreadStream needs a Unix system's calls on descriptors.
func newThreadStream(client net.Conn) (blocking.Stream, error) {
	return nil, sock.ErrUnsupported
}

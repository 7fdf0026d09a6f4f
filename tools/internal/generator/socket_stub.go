//go:build !unix

package generator

import (
	"net"

	"github.com/ioflavors/ioflavors/common/sock"
)

func descriptor(c net.Conn) (int, error) {
	c.Close()
	return -1, sock.ErrUnsupported
}

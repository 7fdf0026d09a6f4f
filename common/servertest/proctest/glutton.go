package proctest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// A value so large that a few of them fill all buffers between two processes.
const largeKey = "large"

var largeValue = strings.Repeat("large...", 512<<10/8)

// fed is the output of a glutton after it has read something.
const fed = "fed"

// glut is a client that requests a large value for ever and reads the
// replies: whenever its process is stopped, replies are pending.
func glut(addr string) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		requests := bytes.Repeat(probe.Get(largeKey), 1000)
		for {
			if _, err := nc.Write(requests); err != nil {
				return
			}
		}
	}()
	p := make([]byte, 64<<10)
	for said := false; ; said = true {
		if _, err := nc.Read(p); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if !said {
			fmt.Println(fed)
		}
	}
}

// stoppedGlutton returns the process of a client that was stopped with
// replies pending.
func (s *server) stoppedGlutton(t *testing.T) *process {
	t.Helper()
	s.put(largeKey, largeValue)
	p := spawn(t, gluttonRole, nil, s.addr)
	p.eventually("it is served", func() bool { return strings.Contains(p.String(), fed) })
	p.suspend()
	return p
}

// ask sends n requests for the large value on a connection with a small
// receive buffer. (With a buffer much smaller than a segment of the loopback
// interface, TCP nearly stops, however fast the client reads.)
func ask(t *testing.T, c *probe.Conn, n int) {
	t.Helper()
	require.NoError(t, c.SetReadBuffer(64<<10))
	c.Send(bytes.Repeat(probe.Get(largeKey), n))
}

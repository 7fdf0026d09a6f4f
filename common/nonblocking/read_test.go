//go:build unix

package nonblocking

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// filling is a kernel that has data to read, and then nothing.
type filling struct {
	sock.Kernel
	data []byte
}

func (k *filling) Read(_ int, p []byte) (int, error) {
	if len(k.data) == 0 {
		return -1, unix.EAGAIN
	}
	n := copy(p, k.data)
	k.data = k.data[n:]
	return n, nil
}

// A client that has filled the buffer may have sent more, so its clocks rest until a read
// finds no bytes. Then they go on.
func TestAReadThatFindsNothingLetsTheClocksGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := server.Config{Limits: server.Limits{IdleTimeout: time.Second, FrameTimeout: time.Second}}
		core := server.NewCore(cfg, server.Traits{}, 1)
		k := &filling{}
		cs := NewConns(core.Lane(0), sock.Calls{Kernel: k}, 1)
		c := new(Conn)
		cs.Open(c, noSocket, "")
		k.data = make([]byte, len(c.Buffer()))
		k.data[2] = 8 // a frame of 512 KiB begins
		c.HandleRead(c.Read(c.Buffer()))
		time.Sleep(time.Minute)
		assert.Same(t, c, cs.Expired(core.Lane(0).Tick()))
		require.NotZero(t, c.Wants(), "it may have sent more")
		_, err := c.Read(c.Buffer())
		require.Equal(t, sock.ErrWouldBlock, err)
		c.HandleTimeout(core.Lane(0).Tick())
		assert.Zero(t, c.Wants(), "it has not")
	})
}

//go:build unix

package etcd_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/etcd"
	"github.com/ioflavors/ioflavors/stores/internal/realserver"
)

// An etcd that stops costs each operation the timeout, and is used again when it goes on.
func TestEtcdStops(t *testing.T) {
	servers := start(t, 1)
	s := open(t, etcd.Config{Addrs: addrs(servers), Timeout: 200 * time.Millisecond})
	realserver.Eventually(t, put(s, "k"))
	servers[0].Signal(t, syscall.SIGSTOP)
	for range 3 {
		err := put(s, "k")()
		require.True(t, isLater(err), err)
		ops := []store.Op{{Key: []byte("a")}, {Key: []byte("b")}}
		s.GetAll(ops)
		assert.True(t, isLater(ops[1].Err), ops[1].Err)
		_, err = s.Len()
		require.True(t, isLater(err), err)
	}
	servers[0].Signal(t, syscall.SIGCONT)
	realserver.Eventually(t, put(s, "k"))
}

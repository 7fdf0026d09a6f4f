//go:build unix

package redis_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/internal/realserver"
	"github.com/ioflavors/ioflavors/stores/redis"
)

// A Redis that stops costs each operation the timeout, and is used again when it goes on.
func TestRedisStops(t *testing.T) {
	server := start(t)
	s := open(t, redis.Config{Addrs: []string{server.Addr}, Timeout: 200 * time.Millisecond})
	realserver.Eventually(t, put(s, "k"))
	for range 2 {
		server.Signal(t, syscall.SIGSTOP)
		for range 3 {
			require.ErrorIs(t, put(s, "k")(), store.ErrTimeout)
			_, _, err := s.Append(nil, []byte("k"))
			require.ErrorIs(t, err, store.ErrTimeout)
			ops := []store.Op{{Key: []byte("a")}, {Key: []byte("b")}}
			s.GetAll(ops)
			assert.ErrorIs(t, ops[1].Err, store.ErrTimeout)
			_, err = s.Len()
			require.ErrorIs(t, err, store.ErrTimeout)
		}
		_, err := redis.Open(redis.Config{Addrs: []string{server.Addr}, Timeout: 100 * time.Millisecond})
		require.ErrorIs(t, err, store.ErrTimeout)
		server.Signal(t, syscall.SIGCONT)
		realserver.Eventually(t, put(s, "k"))
	}
}

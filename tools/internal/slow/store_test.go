package slow

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only keys with the prefix wait; in fake time exactly for the delay.
func TestKeysWithThePrefixSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New("slow:", Delay{Sleep: 10 * time.Millisecond}, 0)
		began := time.Now()
		require.NoError(t, s.Put([]byte("slow"), []byte("not yet")))
		_, found, err := s.Append(nil, []byte("slow"))
		require.NoError(t, err)
		assert.True(t, found)
		assert.Zero(t, time.Since(began))

		require.NoError(t, s.Put([]byte("slow:1"), []byte("v")))
		assert.Equal(t, 10*time.Millisecond, time.Since(began))
		out, found, err := s.Append([]byte("a "), []byte("slow:1"))
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "a v", string(out))
		assert.Equal(t, 20*time.Millisecond, time.Since(began))
	})
}

func TestKeysWithThePrefixBurn(t *testing.T) {
	s := New("slow:", Delay{Burn: 5 * time.Millisecond}, 0)
	began := time.Now()
	require.NoError(t, s.Put([]byte("slow:1"), nil))
	assert.GreaterOrEqual(t, time.Since(began), 5*time.Millisecond)
}

func TestTheLimitHolds(t *testing.T) {
	assert.Error(t, New("", Delay{}, 10).Put([]byte("k"), []byte("v")), "an entry is reckoned to cost more")
}

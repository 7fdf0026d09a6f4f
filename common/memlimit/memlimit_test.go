package memlimit

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBytes(t *testing.T) {
	assert.Equal(t, int64(64<<30), bytes(64<<30, math.MaxInt64))
	assert.Equal(t, int64(addressable), bytes(64<<30, math.MaxInt32), "a process of 32 bits")
	assert.Equal(t, int64(1<<30), bytes(1<<30, math.MaxInt32))
	assert.Equal(t, int64(Unknown), bytes(0, math.MaxInt64))
	assert.Positive(t, Bytes())
}

package ring

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
)

func FuzzToken(f *testing.F) {
	f.Add(0, uint32(0), uint8(None))
	f.Add(1, uint32(2), uint8(Recv))
	f.Add(maxSlot, ^uint32(0), uint8(255))
	f.Fuzz(func(t *testing.T, slot int, generation uint32, op uint8) {
		if slot < 0 || slot > maxSlot {
			assert.Panics(t, func() { NewToken(slot, generation, Operation(op)) })
			return
		}
		tok := NewToken(slot, generation, Operation(op))
		assert.Equal(t, slot, tok.Slot())
		assert.Equal(t, generation, tok.Generation())
		assert.Equal(t, Operation(op), tok.Operation())
	})
}

func TestCompletion(t *testing.T) {
	id, ok := Completion{Flags: NewBuffer(65535, FlagMore)}.Buffer()
	assert.True(t, ok)
	assert.Equal(t, 65535, id)
	assert.True(t, Completion{Flags: NewBuffer(1, FlagMore)}.More())
	assert.False(t, Completion{Flags: NewBuffer(1, 0)}.More())
	_, ok = Completion{Flags: FlagMore}.Buffer()
	assert.False(t, ok)
	assert.NoError(t, Completion{Result: 1}.Err())
	assert.ErrorIs(t, Completion{Result: -int32(syscall.EPIPE)}.Err(), syscall.EPIPE)
}

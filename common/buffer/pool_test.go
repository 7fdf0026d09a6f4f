package buffer_test

import (
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/buffer"
)

func TestGetLendsRoomAndPutTakesItBack(t *testing.T) {
	p := buffer.NewPool(1 << 30)
	for _, size := range []int{0, 1, 1024, 1025, 4096, 4097, 65536, 1 << 20, 16 << 20, 16<<20 + 1, 50 << 20} {
		b := p.Get(size)
		assert.Empty(t, b)
		assert.GreaterOrEqual(t, cap(b), size)
		assert.LessOrEqual(t, cap(b), max(1024, 2*size), "%d bytes", size)
		assert.EqualValues(t, cap(b), p.Lent())
		p.Put(b)
		assert.Zero(t, p.Lent())
	}
}

func TestTheLimitHolds(t *testing.T) {
	p := buffer.NewPool(10_000)
	a := p.Get(4096)
	b := p.Get(4096)
	require.NotNil(t, a)
	require.NotNil(t, b)
	assert.Nil(t, p.Get(4096), "2 times 4096 of 10000 bytes are lent")
	assert.Nil(t, p.Grow(a, 100_000))
	assert.EqualValues(t, 8192, p.Lent(), "a failed request costs nothing")
	p.Put(a)
	assert.NotNil(t, p.Get(4096))
}

// A buffer that just fills the limit can be lent, and bytes that just fill a buffer
// fit.
func TestTheBordersThemselvesFit(t *testing.T) {
	p := buffer.NewPool(8 << 10)
	b := p.Get(2 << 10)
	require.NotNil(t, b)
	assert.EqualValues(t, 2<<10, p.Lent())
	assert.True(t, p.Ample(), "a quarter is lent")
	same := p.Grow(b, 2<<10)
	assert.Same(t, unsafe.SliceData(b), unsafe.SliceData(same), "there is room for all of it")
	small := p.Get(1)
	assert.False(t, p.Ample(), "more than a quarter")
	p.Put(small)
	rest := p.Get(4 << 10)
	require.NotNil(t, rest)
	assert.NotNil(t, p.Get(2<<10))
	assert.EqualValues(t, 8<<10, p.Lent())
	assert.Nil(t, p.Get(1), "all is lent")
	assert.EqualValues(t, 8<<10, p.Lent())
}

// Memory of a size that the pool does not lend must not be lent as a buffer of the next
// larger class, because other memory lies behind it.
func TestMemoryOfAnotherSizeIsNotLentAgain(t *testing.T) {
	p := buffer.NewPool(1 << 20)
	for range 100 {
		odd := make([]byte, 0, 3<<10)
		p.Put(odd)
		b := p.Get(4 << 10)
		require.NotSame(t, unsafe.SliceData(odd), unsafe.SliceData(b))
		p.Put(b)
	}
}

func TestGrowKeepsTheContent(t *testing.T) {
	p := buffer.NewPool(1 << 30)
	b := p.Grow(nil, 10)
	b = append(b, "content"...)
	same := p.Grow(b, 10)
	assert.Equal(t, cap(b), cap(same), "there was room")
	larger := p.Grow(b, 5000)
	assert.Equal(t, "content", string(larger))
	assert.EqualValues(t, cap(larger), p.Lent())
}

func TestNoTwoBorrowersShareABuffer(t *testing.T) {
	p := buffer.NewPool(1 << 30)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 2000 {
				b := append(p.Get(1000), make([]byte, 1000)...)
				for i := range b {
					b[i] = byte(g)
				}
				for i := range b {
					if b[i] != byte(g) {
						t.Errorf("another borrower wrote into the buffer")
						return
					}
				}
				p.Put(b)
			}
		})
	}
	wg.Wait()
	assert.Zero(t, p.Lent())
}

// BenchmarkGetPut lends a buffer and takes it back, on all processors at once. All of
// them count the lent bytes in one place.
func BenchmarkGetPut(b *testing.B) {
	p := buffer.NewPool(1 << 30)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Put(p.Get(4096))
		}
	})
}

// Once some clients had taken all the memory, and other clients were closed when they
// needed 1 KiB.
func TestSmallBuffersAreLentWhenLargeOnesAreNot(t *testing.T) {
	const limit = 1 << 20
	p := buffer.NewPool(limit)
	for p.Get(32<<10) != nil {
	}
	assert.EqualValues(t, limit-limit/16, p.Lent())
	assert.Nil(t, p.Get(4<<10+1))
	for range limit / 16 / (4 << 10) {
		require.NotNil(t, p.Get(4<<10))
	}
	assert.Nil(t, p.Get(1), "there is no more")
}

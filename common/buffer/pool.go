// Package buffer lends byte buffers in a few sizes, and knows how much is out.
//
// What a connection has not finished receiving, and what it has not sent yet,
// lies in such buffers; an idle connection holds none. The sum that is lent is
// what a server's memory limit limits.
package buffer

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Buffers come in sizes of smallest << class bytes, 1 KiB to 16 MiB: never more
// than twice what is needed.
const (
	smallest = 1 << 10
	classes  = 15
)

// The last sixteenth of the limit is for buffers of 4 KiB at most, so that clients
// that ask for little are served even when others have taken all they could.
const (
	small   = 4 << 10
	reserve = 16
)

// Pool lends buffers. It is safe for concurrent use, and allocates only when
// none of the right size was given back; what nobody borrows for a while is
// left to the garbage collector.
type Pool struct {
	limit int64
	lent  atomic.Int64
	free  [classes]sync.Pool
}

// NewPool returns a pool that lends up to limit bytes at a time.
func NewPool(limit int64) *Pool { return &Pool{limit: limit} }

// Lent returns how many bytes are out.
func (p *Pool) Lent() int64 { return p.lent.Load() }

// Ample reports whether most of the memory is there to be lent: at least three
// quarters of the limit.
func (p *Pool) Ample() bool { return p.lent.Load() <= p.limit/4 }

// Get lends an empty buffer with room for size bytes, or nil if that would
// exceed the pool's limit, or, for a large one, touch what is left to small ones.
func (p *Pool) Get(size int) []byte {
	class := classFor(size)
	if class == classes {
		if !p.charge(size) {
			return nil
		}
		return make([]byte, 0, size)
	}
	room := smallest << class
	if !p.charge(room) {
		return nil
	}
	if first, ok := p.free[class].Get().(*byte); ok {
		return unsafe.Slice(first, room)[:0]
	}
	return make([]byte, 0, room)
}

// Put takes back a buffer that Get or Grow lent. The caller keeps no part of it.
func (p *Pool) Put(b []byte) {
	p.lent.Add(-int64(cap(b)))
	if class := classFor(cap(b)); class < classes && cap(b) == smallest<<class {
		// The pointer to the first byte stands for the buffer: unlike a
		// slice it fits into an interface without an allocation.
		p.free[class].Put(unsafe.SliceData(b))
	}
}

// Grow returns b with room for size more bytes: b itself, or a larger buffer
// with its content, b being taken back. nil means that the limit forbids it;
// b is unchanged then. A nil b counts as an empty one.
func (p *Pool) Grow(b []byte, size int) []byte {
	if b != nil && cap(b)-len(b) >= size {
		return b
	}
	larger := p.Get(len(b) + size)
	if larger == nil {
		return nil
	}
	larger = append(larger, b...)
	if b != nil {
		p.Put(b)
	}
	return larger
}

// Adopt accounts for what append did to a buffer that was lent: if it moved to
// memory of its own, the old buffer is taken back and the new one counts as
// lent. Unlike Get it may exceed the limit, for the memory is taken already.
func (p *Pool) Adopt(old, b []byte) {
	if unsafe.SliceData(old) == unsafe.SliceData(b) {
		return
	}
	p.lent.Add(int64(cap(b)))
	if old != nil {
		p.Put(old)
	}
}

func (p *Pool) charge(size int) bool {
	limit := p.limit
	if size > small {
		limit -= limit / reserve
	}
	if p.lent.Add(int64(size)) <= limit {
		return true
	}
	p.lent.Add(-int64(size))
	return false
}

// classFor returns the smallest class with room for size bytes, or classes.
func classFor(size int) int {
	if size <= smallest {
		return 0
	}
	return min(classes, bits.Len(uint(size-1)/smallest))
}

package store

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// record is a key and its value in one piece of memory, behind their sizes. So a lookup
// waits for memory only twice: for the map's slot, and for this piece. The slot is one
// pointer, which saves memory because a map has more slots than records.
//
//	offset 0  size of the whole piece, uint32
//	       4  length of the key, uint32
//	       8  length of the value, uint32
//	      12  key, value, and the rest of an earlier, longer value
type record struct{ first *byte } // first byte of the piece; nil: no record

const recordHeader = 12

func newRecord(key, value []byte) record { return makeRecord(key, value, len(value)) }

// makeRecord returns a record with room for a value of so many bytes.
func makeRecord(key, value []byte, room int) record {
	mem := make([]byte, recordHeader+len(key)+room) // exact; append would round up
	binary.LittleEndian.PutUint32(mem, uint32(len(mem)))
	binary.LittleEndian.PutUint32(mem[4:], uint32(len(key)))
	binary.LittleEndian.PutUint32(mem[8:], uint32(len(value)))
	copy(mem[recordHeader+copy(mem[recordHeader:], key):], value)
	return record{unsafe.SliceData(mem)}
}

// memory returns the whole piece.
func (r record) memory() []byte {
	size := binary.LittleEndian.Uint32(unsafe.Slice(r.first, 4))
	return unsafe.Slice(r.first, size)
}

// valueAt returns where the value begins in mem.
func valueAt(mem []byte) int { return recordHeader + int(binary.LittleEndian.Uint32(mem[4:])) }

// is reports whether there is a record, and it has this key.
func (r record) is(key []byte) bool {
	if r.first == nil {
		return false
	}
	mem := r.memory()
	return bytes.Equal(mem[recordHeader:valueAt(mem)], key)
}

func (r record) key() []byte {
	mem := r.memory()
	return mem[recordHeader:valueAt(mem)]
}

func (r record) value() []byte {
	mem := r.memory()
	at := valueAt(mem)
	return mem[at : at+int(binary.LittleEndian.Uint32(mem[8:]))]
}

// appendFit appends value if it fits into dst's capacity. Otherwise it returns the
// value's length in bytes.
func appendFit(dst, value []byte) (out []byte, need int) {
	end := len(dst)
	if len(value) > cap(dst)-end {
		return dst, len(value)
	}
	dst = dst[:end+len(value)]
	copy(dst[end:], value)
	return dst, 0
}

// set writes a value into the old value's memory, and reports whether it did. It leaves
// the old value if the new one does not fit, or is so much smaller that memory would be
// wasted.
func (r record) set(value []byte) bool {
	mem := r.memory()
	room := mem[valueAt(mem):]
	if !suits(room, value) {
		return false
	}
	binary.LittleEndian.PutUint32(mem[8:], uint32(copy(room, value)))
	return true
}

// extend appends suffix to the value if it fits into the value's memory, and returns the
// value's length.
func (r record) extend(suffix []byte) (length int, ok bool) {
	mem := r.memory()
	at := valueAt(mem) + len(r.value())
	if len(suffix) > len(mem)-at {
		return 0, false
	}
	length = at + copy(mem[at:], suffix) - valueAt(mem)
	binary.LittleEndian.PutUint32(mem[8:], uint32(length))
	return length, true
}

// suits reports whether set writes the value into room.
func suits(room, value []byte) bool {
	return len(value) <= len(room) && len(room) <= shrinkAbove(len(value))
}

// shrinkAbove is the size of the old value's memory, in bytes, above which a new value
// of size bytes gets memory of its own.
func shrinkAbove(size int) int { return 2*size + 256 }

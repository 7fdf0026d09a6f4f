package ring

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bufferGroup is the number by which operations name the ring's buffers.
const bufferGroup = 0

// buffers are the provided buffers. The kernel takes one when it has bytes to put
// into it, so silent connections need none.
type buffers struct {
	memory  region        // all buffers, one after the other; the system adds pages on first use
	bytes   []byte        // the same memory
	size    int           // of each buffer, in bytes
	ring    region        // memory of entries
	entries []bufferEntry // a ring: the buffers that the kernel may take, oldest first
	tail    uint16        // the place of the next buffer
	first   uint16        // number of the buffer in entries[0]
	shown   uint16        // the tail that the kernel knows of
}

// provide maps buffers and gives all of them to the kernel.
func provide(fd, count, size int) (b buffers, err error) {
	defer func() {
		if err != nil {
			b.unmap()
		}
	}()
	b.size = size
	if b.memory, err = anonymous(count * size); err != nil {
		return b, err
	}
	if b.ring, err = anonymous(count * int(unsafe.Sizeof(bufferEntry{}))); err != nil {
		return b, err
	}
	b.bytes = unsafe.Slice((*byte)(b.memory.start), count*size)
	b.entries = unsafe.Slice((*bufferEntry)(b.ring.start), count)

	arg := bufferRing{address: uint64(uintptr(b.ring.start)), entries: uint32(count), group: bufferGroup}
	_, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd),
		registerBufferRing, uintptr(unsafe.Pointer(&arg)), 1, 0, 0)
	switch errno {
	case 0:
	case unix.EINVAL:
		return b, tooOld("rings of provided buffers")
	default:
		return b, explain("io_uring_register", errno)
	}
	for id := range count {
		b.put(id)
	}
	b.publish()
	return b, nil
}

// put gives a buffer back. The kernel learns of it by publish.
func (b *buffers) put(id int) {
	if uint(id) >= uint(len(b.entries)) {
		panic(fmt.Sprintf("ring: buffer %d", id))
	}
	i := int(b.tail) & (len(b.entries) - 1)
	e := &b.entries[i]
	e.address = uint64(uintptr(b.memory.start)) + uint64(id*b.size)
	e.length = uint32(b.size)
	if i == 0 {
		b.first = uint16(id) // publish stores it, because its word also holds the tail
	} else {
		e.idOrTail = halves(uint16(id), 0)
	}
	b.tail++
}

// publish shows the kernel the buffers that were put. The tail has 16 bits, and Go
// has no atomic store of 16 bits. So publish stores it together with its neighbour,
// the number of the first entry's buffer. The kernel reads that number only after the
// tail has passed the first entry, and the number does not change until the tail
// comes round again.
func (b *buffers) publish() {
	if b.shown != b.tail {
		b.shown = b.tail
		atomic.StoreUint32(&b.entries[0].idOrTail, halves(b.first, b.tail))
	}
}

// buffer returns a buffer's memory.
func (b *buffers) buffer(id int) []byte {
	return b.bytes[id*b.size : (id+1)*b.size : (id+1)*b.size]
}

func (b *buffers) unmap() {
	b.memory.unmap()
	b.ring.unmap()
	b.bytes, b.entries = nil, nil
}

// region is mapped memory. The garbage collector neither frees nor moves it, so the
// kernel may write into it at any time.
type region struct {
	start unsafe.Pointer
	size  uintptr
}

// anonymous maps zeroed memory, rounded up to whole pages.
func anonymous(size int) (region, error) {
	return mmap(-1, 0, size, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
}

func mmap(fd int, offset int64, size, flags int) (region, error) {
	start, err := unix.MmapPtr(fd, offset, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, flags)
	if err != nil {
		return region{}, os.NewSyscallError("mmap", err)
	}
	return region{start, uintptr(size)}, nil
}

func (m *region) unmap() {
	if m.start != nil {
		_ = unix.MunmapPtr(m.start, m.size) // fails only for memory that is not mapped
		m.start = nil
	}
}

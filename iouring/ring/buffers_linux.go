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

// buffers are provided to the kernel, which takes one when there is something to
// put into it: connections that are silent need none.
type buffers struct {
	memory  region        // all of them, one after the other; a page comes to exist when it is used
	bytes   []byte        // the same
	size    int           // of each, in bytes
	ring    region        // entries' memory
	entries []bufferEntry // those that the kernel may take, oldest first, and room for all others
	tail    uint16        // where the next one goes
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

// put gives a buffer back; the kernel learns of it by publish.
func (b *buffers) put(id int) {
	if uint(id) >= uint(len(b.entries)) {
		panic(fmt.Sprintf("ring: buffer %d", id))
	}
	i := int(b.tail) & (len(b.entries) - 1)
	e := &b.entries[i]
	e.address = uint64(uintptr(b.memory.start)) + uint64(id*b.size)
	e.length = uint32(b.size)
	if i == 0 {
		b.first = uint16(id) // beside the tail, which is not to change before all is written
	} else {
		e.idOrTail = halves(uint16(id), 0)
	}
	b.tail++
}

// publish shows the kernel what was put. The tail has 16 bits, for which there
// are no atomic operations; it is stored together with its neighbour, the number
// of the first entry's buffer. The kernel reads that only once the tail has
// passed it, and until it comes round again it stays as it is.
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

// region is memory that the garbage collector knows nothing of: it neither frees
// nor moves it, and the kernel may write into it at any time.
type region struct {
	start unsafe.Pointer
	size  uintptr
}

// anonymous maps zeroes. At least one page.
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
		_ = unix.MunmapPtr(m.start, m.size) // which fails only for what was never mapped
		m.start = nil
	}
}

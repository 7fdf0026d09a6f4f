package ring

import "encoding/binary"

// The numbers and layouts here are the kernel's, from its include/uapi/linux/io_uring.h.

// Operations.
const (
	opPollAdd     = 6
	opAccept      = 13
	opAsyncCancel = 14
	opSend        = 26
	opRecv        = 27
)

// Flags of every operation.
const (
	sqeBufferSelect = 1 << 5 // the kernel takes a buffer when it has bytes to put into it
	sqeSkipSuccess  = 1 << 6 // completes only if it fails
)

// Flags of single operations. The flags of accept and recv are in ioprio, the flag of
// poll is in length.
const (
	acceptMultishot = 1 << 0
	recvMultishot   = 1 << 1
	pollMultishot   = 1 << 0
)

// sqe is a queued operation (submission queue entry).
type sqe struct {
	opcode      uint8
	flags       uint8
	ioprio      uint16
	fd          int32
	offset      uint64
	address     uint64
	length      uint32
	opFlags     uint32 // MSG_* of send and recv, SOCK_* of accept, events of poll
	token       Token
	bufferGroup uint16
	personality uint16
	fileIndex   uint32
	_           [2]uint64
}

// Flags of io_uring_setup.
const (
	setupCQSize       = 1 << 3  // 5.5: params has the completion queue's size
	setupSubmitAll    = 1 << 7  // 5.18: an operation that fails at once does not stop the next
	setupTaskrunFlag  = 1 << 9  // 5.19: a flag in the ring says that there is work to do
	setupSingleIssuer = 1 << 12 // 6.0: one thread only
	setupDeferTaskrun = 1 << 13 // 6.1: the kernel does its work when the thread waits, not before
	setupNoSQArray    = 1 << 16 // 6.6: operations are taken in the order of memory
)

// Features that io_uring_setup reports.
const (
	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
	featCQESkip    = 1 << 11
)

// params is the argument of io_uring_setup, which the kernel completes.
type params struct {
	sqEntries    uint32
	cqEntries    uint32
	flags        uint32
	sqThreadCPU  uint32
	sqThreadIdle uint32
	features     uint32
	wqFD         uint32
	_            [3]uint32
	sq           sqOffsets
	cq           cqOffsets
}

// sqOffsets are the places of the submission queue's parts in the mapped memory.
type sqOffsets struct {
	head, tail, mask, entries, flags, dropped, array uint32
	_                                                [3]uint32
}

// cqOffsets are the places of the completion queue's parts in the mapped memory.
type cqOffsets struct {
	head, tail, mask, entries, overflow, cqes, flags uint32
	_                                                [3]uint32
}

// Offsets at which the ring's descriptor is mapped.
const (
	mapRings = 0
	mapSQEs  = 0x10000000
)

// Flags of the submission queue, which the kernel changes at any time.
const (
	sqOverflow = 1 << 1 // completions wait in the kernel for room in the queue
	sqTaskrun  = 1 << 2 // work waits in the kernel for the thread
)

// Flags of io_uring_enter.
const (
	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3
)

// enterArg is the extended argument of io_uring_enter, followed by the timeout to
// which it points. The timeout is relative.
type enterArg struct {
	sigmask     uint64
	sigmaskSize uint32
	_           uint32
	timespec    uint64 // the address of seconds; 0: wait for ever

	seconds     int64
	nanoseconds int64
}

// enterArgSize is the size of the argument itself, without the timeout.
const enterArgSize = 24

// Operations of io_uring_register.
const (
	registerBufferRing = 22
	registerSyncCancel = 24
)

// bufferEntry is one buffer in the ring of provided buffers.
type bufferEntry struct {
	address  uint64
	length   uint32
	idOrTail uint32 // a buffer's number, and in the first entry also the ring's tail: see halves
}

// bufferRing is the argument of registerBufferRing.
type bufferRing struct {
	address uint64
	entries uint32
	group   uint16
	flags   uint16
	_       [3]uint64
}

// syncCancel is the argument of registerSyncCancel.
type syncCancel struct {
	token       Token
	fd          int32
	flags       uint32
	seconds     int64 // -1, -1: wait until all is cancelled
	nanoseconds int64
	_           [4]uint64
}

// Flags of syncCancel.
const (
	cancelAll = 1 << 0 // all matching operations, not only the first
	cancelAny = 1 << 2 // every operation matches
)

// halves returns a word of the kernel's in which first precedes second in memory,
// whatever the machine's byte order is.
func halves(first, second uint16) uint32 {
	var b [4]byte
	binary.NativeEndian.PutUint16(b[:2], first)
	binary.NativeEndian.PutUint16(b[2:], second)
	return binary.NativeEndian.Uint32(b[:])
}

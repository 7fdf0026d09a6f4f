package ring

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// queues are the two queues that the ring shares with the kernel.
type queues struct {
	fd    int
	rings region // heads, tails, flags, completions
	ops   region // operations

	sqHead  *uint32 // written by the kernel
	sqTail  *uint32
	sqFlags *uint32 // written by the kernel
	sqes    []sqe

	cqHead *uint32
	cqTail *uint32 // written by the kernel
	cqes   []Completion
}

// setupFunc is io_uring_setup, or a test's stand-in for it.
type setupFunc func(entries int, p *params) (fd int, errno syscall.Errno)

func setup(entries int, p *params) (fd int, errno syscall.Errno) {
	r, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	return int(r), errno
}

// indispensable are the flags that a server needs. Linux 6.1 is the first that has
// all of them. They also stand for behaviour that has no flag of its own: recv that
// completes many times came together with setupSingleIssuer. Together with
// setupDeferTaskrun came two more: a send that fails half-way says how much it has
// sent, and completions keep their order when the queue overflows. A probe of opcodes
// would not show this, because all opcodes used here are older.
const indispensable = setupCQSize | setupSubmitAll | setupTaskrunFlag | setupSingleIssuer | setupDeferTaskrun

// wishes are sets of flags, tried one after the other, the newest first. A kernel
// that does not know a flag answers EINVAL.
var wishes = []uint32{
	indispensable | setupNoSQArray, // 6.6
	indispensable,
}

// features are the features that a server needs.
var features = []struct {
	bit  uint32
	name string
}{
	{featSingleMmap, "IORING_FEAT_SINGLE_MMAP"},
	{featNoDrop, "IORING_FEAT_NODROP"},
	{featExtArg, "IORING_FEAT_EXT_ARG"},
	{featCQESkip, "IORING_FEAT_CQE_SKIP"},
}

// newQueues makes the queues with the newest flags that the kernel knows.
func newQueues(cfg Config, setup setupFunc) (q queues, err error) {
	var p params
	var errno syscall.Errno
	for _, flags := range wishes {
		p = params{flags: flags, cqEntries: uint32(cfg.Completions)}
		if q.fd, errno = setup(cfg.Entries, &p); errno != unix.EINVAL {
			break
		}
	}
	switch errno {
	case 0:
	case unix.EINVAL:
		return q, tooOld("IORING_SETUP_DEFER_TASKRUN")
	default:
		return q, explain("io_uring_setup", errno)
	}
	defer func() {
		if err != nil {
			q.close()
		}
	}()
	for _, f := range features {
		if p.features&f.bit == 0 {
			return q, tooOld(f.name)
		}
	}
	err = q.mmap(&p)
	return q, err
}

func (q *queues) mmap(p *params) (err error) {
	// Both rings are in one mapping, which ends where the later one ends.
	size := max(p.sq.array+p.sqEntries*4, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(Completion{})))
	const flags = unix.MAP_SHARED | unix.MAP_POPULATE
	if q.rings, err = mmap(q.fd, mapRings, int(size), flags); err != nil {
		return err
	}
	if q.ops, err = mmap(q.fd, mapSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})), flags); err != nil {
		return err
	}
	at := func(offset uint32) unsafe.Pointer { return unsafe.Add(q.rings.start, offset) }
	q.sqHead = (*uint32)(at(p.sq.head))
	q.sqTail = (*uint32)(at(p.sq.tail))
	q.sqFlags = (*uint32)(at(p.sq.flags))
	q.sqes = unsafe.Slice((*sqe)(q.ops.start), p.sqEntries)
	q.cqHead = (*uint32)(at(p.cq.head))
	q.cqTail = (*uint32)(at(p.cq.tail))
	q.cqes = unsafe.Slice((*Completion)(at(p.cq.cqes)), p.cqEntries)

	if p.flags&setupNoSQArray == 0 {
		// The queue holds indexes of operations, so that a program may queue them in
		// another order than in memory. Here both orders are the same.
		array := unsafe.Slice((*uint32)(at(p.sq.array)), p.sqEntries)
		for i := range array {
			array[i] = uint32(i)
		}
	}
	return nil
}

// close unmaps the queues and closes the ring's descriptor. The kernel then cancels
// operations in flight.
func (q *queues) close() error {
	q.rings.unmap()
	q.ops.unmap()
	q.sqes, q.cqes = nil, nil
	fd := q.fd
	q.fd = -1
	return unix.Close(fd)
}

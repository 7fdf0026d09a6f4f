// Package ring is Linux's io_uring: two queues that a program shares with the
// kernel. The program writes operations into one, and takes completions from the
// other.
//
// # How it is used
//
// Methods such as Recv only queue an operation. Wait hands over all queued
// operations and waits for completions, in one system call. A completion carries
// the Token of its operation, which tells the program which client it is about.
// One operation may complete many times, until a completion says that it is the
// last (Completion.More).
//
// A Ring is for one goroutine, locked to its thread (runtime.LockOSThread) from
// Open to Close. The kernel is told that only this thread uses the ring, and
// defers its work until the thread waits. Only Wake may be called from any
// goroutine, even after Close.
package ring

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrUnavailable is wrapped by Open's error if there is no usable io_uring here:
// another system, a kernel that is too old, or one that is configured to refuse.
// The wrapping error says what is missing.
var ErrUnavailable = errors.New("no io_uring")

// ErrRefused is wrapped by Wait's error if the kernel has no memory at present, for
// the queued operations or for the wait. Nothing is lost: the next Wait goes on, and
// returns the completions that this one has taken. Pause before calling it.
var ErrRefused = errors.New("refused for now")

// Config is the size of a ring.
type Config struct {
	Entries     int // operations that can be queued before the kernel is called; a power of two
	Completions int // completions that can be queued; a power of two, more than Entries
	Buffers     int // buffers to receive into; a power of two, at most 32768
	BufferSize  int // size of each buffer, in bytes
}

// Operation is the kind of an operation.
type Operation uint8

const (
	None Operation = iota // its completions are dropped
	Accept
	Recv
	Send
	Writable
)

// Token names an operation: its owner and its kind. The kernel hands it back. It
// is never a pointer, because the garbage collector would not know of it.
type Token uint64

// maxSlot is the largest slot that fits into a Token.
const maxSlot = 1<<24 - 1

// NewToken returns the name of an operation of the slot's owner. The generation
// tells owners apart that had the same slot one after the other. It panics if the
// slot is not less than 1<<24.
func NewToken(slot int, generation uint32, op Operation) Token {
	if uint(slot) > maxSlot {
		panic(fmt.Sprintf("ring: slot %d", slot))
	}
	return Token(generation)<<32 | Token(slot)<<8 | Token(op)
}

// Operation returns the operation's kind.
func (t Token) Operation() Operation { return Operation(t) }

// Slot returns the slot of the operation's owner.
func (t Token) Slot() int { return int(t >> 8 & maxSlot) }

// Generation returns the generation of the operation's owner.
func (t Token) Generation() uint32 { return uint32(t >> 32) }

// Completion is the result of an operation. Its layout is the kernel's.
type Completion struct {
	Token  Token
	Result int32 // the return value of the system call, or a negated errno
	Flags  uint32
}

// The flags of a completion.
const (
	FlagBuffer = 1 << 0 // the upper half is a buffer's number
	FlagMore   = 1 << 1 // the operation goes on
	FlagUnread = 1 << 2 // the socket has more bytes
)

// NewBuffer returns the flags of a completion that has received into a buffer.
func NewBuffer(id int, flags uint32) uint32 { return uint32(id)<<16 | FlagBuffer | flags }

// Err returns the operation's errno; nil if it succeeded.
func (c Completion) Err() error {
	if c.Result >= 0 {
		return nil
	}
	return syscall.Errno(-c.Result)
}

// More reports whether the operation goes on, and will complete again.
func (c Completion) More() bool { return c.Flags&FlagMore != 0 }

// Unread reports whether the socket had more bytes than were received.
func (c Completion) Unread() bool { return c.Flags&FlagUnread != 0 }

// Buffer returns the number of the buffer that the operation has received into;
// ok is false if there is none.
func (c Completion) Buffer() (id int, ok bool) {
	return int(c.Flags >> 16), c.Flags&FlagBuffer != 0
}

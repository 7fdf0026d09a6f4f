// Package ring is Linux's io_uring: two queues that a program shares with the
// kernel. Into the one it writes what it wants done, from the other it takes
// what is done.
//
// # How it is used
//
// Methods such as Recv only queue an operation. Wait hands over all that is
// queued and waits for completions, in one system call. A completion carries the
// Token that the operation was queued with, so a program finds out whom it is
// about; one operation may complete many times (Completion.More), until it says
// that this was the last.
//
// A Ring is for one goroutine, locked to its thread (runtime.LockOSThread) from
// Open to Close: the kernel is told that only this thread comes, and leaves its
// work for it until it waits. Wake is the exception, and may be called from
// anywhere, even after Close.
package ring

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrUnavailable is why Open fails where there is no io_uring that will do:
// another system, a kernel that is too old, or one that was told to refuse. The
// error that wraps it says what is missing.
var ErrUnavailable = errors.New("no io_uring")

// ErrRefused is wrapped by Wait's error if the kernel has no memory at present, for
// the queued operations or for the wait. Nothing is lost: the next Wait goes on, and
// returns the completions that this one has taken. Let some time pass before it.
var ErrRefused = errors.New("refused for now")

// Config is the size of a ring.
type Config struct {
	Entries     int // operations that can be queued before the kernel is called; a power of two
	Completions int // that can wait to be taken; a power of two, more than Entries
	Buffers     int // to receive into, a power of two, at most 32768
	BufferSize  int // of each, in bytes
}

// Operation is what was asked for.
type Operation uint8

const (
	None Operation = iota // whose completion nobody is interested in
	Accept
	Recv
	Send
	Writable
)

// Token names an operation: whose it is, and what. The kernel hands it back; it
// is never a pointer, which the garbage collector would not know of.
type Token uint64

// maxSlot is the largest slot that fits into a Token.
const maxSlot = 1<<24 - 1

// NewToken returns the name of an operation on behalf of the slot's owner. The
// generation tells owners apart that had the same slot one after the other. A
// slot must be less than 1<<24.
func NewToken(slot int, generation uint32, op Operation) Token {
	if uint(slot) > maxSlot {
		panic(fmt.Sprintf("ring: slot %d", slot))
	}
	return Token(generation)<<32 | Token(slot)<<8 | Token(op)
}

// Operation returns what was asked for.
func (t Token) Operation() Operation { return Operation(t) }

// Slot returns on whose behalf.
func (t Token) Slot() int { return int(t >> 8 & maxSlot) }

// Generation returns which of the slot's owners.
func (t Token) Generation() uint32 { return uint32(t >> 32) }

// Completion says what became of an operation. Its layout is the kernel's.
type Completion struct {
	Token  Token
	Result int32 // what the system call would have returned, or a negated errno
	Flags  uint32
}

// The flags of a completion.
const (
	FlagBuffer = 1 << 0 // the upper half is a buffer's number
	FlagMore   = 1 << 1 // the operation goes on
	FlagUnread = 1 << 2 // the socket has more than was received
)

// NewBuffer returns the flags of a completion that has received into a buffer.
func NewBuffer(id int, flags uint32) uint32 { return uint32(id)<<16 | FlagBuffer | flags }

// Err returns why the operation failed; nil if it did not.
func (c Completion) Err() error {
	if c.Result >= 0 {
		return nil
	}
	return syscall.Errno(-c.Result)
}

// More reports whether the operation goes on, and will complete again.
func (c Completion) More() bool { return c.Flags&FlagMore != 0 }

// Unread reports whether the socket had more than was received.
func (c Completion) Unread() bool { return c.Flags&FlagUnread != 0 }

// Buffer returns the number of the buffer that the operation has received into;
// ok is false if there is none.
func (c Completion) Buffer() (id int, ok bool) {
	return int(c.Flags >> 16), c.Flags&FlagBuffer != 0
}

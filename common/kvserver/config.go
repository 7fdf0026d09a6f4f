// Package kvserver is what the servers have in common, whatever their I/O
// model: configuration and limits, the life from Serve to Shutdown, counters,
// and the rules for one connection's clocks and end (Conn).
package kvserver

import (
	"log/slog"
	"math"
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/store"
)

// Config is a server's configuration. The zero value is a good one.
type Config struct {
	// Store holds the data. nil: a new one in memory, as safe for
	// concurrent use as the model needs it to be.
	Store store.Store
	// Logger gets what an operator must know, nothing per request.
	// nil: slog.Default(). Its handler is called on a goroutine of its own
	// (package asynclog), so no client waits for it. Serve waits for it at its
	// end, for a second at most.
	Logger *slog.Logger
	// Ready is called once, when the server has all that it needs to serve
	// its listener's clients; never if Serve fails before. Serve calls it, so
	// it must not block. nil: nothing is called.
	Ready func()
	Limits
}

// Limits keeps a server from being harmed by any one client, or by too many.
// Zero means the default; a negative duration or count means no limit.
type Limits struct {
	// MaxFrame is the largest length that a frame may announce, body and
	// footer, in bytes. Default 1 MiB.
	MaxFrame int
	// MaxConns is how many clients are served at a time; the next one is
	// refused with a reason. Default 10,000; never more than the process's
	// descriptor limit less a reserve. A model that serves one client at a
	// time lets the others wait in the listen backlog instead.
	MaxConns int
	// MaxConnsPerPeer is how many of them one address may have; the next one is
	// refused with a reason. An IPv6 address counts by its first 64 bits. With
	// MaxFrame and OutputLimit it also bounds the memory of an address. Default:
	// no limit, because many clients may come from one address.
	MaxConnsPerPeer int
	// IdleTimeout closes a connection that is silent between frames.
	// Default 60 s; 5 s where others have to wait for it.
	IdleTimeout time.Duration
	// FrameTimeout is how long a frame may take from its first byte to its
	// last, however many bytes come in between. Default 10 s; 5 s where
	// others have to wait.
	FrameTimeout time.Duration
	// WriteTimeout closes a connection whose peer takes none of the bytes
	// that are to be sent. Default 10 s; 5 s where others have to wait.
	WriteTimeout time.Duration
	// OutputLimit is how many bytes of replies may wait for one client, or
	// one reply if that is larger. If the next one might exceed it, the
	// client's requests are neither read nor answered until less than a
	// quarter is left. Default 1 MiB.
	OutputLimit int
	// MemoryLimit bounds all connections' buffers together, in bytes. When
	// three quarters are lent, connections are closed: first those that have
	// made no progress for longest, but none that holds no more than half the
	// limit divided by MaxConns. One that needs a buffer when nothing is left
	// is closed itself. Default 256 MiB.
	//
	// Garbage is not within it. A program that serves should tell the garbage
	// collector what it needs (Heap), as the commands do: kvcmd.LimitHeap.
	MemoryLimit int64
	// StoreLimit bounds what the store holds that a server makes for itself, in
	// bytes of keys, values and their bookkeeping. A put beyond it is answered
	// with an error; the log warns at nine tenths. Nothing is ever dropped, so a
	// full store takes no new key until the server is started again. Default: a
	// quarter of the memory that the machine has, or that its control group allows
	// (package memlimit), for each server of a program.
	StoreLimit int64
	// TurnLimit is how long a client is served, in a model that serves one
	// at a time, before it gives way to one that waits. Default 10 s.
	TurnLimit time.Duration
	// DrainTimeout is how long a server's command waits at SIGTERM until all
	// that was received is answered. Default 5 s. (Servers in a program are
	// told by Shutdown's context.)
	DrainTimeout time.Duration
}

// Defaults that are needed before there is a server.
const (
	DefaultMaxConns     = 10_000
	DefaultDrainTimeout = 5 * time.Second
)

// Backlog is the length of the listen queue.
const Backlog = 1024

// withDefaults fills in what was left open. oneAtATime is for models in which
// one client keeps all others waiting.
func (l Limits) withDefaults(oneAtATime bool) Limits {
	patience := func(long time.Duration) time.Duration {
		if oneAtATime {
			return 5 * time.Second
		}
		return long
	}
	l.MaxFrame = orDefault(l.MaxFrame, 1<<20, min(most, frame.MaxLength))
	l.MaxConns = orDefault(l.MaxConns, DefaultMaxConns, most)
	l.MaxConnsPerPeer = max(0, l.MaxConnsPerPeer)
	l.IdleTimeout = orDefault(l.IdleTimeout, patience(60*time.Second), never)
	l.FrameTimeout = orDefault(l.FrameTimeout, patience(10*time.Second), never)
	l.WriteTimeout = orDefault(l.WriteTimeout, patience(10*time.Second), never)
	l.OutputLimit = orDefault(l.OutputLimit, 1<<20, most)
	l.MemoryLimit = orDefault(l.MemoryLimit, 256<<20, math.MaxInt64)
	l.StoreLimit = l.StoreBytes()
	l.TurnLimit = orDefault(l.TurnLimit, 10*time.Second, never)
	l.DrainTimeout = orDefault(l.DrainTimeout, DefaultDrainTimeout, never)
	return l
}

// most is the largest int that a limit may be. The sum of two limits, and a buffer
// of four times a limit, must not overflow an int: on 32-bit systems it is 512 MiB.
const most = min(math.MaxInt32, math.MaxInt/4)

// What a server needs beside its buffers and its store, in bytes: for itself, and for
// each connection, whose goroutine's stack is most of it.
const (
	heapReserve  = 12 << 20
	connReserve  = 8 << 10
	storeReserve = 4 // a store's map may be larger than reckoned, by this part
)

// Heap returns how much memory a program needs that runs one server with these limits
// and statistics, in bytes: a limit for debug.SetMemoryLimit, until the store has grown
// or clients have come. It returns 0 if the buffers have no limit, or the store does
// not say how large it is.
func (l Limits) Heap(s Stats) int64 {
	l = l.withDefaults(false)
	if s.Store == nil || l.MemoryLimit > 1<<50 {
		return 0
	}
	return l.MemoryLimit + s.Store.Bytes + s.Store.Bytes/storeReserve + s.Active*connReserve + heapReserve
}

// never is a time that does not come, and to which another can be added.
const never time.Duration = 1 << 61

// orDefault returns a limit, or what stands for none. There is no larger one:
// sums of a few limits must not overflow.
func orDefault[T int | int64 | time.Duration](limit, byDefault, none T) T {
	switch {
	case limit == 0:
		return byDefault
	case limit < 0:
		return none
	default:
		return min(limit, none)
	}
}

// Package server is the part that all models' servers share: configuration and limits
// (Config), the life from Serve to Shutdown (Core), counters (Stats), and the rules for
// one connection's clocks and end (Conn). It neither reads nor writes sockets, and
// starts no loop: a Model does both, and calls this package.
//
// To serve a protocol of your own, read package session first, then Config, Limits and
// Server; servercmd.Main makes a command of it.
//
// To read a model, or to write one, read Server first, then Core and Model, then Lane and
// Conn. The clocks are in clock.go, and the rules for scarce memory in memory.go.
package server

import (
	"log/slog"
	"math"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
)

// Config is a server's configuration. The zero value is usable.
type Config struct {
	// Protocol gives the clients' bytes their meaning. nil: the key/value protocol over
	// memory, in a program that imports package kv (session.Default).
	Protocol session.Protocol
	// Logger gets the events that an operator must know, nothing per request. nil:
	// slog.Default(). Its handler is called on a goroutine of its own (package
	// asynclog), so no client waits for it. At its end Serve waits for it for at most a
	// second.
	Logger *slog.Logger
	// Ready is called once, when the server has everything that it needs to serve its
	// listener's clients. If Serve fails earlier, Ready is not called. Serve calls it,
	// so it must not block. nil: nothing is called.
	Ready func()
	Limits
}

// Limits protects a server from any one client, and from too many of them. Zero means
// the default; a negative duration or count means no limit.
type Limits struct {
	// MaxFrame is the length of the longest request, in bytes. Up to session.Allowance
	// bytes of its header do not count: the key/value protocol counts a frame's body
	// and footer. Default 1 MiB.
	MaxFrame int
	// MaxConns is the number of clients served at a time; further ones are refused with
	// a reason. Default 10,000, but never more than the process's descriptor limit
	// minus a reserve. A model that serves one client at a time leaves the others in
	// the listen queue instead.
	MaxConns int
	// MaxConnsPerPeer is the number of clients of one address at a time; further ones
	// are refused with a reason. An IPv6 address counts by its first 64 bits. Together
	// with MaxFrame and OutputLimit this also bounds the memory of an address. Default:
	// no limit, because many clients may share an address.
	MaxConnsPerPeer int
	// IdleTimeout closes a connection that is silent between frames. Default 60 s; 5 s
	// in models that serve one client at a time.
	IdleTimeout time.Duration
	// FrameTimeout is the time that a frame may take from its first byte to its last,
	// however many bytes arrive meanwhile. Default 10 s; 5 s in models that serve one
	// client at a time.
	FrameTimeout time.Duration
	// WriteTimeout closes a connection whose peer takes none of its unsent replies for
	// this time. Default 10 s; 5 s in models that serve one client at a time.
	WriteTimeout time.Duration
	// OutputLimit is how many bytes of unsent replies one client may have, or one reply
	// if that is larger. If the next reply might exceed it, the server stops reading
	// and answering that client until at most a quarter of the limit is unsent. Default
	// 1 MiB.
	OutputLimit int
	// MemoryLimit bounds the buffers of all connections together, in bytes. When three
	// quarters are lent, the server closes connections, and begins with the one that
	// has made no progress for longest. A connection that holds at most half the limit
	// divided by MaxConns is not closed for this. A connection that needs a buffer when
	// none is left is itself closed. Default 256 MiB.
	//
	// The limit does not count garbage. A program that serves should also tell the
	// garbage collector how much memory it needs (Heap); the commands do so with
	// servercmd.LimitHeap.
	MemoryLimit int64
	// TurnLimit is how long a client is served before it must give way to a waiting
	// one, in a model that serves one at a time. Default 10 s.
	TurnLimit time.Duration
	// DrainTimeout is how long a server's command waits after SIGTERM for all received
	// requests to be answered. Default 5 s. (In a program, Shutdown's context sets this
	// time.)
	DrainTimeout time.Duration
}

// Defaults that are needed before a server exists.
const (
	DefaultMaxConns     = 10_000
	DefaultDrainTimeout = 5 * time.Second
)

// Backlog is the length of the listen queue.
const Backlog = 1024

// withDefaults fills in limits that are zero. oneAtATime is for models in which one
// client keeps all others waiting.
func (l Limits) withDefaults(oneAtATime bool) Limits {
	patience := func(long time.Duration) time.Duration {
		if oneAtATime {
			return 5 * time.Second
		}
		return long
	}
	l.MaxFrame = orDefault(l.MaxFrame, 1<<20, most)
	l.MaxConns = orDefault(l.MaxConns, DefaultMaxConns, most)
	l.MaxConnsPerPeer = max(0, l.MaxConnsPerPeer)
	l.IdleTimeout = orDefault(l.IdleTimeout, patience(60*time.Second), never)
	l.FrameTimeout = orDefault(l.FrameTimeout, patience(10*time.Second), never)
	l.WriteTimeout = orDefault(l.WriteTimeout, patience(10*time.Second), never)
	l.OutputLimit = orDefault(l.OutputLimit, 1<<20, most)
	l.MemoryLimit = orDefault(l.MemoryLimit, 256<<20, math.MaxInt64)
	l.TurnLimit = orDefault(l.TurnLimit, 10*time.Second, never)
	l.DrainTimeout = orDefault(l.DrainTimeout, DefaultDrainTimeout, never)
	return l
}

// most is the largest value of an int limit. The sum of two limits, and a buffer of
// four times a limit, must not overflow an int: on 32-bit systems it is 512 MiB.
const most = min(math.MaxInt32, math.MaxInt/4)

// The memory that a server needs besides its buffers and its store, in bytes: for
// itself, and for each connection. Most of a connection's memory is the stack of its
// goroutine.
const (
	heapReserve  = 12 << 20
	connReserve  = 8 << 10
	storeReserve = 4 // divisor: a store's map may take this part more memory than the store counts
)

// Heap returns how much memory a program needs that runs one server with these limits
// and statistics, in bytes. Use it as the limit for debug.SetMemoryLimit, and ask again
// when the store has grown or clients have come. It returns 0 if the buffers have no
// limit, or if the store does not report its size.
func (l Limits) Heap(s Stats) int64 {
	l = l.withDefaults(false)
	if s.Store == nil || l.MemoryLimit > 1<<50 {
		return 0
	}
	return l.MemoryLimit + s.Store.Bytes + s.Store.Bytes/storeReserve + s.Active*connReserve + heapReserve
}

// never is a time that never comes; adding another time to it does not overflow.
const never time.Duration = 1 << 61

// orDefault returns the limit, its default if it is 0, or none if it is negative. No
// result exceeds none, so sums of a few limits do not overflow.
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

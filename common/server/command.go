package server

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Command describes a model to the programs that run, measure and compare models.
// Each model declares one; the programs know nothing else about it.
type Command struct {
	Model   string // its name, such as "eventloop": that of its package and its folder
	Summary string // how it waits, in one line
	Kind    Kind
	// OS is the only system for which the model has code (GOOS); "": it has code
	// for all of them.
	OS string
	// Available returns why this system cannot run the model, as an error that
	// wraps ErrUnavailable. nil: every system can.
	Available func() error
	// Syscalls are the system calls that only this model makes, and that the lab
	// counts by name. Every kernel that can run the model knows them.
	Syscalls []string
	// Variants are the model's ways to wait; the first one has no flags.
	Variants []Variant
	// Flags defines the model's own flags. The function that it returns makes
	// the server after parsing; its error is about the flags.
	Flags func(fs *flag.FlagSet) func(Config) (Server, error)
}

// Kind tells whether a model's calls on sockets block.
type Kind uint8

const (
	Blocking    Kind = iota + 1 // built on package blocking
	NonBlocking                 // built on package nonblocking
)

// Variant is a model with the flags that make it wait in another way.
type Variant struct {
	Args []string // the flags, and their values
	// Go is the expression that makes the same server in a program that has its
	// server.Config in config.
	Go string
	// Waits says how it waits, in at most 30 characters: "one goroutine, epoll".
	Waits string

	Clients  int  // served at a time, at most; 0: no limit
	Handlers int  // requests handled at a time, at most; 0: one for each client served
	Spins    bool // it never sleeps, so it uses a whole core while all clients are silent

	// Complexity orders all variants of all models: the lower, the less there is
	// to choose, to tune and to keep in mind. Between equals, the simpler one is
	// recommended.
	Complexity int
	// Needs states the requirements on a system that other variants do not have, in
	// sentences for users; "": none.
	Needs string
}

// OneAtATime reports whether a client keeps the others waiting until it leaves or
// its turn ends.
func (v Variant) OneAtATime() bool { return v.Clients == 1 }

// New returns a server that is configured by cfg and the model's own flags in args.
func (c Command) New(cfg Config, args ...string) (Server, error) {
	fs := flag.NewFlagSet(c.Model, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // the returned error has the same text
	server := c.Flags(fs)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	return server(cfg)
}

// DefineFlags defines a flag for each limit. A limit that is not set has the
// model's default; -1 means no limit.
func (l *Limits) DefineFlags(fs *flag.FlagSet) {
	define(fs, &l.MaxFrame, parseSize, "max-frame", "longest request in `bytes`, without a header of up to 16 bytes (default 1MiB)")
	define(fs, &l.MaxConns, parseCount, "max-conns", "`number` of clients at a time; more are refused (default 10000, or what the descriptor limit allows)")
	define(fs, &l.MaxConnsPerPeer, parseCount, "max-conns-per-peer", "`number` of clients of one address (of IPv6, its first 64 bits) at a time; more are refused (default no limit)")
	define(fs, &l.IdleTimeout, parseDuration, "idle-timeout", "close a client that is silent between requests for this `time` (default 1m; 5s if one client is served at a time)")
	define(fs, &l.FrameTimeout, parseDuration, "frame-timeout", "close a client whose request takes longer than this `time` from its first byte to its last (default 10s; 5s if one client is served at a time)")
	define(fs, &l.WriteTimeout, parseDuration, "write-timeout", "close a client that takes none of its replies for this `time` (default 10s; 5s if one client is served at a time)")
	define(fs, &l.OutputLimit, parseSize, "output-limit", "stop reading from a client while this many `bytes` of its replies are unsent (default 1MiB)")
	define(fs, &l.MemoryLimit, parseSize, "memory-limit", "`bytes` for the buffers of all clients together (default 256MiB)")
	define(fs, &l.DrainTimeout, parseDuration, "drain-timeout", "`time` to answer the received requests after SIGTERM (default 5s)")
}

// DefineTurnFlag defines the flag for TurnLimit, for models that serve one
// client at a time.
func (l *Limits) DefineTurnFlag(fs *flag.FlagSet) {
	define(fs, &l.TurnLimit, parseDuration, "turn-limit", "`time` after which a client gives way to a waiting one (default 10s)")
}

// SizeFlag defines a flag for a number of bytes, with or without a unit. -1 means no
// limit.
func SizeFlag(fs *flag.FlagSet, to *int64, name, usage string) {
	define(fs, to, parseSize, name, usage)
}

func define[T int | int64 | time.Duration](fs *flag.FlagSet, to *T, parse func(string) (int64, error), name, usage string) {
	fs.Func(name, usage, func(s string) error {
		if s == "-1" {
			*to = -1
			return nil
		}
		n, err := parse(s)
		if _, isInt := any(to).(*int); err == nil && (n <= 0 || isInt && n > most) {
			err = errors.New("out of range")
		}
		if err != nil {
			return fmt.Errorf("%w; -1 means no limit", err)
		}
		*to = T(n)
		return nil
	})
}

func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, errors.New("want a number")
	}
	return n, nil
}

func parseDuration(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, errors.New("want a time such as 500ms or 5s")
	}
	return int64(d), nil
}

// parseSize parses a number of bytes, with or without a unit.
func parseSize(s string) (int64, error) {
	unit := int64(1)
	for i, suffix := range []string{"KiB", "MiB", "GiB"} {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = number, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errors.New("want bytes, such as 65536, 64KiB or 1MiB")
	}
	if n > math.MaxInt32 {
		return 0, errors.New("out of range")
	}
	return n * unit, nil
}

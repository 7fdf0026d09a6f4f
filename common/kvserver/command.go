package kvserver

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Command describes a model to the commands that run it (package kvcmd).
type Command struct {
	Model   string // its name, such as "eventloop"
	Summary string // how it waits, in one line
	// Flags defines the model's own flags. The function that it returns makes
	// the server after parsing; its error is about the flags.
	Flags func(fs *flag.FlagSet) func(Config) (Server, error)
}

// DefineFlags defines a flag for each limit. A limit that is not set has the
// model's default; -1 means no limit.
func (l *Limits) DefineFlags(fs *flag.FlagSet) {
	define(fs, &l.MaxFrame, parseSize, "max-frame", "largest frame, body and footer, in `bytes` (default 1MiB)")
	define(fs, &l.MaxConns, parseCount, "max-conns", "`number` of clients at a time; more are refused (default 10000, or what the descriptor limit allows)")
	define(fs, &l.MaxConnsPerPeer, parseCount, "max-conns-per-peer", "`number` of clients of one address (of IPv6, its first 64 bits) at a time; more are refused (default no limit)")
	define(fs, &l.IdleTimeout, parseDuration, "idle-timeout", "close a client that is silent between frames for this `time` (default 1m; 5s if one client is served at a time)")
	define(fs, &l.FrameTimeout, parseDuration, "frame-timeout", "close a client whose frame takes longer than this `time` from its first byte to its last (default 10s; 5s if one client is served at a time)")
	define(fs, &l.WriteTimeout, parseDuration, "write-timeout", "close a client that takes none of its replies for this `time` (default 10s; 5s if one client is served at a time)")
	define(fs, &l.OutputLimit, parseSize, "output-limit", "stop reading from a client while this many `bytes` of its replies are unsent (default 1MiB)")
	define(fs, &l.MemoryLimit, parseSize, "memory-limit", "`bytes` for the buffers of all clients together (default 256MiB)")
	define(fs, &l.StoreLimit, parseSize, "store-limit", "`bytes` that the store may hold; a put beyond that gets an error (default a quarter of the memory that the machine has, or its control group allows)")
	define(fs, &l.DrainTimeout, parseDuration, "drain-timeout", "`time` to answer the received requests after SIGTERM (default 5s)")
}

// DefineTurnFlag defines the flag for TurnLimit, for models that serve one
// client at a time.
func (l *Limits) DefineTurnFlag(fs *flag.FlagSet) {
	define(fs, &l.TurnLimit, parseDuration, "turn-limit", "`time` after which a client gives way to a waiting one (default 10s)")
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

package generator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// The bounds of a configuration. Within them nothing overflows, and the generator
// needs no more than some 3 GiB, so it does not run out of memory and lose a
// result.
const (
	// maxInFlight bounds connections × depth: a request in flight takes 32 bytes.
	maxInFlight = 1 << 20
	// maxBytes bounds the values in flight. A connection holds those replies and
	// requests that the socket has taken only in part.
	maxBytes = 1 << 30
	// maxValue is the largest value, in bytes. A template is made by encoding
	// one.
	maxValue = 64 << 20
	// maxKeys: a key takes 17 bytes, and another 8 with Zipf's distribution.
	maxKeys = 10_000_000
	// maxSizes bounds the number of different value sizes. The templates of one
	// size take half a kilobyte.
	maxSizes = 1 << 18
	// maxRate is far beyond what a thread can send, and low enough that the thread
	// can count the requests that it could not send.
	maxRate = 5e6
	// leastRate keeps the random gap between two requests far from the largest
	// time there is (292 years).
	leastRate = 1e-3
	// maxTime bounds each part of a run, so that their sums do not overflow, and
	// are exact in the schedule's floats, too.
	maxTime = 24 * time.Hour
)

// bounds returns an error that names the exceeded bounds.
func (c Config) bounds() error {
	const (
		memory  = "because each request in flight takes memory"
		longest = "because no part of a run may last longer than a day"
	)
	err := errors.Join(
		oneOf("protocol", c.Protocol, load.Protocols...),
		oneOf("arrivals", c.Arrivals, load.Poisson, load.Constant),
		oneOf("distribution", c.Distribution, load.Uniform, load.Zipfian),
		between("connections", c.Connections, 1, maxInFlight, memory),
		between("depth", c.Depth, 1, maxInFlight, memory),
		between("keys", c.Keys, 1, maxKeys, "because all keys are made beforehand, which takes memory and time"),
		between("smallest value size", c.MinValue, 0, maxValue, "because a value has to fit into memory many times over"),
		between("largest value size", c.MaxValue, c.MinValue, maxValue, "because a value has to fit into memory many times over"),
		between("share of puts", c.Puts, 0, 1, "because it is a share"),
		least("number of requests", c.Requests, 0),
		between("warm-up", c.Warmup, 0, maxTime, longest),
		between("duration", c.Duration, 0, maxTime, longest),
		between("ramp", c.Ramp, 0, maxTime, longest),
		between("drain", c.Drain, 0, maxTime, longest),
		between("connect timeout", c.ConnectTimeout, 0, maxTime, longest),
		between("reply timeout", c.ReplyTimeout, 0, maxTime, longest),
	)
	if c.Rate != 0 {
		err = errors.Join(err, between("rate", c.Rate, leastRate, maxRate, "because one thread cannot send as many"))
	}
	if err != nil {
		return err
	}
	return errors.Join(
		between("connections × depth", c.Connections*c.Depth, 1, maxInFlight, memory),
		between("connections × depth × largest value size", int64(c.Connections*c.Depth)*int64(c.MaxValue), 0, maxBytes,
			"because the values in flight have to fit into memory"),
		between("number of value sizes", min(c.Keys, c.MaxValue-c.MinValue+1), 1, maxSizes,
			"because each takes memory: use fewer keys or a smaller range"),
	)
}

func oneOf[T ~string](name string, value T, known ...T) error {
	if !slices.Contains(known, value) {
		return fmt.Errorf("load: %s is %q, but must be one of %q", name, value, known)
	}
	return nil
}

type number interface {
	int | int64 | float64 | time.Duration
}

func least[T number](name string, value, bound T) error {
	if !(value >= bound) { // not value < bound, so that NaN is refused
		return fmt.Errorf("load: %s is %v, the least is %v", name, value, bound)
	}
	return nil
}

func between[T number](name string, value, from, to T, why string) error {
	if value > to {
		return fmt.Errorf("load: %s is %v, the most is %v, %s", name, value, to, why)
	}
	return least(name, value, from)
}

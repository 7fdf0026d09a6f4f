package generator

import (
	"errors"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// The bounds of a configuration. Within them nothing overflows, and the generator
// needs no more than some 3 GiB, so it does not run out of memory and lose a
// result.
const (
	// maxInFlight bounds connections × depth: a request in flight takes 32 bytes.
	maxInFlight = 1 << 20
	// maxBytes bounds the bytes in flight, of values or of exchanges. A connection holds those replies and
	// requests that the socket has taken only in part.
	maxBytes = 1 << 30
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
	largest, err := wire.Validate(c.Workload)
	what := "largest value size"
	if c.Exchanges != nil {
		what = "longest request or reply"
	}
	err = errors.Join(
		err,
		load.OneOf("arrivals", c.Arrivals, load.Poisson, load.Constant),
		load.Between("connections", c.Connections, 1, maxInFlight, memory),
		load.Between("depth", c.Depth, 1, maxInFlight, memory),
		load.Least("number of requests", c.Requests, 0),
		load.Between("warm-up", c.Warmup, 0, maxTime, longest),
		load.Between("duration", c.Duration, 0, maxTime, longest),
		load.Between("ramp", c.Ramp, 0, maxTime, longest),
		load.Between("drain", c.Drain, 0, maxTime, longest),
		load.Between("connect timeout", c.ConnectTimeout, 0, maxTime, longest),
		load.Between("reply timeout", c.ReplyTimeout, 0, maxTime, longest),
	)
	if c.Rate != 0 {
		err = errors.Join(err, load.Between("rate", c.Rate, leastRate, maxRate, "because one thread cannot send as many"))
	}
	if err != nil {
		return err
	}
	return errors.Join(
		load.Between("connections × depth", c.Connections*c.Depth, 1, maxInFlight, memory),
		load.Between("connections × depth × "+what, int64(c.Connections*c.Depth)*int64(largest), 0, maxBytes,
			"because the messages in flight have to fit into memory"),
	)
}

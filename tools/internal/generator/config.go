package generator

import (
	"errors"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

const defaultTimeout = 5 * time.Second

// Config is the configuration of Run and Preload.
type Config struct {
	// Addr is the server's address, host:port.
	Addr string
	load.Workload
	// Warmup is how long the load runs before the measurement.
	Warmup time.Duration
	// WindowAt is the time at which the measured window begins, by the wall clock: the
	// connections are open before, and wait until Warmup before it. It must have no
	// monotonic reading (time.Time.Round(0)). If the connections are not open by then, Run
	// returns a TooLateError. The zero time: after Warmup.
	WindowAt time.Time
	// Duration is the length of the measured window.
	Duration time.Duration
	// Requests ends the measured window early, after that many answered
	// requests. 0: no limit.
	Requests int64
	// Ramp is the time over which the connections are opened, evenly. 0: as fast
	// as possible.
	Ramp time.Duration
	// ConnectTimeout is the longest time to open a connection. Default 5 s.
	ConnectTimeout time.Duration
	// ReplyTimeout is the longest time to wait for a reply, from the moment its
	// request was sent. A connection that exceeds it is given up. Default 5 s.
	ReplyTimeout time.Duration
	// Drain is the longest time that an open loop continues after its window, to
	// send the requests that were due in it and to read the replies. Default
	// ReplyTimeout.
	Drain time.Duration
	// MayWait: a connection that has had no reply so far is not given up while
	// another connection is served. This is for servers that serve a few clients
	// at a time and let the others wait.
	MayWait bool
	// Ceiling is the rate, in requests per second, that the generator reaches
	// against a server that does next to nothing, with as many connections and
	// as many requests in flight. 0: unknown.
	Ceiling float64
	// Spin lets the generator of an open loop poll its sockets without a pause,
	// instead of sleeping until something happens. It is then never late because
	// it slept, but needs a core of its own.
	Spin bool
	// Seed determines the sequence of keys, kinds and arrivals.
	Seed uint64

	// Begin and End are called on the generator's thread where the measured
	// window begins and ends. Nothing is sent while they run, so they can read
	// the server's counters. May be nil.
	Begin, End func()
	// Live is kept up to date while the load runs, for a display. May be nil.
	Live *Live
}

// Validate returns an error if Run would refuse the configuration. The error
// names each exceeded bound, and the reason for it.
func (c Config) Validate() error {
	_, err := c.withDefaults()
	return errors.Join(err, load.Least("duration", c.Duration, time.Millisecond))
}

func (c Config) withDefaults() (Config, error) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = defaultTimeout
	}
	if c.ReplyTimeout == 0 {
		c.ReplyTimeout = defaultTimeout
	}
	if c.Drain == 0 {
		c.Drain = c.ReplyTimeout
	}
	for _, hook := range []*func(){&c.Begin, &c.End} {
		if *hook == nil {
			*hook = func() {}
		}
	}
	return c, c.bounds()
}

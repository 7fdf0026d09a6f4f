package load

import (
	"errors"
	"time"
)

// Workload says which requests a server gets.
type Workload struct {
	// Protocol is KV (this project's), RESP (Redis) or Memcached (memcached's
	// text protocol).
	Protocol Protocol `json:"protocol"`
	// Connections is the number of connections, all opened beforehand.
	Connections int `json:"connections"`
	// Depth is the most requests in flight on each connection. In the closed
	// loop there are always that many.
	Depth int `json:"depth"`
	// Rate is the number of requests due per second, over all connections, from
	// a thousandth to five million. 0 means a closed loop: a request is due when
	// an earlier one is answered.
	Rate float64 `json:"rate"`
	// Arrivals is how an open loop spreads its requests over time.
	Arrivals Arrivals `json:"arrivals"`
	// Puts is the share of puts among the requests, 0 to 1; the others are gets.
	Puts float64 `json:"puts"`
	// Keys is the number of keys, and Distribution says how often each key is
	// requested.
	Keys         int          `json:"keys"`
	Distribution Distribution `json:"distribution"`
	// MinValue and MaxValue bound the sizes of values, in bytes. Each key's size
	// is between them, and always the same.
	MinValue int `json:"value_min_bytes"`
	MaxValue int `json:"value_max_bytes"`
}

// Open reports whether requests are due at times of their own.
func (w Workload) Open() bool { return w.Rate > 0 }

// DefaultWorkload is one connection with one request in flight, in a closed
// loop: nine gets to a put, 10,000 keys, all equally likely, values of 64 bytes.
func DefaultWorkload() Workload {
	return Workload{
		Protocol: KV, Connections: 1, Depth: 1, Arrivals: Poisson,
		Puts: 0.1, Keys: 10_000, Distribution: Uniform, MinValue: 64, MaxValue: 64,
	}
}

// Protocol is the protocol that the generator speaks.
type Protocol string

// The protocols.
const (
	KV        Protocol = "kv"
	RESP      Protocol = "resp"
	Memcached Protocol = "memcached"
)

// Protocols are all protocols.
var Protocols = []Protocol{KV, RESP, Memcached}

// Arrivals is how requests are spread over time.
type Arrivals string

// The arrivals. Poisson: as of many independent users, on connections picked
// at random. Constant: as of a clock, on one connection after the other.
const (
	Poisson  Arrivals = "poisson"
	Constant Arrivals = "constant"
)

// Distribution is how often each key is requested.
type Distribution string

// The distributions. Uniform: all keys equally often. Zipfian: the key of rank
// k, counted from 1, in proportion to 1/k^0.99 (YCSB's default).
const (
	Uniform Distribution = "uniform"
	Zipfian Distribution = "zipfian"
)

const defaultTimeout = 5 * time.Second

// Config is the configuration of Run and Preload.
type Config struct {
	// Addr is the server's address, host:port.
	Addr string
	Workload
	// Warmup is how long the load runs before the measurement.
	Warmup time.Duration
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
	return errors.Join(err, least("duration", c.Duration, time.Millisecond))
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

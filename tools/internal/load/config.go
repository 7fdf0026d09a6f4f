package load

import (
	"errors"
	"time"
)

// Workload says what is asked of a server.
type Workload struct {
	// Protocol is KV, this project's, RESP, that of Redis, or Memcached, the text
	// protocol of memcached.
	Protocol Protocol `json:"protocol"`
	// Connections is how many there are, all opened beforehand.
	Connections int `json:"connections"`
	// Depth is how many requests may be in flight on each connection. In the
	// closed loop that many are.
	Depth int `json:"depth"`
	// Rate is how many requests per second are due, over all connections, from
	// a thousandth to five million. 0 means a closed loop: a request is due
	// when, and because, an earlier one was answered.
	Rate float64 `json:"rate"`
	// Arrivals is how the requests of an open loop are spread over time.
	Arrivals Arrivals `json:"arrivals"`
	// Puts is the share of puts among the requests, 0 to 1; the others are
	// gets.
	Puts float64 `json:"puts"`
	// Keys is how many keys there are, and Distribution which of them are
	// asked for.
	Keys         int          `json:"keys"`
	Distribution Distribution `json:"distribution"`
	// MinValue and MaxValue are the sizes of values, in bytes; each key's is
	// one between, the same every time.
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

// Protocol is the language that is spoken.
type Protocol string

// The protocols.
const (
	KV        Protocol = "kv"
	RESP      Protocol = "resp"
	Memcached Protocol = "memcached"
)

// Protocols are all of them.
var Protocols = []Protocol{KV, RESP, Memcached}

// Arrivals is how requests are spread over time.
type Arrivals string

// The arrivals: of many users who know nothing of each other, on connections
// picked at random; or of a clock, on one connection after the other.
const (
	Poisson  Arrivals = "poisson"
	Constant Arrivals = "constant"
)

// Distribution is how often each key is asked for.
type Distribution string

// The distributions: all keys equally often; or the key of rank k, counted from
// 1, in proportion to 1/k^0.99 (as YCSB's default).
const (
	Uniform Distribution = "uniform"
	Zipfian Distribution = "zipfian"
)

const defaultTimeout = 5 * time.Second

// Config is what Run and Preload need to know.
type Config struct {
	// Addr is the server's address, host:port.
	Addr string
	Workload
	// Warmup is how long the load runs before it is measured.
	Warmup time.Duration
	// Duration is how long it is measured.
	Duration time.Duration
	// Requests ends the measured window earlier, when that many have been
	// answered in it. 0: no limit.
	Requests int64
	// Ramp is over how long the connections are opened, evenly. 0: as fast as
	// it goes.
	Ramp time.Duration
	// ConnectTimeout is how long a connection may take to come about.
	// Default 5 s.
	ConnectTimeout time.Duration
	// ReplyTimeout is how long a reply may take, from when its request was
	// sent. A connection that exceeds it is given up. Default 5 s.
	ReplyTimeout time.Duration
	// Drain is how long an open loop goes on after its window, at most, to send
	// what was due in it and read the replies. Default ReplyTimeout.
	Drain time.Duration
	// MayWait: a connection without any reply so far is not given up as long
	// as another one is served. For servers that serve a few clients at a
	// time and let the others wait.
	MayWait bool
	// Ceiling is how many requests per second the generator reaches against a
	// server that does next to nothing, with as many connections and as many
	// requests in flight. 0: not known.
	Ceiling float64
	// Spin has the generator ask its sockets over and over in an open loop,
	// rather than sleep until something happens: it is never late for having
	// slept, and needs a core of its own.
	Spin bool
	// Seed makes the sequence of keys, kinds and arrivals.
	Seed uint64

	// Begin and End are called on the generator's thread where the measured
	// window begins and ends, and nothing is sent meanwhile: a place to read
	// the server's counters. May be nil.
	Begin, End func()
	// Live is kept up to date while the load runs, for a display. May be nil.
	Live *Live
}

// Validate returns an error if Run would refuse the configuration. It names each
// bound that is exceeded, and the reason for it.
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

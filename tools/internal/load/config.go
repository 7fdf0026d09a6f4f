package load

import (
	"errors"
	"fmt"
	"time"
)

// Workload says what is asked of a server.
type Workload struct {
	// Connections is how many there are, all opened beforehand.
	Connections int `json:"connections"`
	// Depth is how many requests each connection keeps in flight.
	Depth int `json:"depth"`
	// Puts is the share of puts among the requests, 0 to 1; the others are
	// gets.
	Puts float64 `json:"puts"`
	// Keys is how many keys there are; each request takes one of them, all
	// equally likely.
	Keys int `json:"keys"`
	// ValueSize is the size of each value, in bytes.
	ValueSize int `json:"value_bytes"`
}

// DefaultWorkload is one connection with one request in flight: nine gets to
// a put, 10,000 keys, values of 64 bytes.
func DefaultWorkload() Workload {
	return Workload{Connections: 1, Depth: 1, Puts: 0.1, Keys: 10_000, ValueSize: 64}
}

const (
	defaultTimeout = 5 * time.Second
	// maxTimeout is the longest time that the histogram can hold.
	maxTimeout = time.Minute
)

// Config is what Run and Preload need to know.
type Config struct {
	// Addr is the server's address, host:port.
	Addr string
	Workload
	// Warmup is how long the load runs before it is measured.
	Warmup time.Duration
	// Duration is how long it is measured.
	Duration time.Duration
	// ConnectTimeout is how long a connection may take to come about.
	// Default 5 s.
	ConnectTimeout time.Duration
	// ReplyTimeout is how long a reply may take. A connection that exceeds
	// it is given up. Default 5 s, at most a minute.
	ReplyTimeout time.Duration
	// MayWait: a connection without any reply so far is not given up as long
	// as another one is served. For servers that serve a few clients at a
	// time and let the others wait.
	MayWait bool
	// Seed makes the sequence of keys and kinds.
	Seed uint64

	// Begin and End are called on the generator's thread where the measured
	// window begins and ends, and nothing is sent meanwhile: a place to read
	// the server's counters. May be nil.
	Begin, End func()
}

func (c Config) withDefaults() (Config, error) {
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = defaultTimeout
	}
	if c.ReplyTimeout == 0 {
		c.ReplyTimeout = defaultTimeout
	}
	for _, hook := range []*func(){&c.Begin, &c.End} {
		if *hook == nil {
			*hook = func() {}
		}
	}
	return c, errors.Join(
		atLeast("connections", c.Connections, 1),
		atLeast("depth", c.Depth, 1),
		atLeast("keys", c.Keys, 1),
		atLeast("value size", c.ValueSize, 0),
		atLeast("warm-up", c.Warmup, 0),
		atLeast("connect timeout", c.ConnectTimeout, 0),
		between("reply timeout", c.ReplyTimeout, 0, maxTimeout),
		between("share of puts", c.Puts, 0, 1),
	)
}

func atLeast[T int | time.Duration](name string, value, least T) error {
	if value < least {
		return fmt.Errorf("load: %s is %v, the least is %v", name, value, least)
	}
	return nil
}

func between[T float64 | time.Duration](name string, value, least, most T) error {
	if !(value >= least && value <= most) { // so that NaN is refused
		return fmt.Errorf("load: %s is %v, but must be from %v to %v", name, value, least, most)
	}
	return nil
}

package load

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// Workload says which requests a server gets.
type Workload struct {
	// Protocol is KV (this project's), RESP (Redis) or Memcached (memcached's
	// text protocol). It is FromFile if and only if there are Exchanges.
	Protocol Protocol `json:"protocol"`
	// Exchanges are the requests, in any protocol. Puts, Keys, Distribution and the
	// sizes of values then mean nothing. nil: the requests are gets and puts.
	Exchanges *Exchanges `json:"exchanges,omitempty"`
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

// Of returns the workload with the exchanges in place of gets and puts; nil: w itself.
func (w Workload) Of(e *Exchanges) Workload {
	if e != nil {
		w.Protocol, w.Exchanges = FromFile, e
		w.Puts, w.Keys, w.Distribution, w.MinValue, w.MaxValue = 0, 0, "", 0, 0
	}
	return w
}

// Least returns the workload with as few different requests as possible: with one key,
// or with the first exchange.
func (w Workload) Least() Workload {
	if w.Exchanges != nil {
		return w.Of(w.Exchanges.First())
	}
	w.Keys = 1
	return w
}

// Words describes the requests: "90 % gets, 10,000 keys, 64-byte values".
func (w Workload) Words() string {
	if w.Exchanges != nil {
		return w.Exchanges.words()
	}
	sizes := fmt.Sprint(w.MaxValue)
	if w.MinValue != w.MaxValue {
		sizes = fmt.Sprintf("%d- to %d", w.MinValue, w.MaxValue)
	}
	text := fmt.Sprintf("%.0f %% gets, %s keys, %s-byte values", 100*(1-w.Puts), format.Thousands(float64(w.Keys)), sizes)
	if w.Distribution == Zipfian {
		text += ", zipfian"
	}
	return text
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
	FromFile  Protocol = "exchanges" // any other, of which only exchanges are known
)

// Protocols are the protocols that the generator itself speaks.
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

package advise

import (
	"fmt"
	"runtime"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Profile is the work that a server must do.
type Profile struct {
	// Connections is the number of connections. Active of them send requests; the
	// others are silent.
	Connections int `json:"connections"`
	Active      int `json:"active"`
	// Rate is the number of requests per second that are due, over all active
	// connections.
	Rate     float64       `json:"rate"`
	Arrivals load.Arrivals `json:"arrivals"`
	Puts     float64       `json:"puts"`
	// Exchanges are the requests instead of gets and puts; nil: there are none. Puts,
	// Handler and Value then mean nothing.
	Exchanges *load.Exchanges `json:"exchanges,omitempty"`
	// Handler is how long each request's handler takes. It waits, for a disk or
	// another server, or it computes (Computes).
	Handler  time.Duration `json:"handler_ns"`
	Computes bool          `json:"handler_computes,omitempty"`
	// Value is the size of the values, in bytes.
	Value int `json:"value_bytes"`
	// P99 is the time within which 99 of 100 requests must be answered.
	P99 time.Duration `json:"p99_ns"`
	// Cores is the number of cores for the server. SpareCore: it may burn them, so
	// the response time decides, not the CPU time.
	Cores     int  `json:"cores"`
	SpareCore bool `json:"spare_core,omitempty"`
	// Store is where the data is: an address of package stores. "": in memory.
	Store string `json:"store,omitempty"`
}

const (
	// maxHandler is short enough for several in a row in each measurement.
	maxHandler = 200 * time.Millisecond
	maxTarget  = 10 * time.Second
	// maxValue leaves room in the largest frame for the rest of the message.
	maxValue = 1<<20 - 1<<10
)

// Validate returns an error if no server can do what the profile asks for, or if the
// lab cannot measure it.
func (p Profile) Validate() error {
	switch {
	case p.Connections < 1:
		return fmt.Errorf("%d connections: the least is 1", p.Connections)
	case p.Active < 1 || p.Active > p.Connections:
		return fmt.Errorf("%d active connections of %d: want from 1 to all of them", p.Active, p.Connections)
	case !(p.Rate > 0): // so that NaN is refused
		return fmt.Errorf("rate %v: want requests per second", p.Rate)
	case p.Handler < 0 || p.Handler > maxHandler:
		return fmt.Errorf("handler %v: want from 0 to %v", p.Handler, maxHandler)
	case p.Value < 0 || p.Value > maxValue:
		return fmt.Errorf("values of %d bytes: want from 0 to %d", p.Value, maxValue)
	case p.P99 <= 0 || p.P99 > maxTarget:
		return fmt.Errorf("p99 %v: want a time up to %v", p.P99, maxTarget)
	case p.P99 <= p.Handler:
		return fmt.Errorf("p99 %v: the handler alone takes %v", p.P99, p.Handler)
	case p.Cores < 1 || p.Cores > runtime.NumCPU():
		return fmt.Errorf("%s for the server: this machine has %d", format.Count(p.Cores, "core"), runtime.NumCPU())
	case p.Computes && p.handling() > float64(p.Cores):
		return fmt.Errorf("%s requests/s × %v = %s cores of computing, and the server has %d: no model can do that",
			format.Thousands(p.Rate), p.Handler, format.ThreeDigits(p.handling()), p.Cores)
	case p.handling() > float64(p.Active):
		return fmt.Errorf("%s requests/s × %v = %s requests in their handlers at any time, over %s with one at a time each: no model can do that",
			format.Thousands(p.Rate), p.Handler, format.ThreeDigits(p.handling()), format.Count(p.Active, "active connection"))
	}
	return generator.Config{Workload: p.workload(), Duration: time.Second}.Validate()
}

// handling returns how many requests are in their handlers at any time.
func (p Profile) handling() float64 { return p.Rate * p.Handler.Seconds() }

// storedKeys is how many keys there are if the data is not in memory: a disk may take 10 ms
// for each put.
const storedKeys = 500

// workload returns the generator's workload. It has few keys, so that even slow
// handlers store them in a moment, and so that the connections have room.
func (p Profile) workload() load.Workload {
	const data, filling = 64 << 20, 250 * time.Millisecond
	w := load.DefaultWorkload()
	w.Connections, w.Rate, w.Arrivals, w.Puts = p.Active, p.Rate, p.Arrivals, p.Puts
	if p.Exchanges != nil {
		return w.Of(p.Exchanges)
	}
	w.MinValue, w.MaxValue = p.Value, p.Value
	w.Keys = min(w.Keys, data/max(1, p.Value))
	if p.Handler > 0 {
		w.Keys = min(w.Keys, max(10, int(filling/p.Handler)))
	}
	if p.Store != "" {
		w.Keys = min(w.Keys, storedKeys)
	}
	return w
}

// foretold returns what arithmetic says before the run.
func (p Profile) foretold() string {
	switch {
	case p.Handler == 0:
		return ""
	case p.Computes:
		return fmt.Sprintf("%s requests/s × %v of computing = %s of a core, whatever the model",
			format.Thousands(p.Rate), p.Handler, format.Percent(p.handling()))
	default:
		return fmt.Sprintf("%s requests/s × %v of waiting = %s in their handlers at any time; a model that handles one at a time answers %s/s at most",
			format.Thousands(p.Rate), p.Handler, format.ThreeDigits(p.handling()), format.Thousands(1/p.Handler.Seconds()))
	}
}

// fit returns the profile with at most as many connections as this machine has room
// for, if each process may have that many descriptors.
func (p Profile) fit(descriptors int) Profile {
	const (
		reserve = 100    // for everything else that is open, here and in the server
		ports   = 28_000 // that Linux gives clients
	)
	room := max(1, min(descriptors-reserve, ports))
	p.Connections = min(p.Connections, room)
	p.Active = min(p.Active, room)
	return p
}

// duration returns a time that is long enough for a p99 of many requests, unless that
// would take too long.
func (p Profile) duration() time.Duration {
	const requests = 1_500
	return min(max(format.Seconds(requests/p.Rate), time.Second), 4*time.Second)
}

// filling returns about how long storing the keys or trying the exchanges takes, and
// opening how long opening the silent connections takes.
func (p Profile) filling() time.Duration {
	if e := p.Exchanges; e != nil {
		return time.Duration(len(e.All)) * 100 * time.Microsecond
	}
	return time.Duration(p.workload().Keys) * max(p.Handler, 5*time.Microsecond)
}

func (p Profile) opening() time.Duration { return time.Duration(p.Connections-p.Active) * holdTime }

// warmup returns a time that is longer than the first requests take.
func (p Profile) warmup() time.Duration { return max(250*time.Millisecond, 2*p.Handler) }

// drain returns for how long the run waits for late replies.
func (p Profile) drain() time.Duration { return min(max(bench.OpenDrain, 2*p.P99), 2*time.Second) }

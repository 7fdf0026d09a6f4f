package load

import (
	"fmt"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Exchanges are the requests of a workload that come from a file, with the reply that
// each must get (package exchanges). Each connection sends the ones that set it up
// once, one at a time. Then it repeats the others in the order of the file, with as
// many in flight as the workload's depth.
type Exchanges struct {
	File string `json:"file"`
	// Setup is how many set up a connection, and Repeated how many are repeated.
	Setup    int `json:"setup"`
	Repeated int `json:"repeated"`
	// Largest is the length in bytes of the longest request or reply.
	Largest int `json:"largest_bytes"`
	// All are the exchanges, the ones that set up a connection first. They are not in
	// JSON, so a workload that was read from there cannot run.
	All []exchanges.Exchange `json:"-"`
}

// ReadExchanges reads a file of exchanges.
func ReadExchanges(file string) (*Exchanges, error) {
	all, err := exchanges.Load(file)
	if err != nil {
		return nil, err
	}
	return NewExchanges(file, all)
}

// NewExchanges returns the exchanges of a file, which the caller must not change
// afterwards.
func NewExchanges(file string, all []exchanges.Exchange) (*Exchanges, error) {
	if err := exchanges.Validate(all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	setup, repeated := exchanges.Split(all)
	e := &Exchanges{File: file, Setup: len(setup), Repeated: len(repeated), All: all}
	for _, one := range all {
		e.Largest = max(e.Largest, len(one.Request), len(one.Reply))
	}
	return e, nil
}

// First returns e with the first exchange alone.
func (e *Exchanges) First() *Exchanges {
	first := *e
	first.All = e.All[:1]
	first.Setup, first.Repeated = min(1, e.Setup), 1-min(1, e.Setup)
	return &first
}

// words describes the exchanges as requests.
func (e *Exchanges) words() string {
	text := "1 exchange"
	if e.Repeated != 1 {
		text = fmt.Sprintf("%d exchanges", e.Repeated)
	}
	text += " of " + printable.Line(e.File)
	if e.Setup > 0 {
		text += fmt.Sprintf(" (after %d that set up each connection)", e.Setup)
	}
	return text
}

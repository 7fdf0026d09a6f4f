// Package memlimit says how much memory this process may have: the machine's, or what a
// control group allows if that is less (Linux). Defaults of limits that ought to be a
// share of it are made of that.
package memlimit

import (
	"math"
	"sync"
)

// Unknown stands for the memory of a system that does not say how much it has, in
// bytes: little for a server, so that defaults fit.
const Unknown = 4 << 30

// addressable is what a process of 32 bits can have, in bytes, whatever the machine has.
const addressable = 2 << 30

// Bytes returns how much memory this process may have, as it was when it was asked
// first, in bytes.
var Bytes = sync.OnceValue(func() int64 { return bytes(look(), math.MaxInt) })

// bytes is Bytes for a system that has so many, and a process whose largest int that is.
func bytes(machine, maxInt int64) int64 {
	if machine <= 0 {
		machine = Unknown
	}
	if maxInt <= math.MaxInt32 {
		machine = min(machine, addressable)
	}
	return machine
}

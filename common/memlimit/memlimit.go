// Package memlimit says how much memory this process may have: the machine's, or the
// limit of a control group if that is less (Linux). Limits whose default is a share of
// the memory use it.
package memlimit

import (
	"math"
	"sync"
)

// Unknown is assumed, in bytes, on a system that does not report its memory. It is
// little for a server, so that defaults fit small machines.
const Unknown = 4 << 30

// addressable is the most memory that a 32-bit process can use, in bytes.
const addressable = 2 << 30

// Bytes returns how much memory this process may have, in bytes. It reads the system
// once, at the first call.
var Bytes = sync.OnceValue(func() int64 { return bytes(look(), math.MaxInt) })

// bytes is Bytes for a given memory of the machine and a given largest int.
func bytes(machine, maxInt int64) int64 {
	if machine <= 0 {
		machine = Unknown
	}
	if maxInt <= math.MaxInt32 {
		machine = min(machine, addressable)
	}
	return machine
}

package advise

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// simplest are the models in the order of how simple they are, to run and to
// understand: what there is to choose and to tune, and what a reader of the code
// has to keep in mind. It decides between those that are equal in all else; what
// is not listed comes last.
var simplest = []string{
	"singleblocking",             // a loop that reads and writes
	"multiblocking",              // the same, often
	"multiblocking --os-threads", // and the kernel's limits on threads
	"multiblocking --workers 64", // and a number to choose, and clients that wait
	"eventloop",                  // states instead of a stack, and nothing may block
	"eventloop --loops 2",        // and a number to choose
	"iouring",                    // and a kernel that has it, and permits it
	"busywait --one-at-a-time",   // takes a core for itself
	"busywait",                   // and states instead of a stack
}

// simplicity is a model's place among the simplest.
func simplicity(name string) int {
	if i := slices.Index(simplest, name); i >= 0 {
		return i
	}
	return len(simplest)
}

// option returns the number behind an option in a model's name, or else the
// given one.
func option(name, flag string, otherwise int) int {
	words := strings.Fields(name)
	if i := slices.Index(words, flag); i >= 0 && i+1 < len(words) {
		if n, err := strconv.Atoi(words[i+1]); err == nil {
			return n
		}
	}
	return otherwise
}

// parallel returns how many handlers a model runs at a time, at most.
func parallel(name string) int {
	switch model, _, _ := strings.Cut(name, " "); model {
	case "singleblocking", "busywait", "iouring":
		return 1
	case "eventloop":
		return option(name, "--loops", 1)
	case "multiblocking":
		return option(name, "--workers", math.MaxInt)
	default:
		return math.MaxInt
	}
}

// serves returns how many clients a model serves at a time, at most.
func serves(s results.Target) int {
	if s.OneAtATime {
		return 1
	}
	return option(s.Name, "--workers", math.MaxInt)
}

// foreseen returns why a model cannot do what the profile asks, as arithmetic
// knows it beforehand; empty: it may. It is measured once all the same.
func foreseen(p Profile, s results.Target) string {
	at := parallel(s.Name)
	switch n := serves(s); {
	case n < p.Connections && n == 1:
		return "serves one client at a time; the others wait until it leaves"
	case n < p.Connections:
		return fmt.Sprintf("serves %d clients at a time, silent ones too; the others wait until one leaves", n)
	case p.handling() > float64(at) && at == 1:
		return fmt.Sprintf("handles one request at a time: %s/s at most", format.Thousands(1/p.Handler.Seconds()))
	case p.handling() > float64(at):
		return fmt.Sprintf("handles %d requests at a time: %s/s at most", at, format.Thousands(float64(at)/p.Handler.Seconds()))
	}
	return ""
}

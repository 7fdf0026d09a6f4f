// Package command is the common part of the peers' commands: their flags and
// their end.
package command

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/ioflavors/ioflavors/common/servercmd"
)

// Flags are the peers' flags.
type Flags struct {
	// Addr is the address to listen on, 127.0.0.1:PORT.
	Addr string
	// Loops is the number of event loops.
	Loops int
}

// Parse parses the command line, and ends the program if it is wrong. Only a peer
// with loops has the flag --loops. From then on the program ignores SIGPIPE, so it
// continues if the reader of its output, or of its library's log, leaves.
func Parse(hasLoops bool) Flags {
	signal.Ignore(syscall.SIGPIPE)
	f := Flags{Loops: 1}
	flag.StringVar(&f.Addr, "addr", "127.0.0.1:8000", "`host:port` to listen on")
	if hasLoops {
		flag.IntVar(&f.Loops, "loops", 1, "`number` of event loops")
	}
	flag.Parse()
	if flag.NArg() > 0 || f.Loops < 1 {
		fmt.Fprintf(os.Stderr, "%s: want flags only, and one loop or more\n", flag.CommandLine.Name())
		flag.Usage()
		os.Exit(2)
	}
	f.Addr = servercmd.LocalByDefault(f.Addr)
	return f
}

// Fatal ends the program if there is an error. A signal ends a serving peer.
func Fatal(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", flag.CommandLine.Name(), err)
		os.Exit(1)
	}
}

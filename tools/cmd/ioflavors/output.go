package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// output is where a command's result goes. A write that fails does not stop the
// command, because there may be files to write still: the first error is kept,
// and told at the end.
type output struct {
	file *os.File
	err  error
}

// Write writes to the file until that fails once. It reports no error.
func (o *output) Write(p []byte) (int, error) {
	if o.err == nil {
		_, o.err = o.file.Write(p)
	}
	return len(p), nil
}

// exitCode returns the code that the program ends with: the command's, or 1 if
// it has none and its result was lost. A reader that left early (a pipe into
// head) knows that, so it is told nothing.
func (o *output) exitCode(code int, stderr io.Writer) int {
	if o.err == nil {
		return code
	}
	if !errors.Is(o.err, syscall.EPIPE) {
		fmt.Fprintln(stderr, "ioflavors:", o.err)
	}
	return cmp.Or(code, 1)
}

// surviveLostReaders makes a write to a standard output or error that nobody
// reads any more an error. Otherwise it would be the end of the program
// (SIGPIPE), in the middle of a run of the lab: its servers would stay, and its
// results be lost. The signal is caught and not ignored, because a program that
// is started inherits what is ignored.
func surviveLostReaders() (restore func()) {
	caught := make(chan os.Signal, 1) // nobody receives: the error of the write says it
	signal.Notify(caught, syscall.SIGPIPE)
	return func() { signal.Stop(caught) }
}

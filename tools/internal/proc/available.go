package proc

import (
	"cmp"
	"errors"
	"os/exec"
	"strings"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
)

// UnavailableError is the end of a server that this system cannot run: it ended with
// servercmd.ExitUnavailable.
type UnavailableError struct{ Reason string }

func (e *UnavailableError) Error() string { return server.ErrUnavailable.Error() + ": " + e.Reason }

// UsageError is the end of a server that refuses its command line: it ended with exit
// code 2, and not by a panic, which Go gives the same code.
type UsageError struct {
	Reason string // the first line that it said
	error
}

// Unwrap returns the error with all that the server said.
func (e *UsageError) Unwrap() error { return e.error }

// asUsage returns err, which has the end of a server's output, as a UsageError if it is
// one.
func asUsage(exited, err error, said string) error {
	var exit *exec.ExitError
	if !errors.As(exited, &exit) || exit.ExitCode() != exitUsage || strings.Contains(said, "goroutine ") {
		return err
	}
	reason, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return &UsageError{cmp.Or(strings.TrimSpace(reason), "it does not say why"), err}
}

// exitUsage is the exit code of servercmd, of package flag and of others for a command
// line that is wrong.
const exitUsage = 2

// Unavailable reports whether a command that ended with err says, by its exit code,
// that this system cannot run it. reason is taken from its output, said.
func Unavailable(err error, said string) (reason string, yes bool) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != servercmd.ExitUnavailable {
		return "", false
	}
	said = strings.TrimSpace(said)
	last := said[strings.LastIndexByte(said, '\n')+1:]
	for line := range strings.Lines(said) {
		if _, why, found := strings.Cut(line, server.ErrUnavailable.Error()+": "); found {
			last = why
		}
	}
	if last = strings.TrimSpace(last); last == "" {
		last = "it does not say why"
	}
	return last, true
}

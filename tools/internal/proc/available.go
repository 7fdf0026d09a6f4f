package proc

import (
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

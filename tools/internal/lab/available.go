package lab

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// unavailableError is how a server ended that this system cannot run: by the
// exit code that our commands have for that, kvcmd.ExitUnavailable.
type unavailableError struct{ reason string }

func (e *unavailableError) Error() string { return kvserver.ErrUnavailable.Error() + ": " + e.reason }

// Unavailable reports whether a command that ended with err says by its exit code
// that this system cannot run it; reason is why, found in what it said.
func Unavailable(err error, said string) (reason string, yes bool) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != kvcmd.ExitUnavailable {
		return "", false
	}
	said = strings.TrimSpace(said)
	last := said[strings.LastIndexByte(said, '\n')+1:]
	for line := range strings.Lines(said) {
		if _, why, found := strings.Cut(line, kvserver.ErrUnavailable.Error()+": "); found {
			last = why
		}
	}
	if last = strings.TrimSpace(last); last == "" {
		last = "it does not say why"
	}
	return last, true
}

// serves returns when a server that was just started has answered a request, or
// else has had time for it; an error if it has ended instead. Where a server
// listens is no sign that it will serve: some listen first, and then find out
// that they cannot.
func (p *process) serves(ctx context.Context, s Subject, w load.Workload) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	w = s.told(w)
	w.Keys = 1
	if load.Preload(ctx, load.Config{Addr: p.addr, Workload: w}) != nil {
		// Its connections may have broken a moment before it is gone.
		select {
		case <-p.exited:
		case <-ctx.Done():
		case <-time.After(stopTimeout):
		}
	}
	return p.failure()
}

// out reports whether a server is not to be measured, or no further.
func (s *Server) out() bool { return s.DNF != "" || s.Unavailable != "" }

// somebodyElse gives what was planned for a server that is not available here, the
// A/A test and the test with a stop, to the first that is.
func (b *run) somebodyElse() {
	plan := &b.results.Plan
	if b.results.server(plan.Again).Unavailable == "" {
		return
	}
	if i := slices.IndexFunc(b.results.Servers, func(s *Server) bool { return s.Unavailable == "" }); i >= 0 {
		plan.Again = b.results.Servers[i].Name
	}
}

// unavailableNotes say which servers are not available here, and why.
func unavailableNotes(r *Results) (notes []string) {
	for _, s := range r.Servers {
		if s.Unavailable != "" {
			notes = append(notes, unavailableMark+"  "+s.Name+": "+s.Unavailable+". It was started once, and left out.")
		}
	}
	return notes
}

// unavailableMark is the remark on a server that this system cannot run.
const unavailableMark = string(NotAvailable)

package advise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// look is the beginning of a watch on a server and the machine.
type look struct {
	at    time.Time
	pins  proc.Pinning
	meter *proc.Meter // nil if the system does not tell
}

func lookAt(b *bench.Bench, server *proc.Process) look {
	l := look{at: time.Now(), pins: b.Pins}
	if m, err := proc.NewMeter(server.PID); err == nil && m.Begin() == nil {
		l.meter = m
	}
	return l
}

// since returns what disturbed the server since the look was taken.
func (l look) since() (b results.Besides) {
	if l.meter == nil || l.meter.End() != nil {
		return b
	}
	b.Server = l.meter.Used
	b.Steal, b.Others = l.meter.Besides(l.pins)
	return b
}

// took notes a step that took much longer than planned.
func (s *Sample) took(what string, from look, planned time.Duration) {
	const much = 3 * time.Second
	if d := time.Since(from.at); d > 2*planned && d-planned > much && s.slow == "" {
		s.slow = fmt.Sprintf("%s took %s, not %s", what, format.Roughly(d), format.Roughly(planned))
	}
}

// open opens the silent connections. A server that the machine keeps from accepting
// them gets more time. If connections are still missing for that reason, open sets
// sample.Taken.
func (v *adviser) open(ctx context.Context, server *proc.Process, s results.Target, wanted int, sample *Sample) (silent []net.Conn, err error) {
	opening := time.Duration(wanted) * holdTime
	const tries = 4
	first := lookAt(v.bench, server)
	defer func() { sample.took("to open the connections", first, opening) }()
	for range tries {
		began := lookAt(v.bench, server)
		if silent, sample.Silent, sample.Short, err = bench.ConnectSilent(ctx, server.Addr, silent, wanted); err != nil || sample.Short == "" {
			sample.Taken = ""
			return silent, err
		}
		if serves(s) < wanted {
			return silent, nil // on any machine
		}
		refused := refused(silent)
		if sample.Taken = takenFrom(sample.Short, refused, began.since()); sample.Taken == "" {
			sample.Short += map[bool]string{true: ", and refuses the others", false: ", and had its core when it wanted it"}[refused]
			return silent, nil
		}
	}
	return silent, nil
}

// takenFrom returns why the machine is at fault for missing connections; "": the
// server is.
func takenFrom(short string, refused bool, b results.Besides) string {
	if refused {
		return ""
	}
	for _, ours := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM} {
		if strings.Contains(short, ours.Error()) {
			return "the lab can open no more connections: " + short
		}
	}
	if taken := b.Taken(); taken != "" {
		return short + ": " + taken
	}
	return ""
}

// refused reports whether the server refuses connections: it closes them, or sends
// bytes although no request was sent. It looks at the last connections, because a
// server refuses them first.
func refused(conns []net.Conn) bool {
	const last, wait = 8, 5 * time.Millisecond
	for _, c := range conns[max(0, len(conns)-last):] {
		_ = c.SetReadDeadline(time.Now().Add(wait))
		_, err := c.Read(make([]byte, 1))
		_ = c.SetReadDeadline(time.Time{})
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return true
		}
	}
	return false
}

package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// idle measures the cost of silent connections: CPU time and memory.
func (b *run) idle(ctx context.Context) error {
	plan := b.Results.Plan
	if !plan.Has(results.Idle) {
		return nil
	}
	if _, err := proc.MemoryOf(os.Getpid()); err != nil {
		b.Results.Skip("silent connections: the lab cannot tell here what another process uses")
		return nil
	}
	return b.eachServer(ctx, "idle", func(s *results.Server) time.Duration { return idleTime(plan, s) }, func(s *results.Server, p *proc.Process) (string, error) {
		first := len(b.Results.Idle)
		err := b.idleLadder(ctx, s, p)
		return fmt.Sprintf("%s: idle: %s", s.Name, idleDigest(b.Results.Idle[first:])), err
	})
}

// idleLadder measures a server with each number of connections. A server that serves one
// client at a time is measured with none and one, because the kernel would hold the
// others.
func (b *run) idleLadder(ctx context.Context, s *results.Server, p *proc.Process) error {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			bench.Abort(c)
		}
	}()
	for _, wanted := range b.Results.Plan.IdleConnections {
		if s.OneAtATime {
			wanted = min(wanted, 1)
		}
		if wanted > 0 && wanted == len(conns) {
			break
		}
		cell := results.IdleCell{Server: s.Name, Wanted: wanted}
		if len(conns) < wanted {
			var err error
			conns, cell.Connections, cell.Short, err = bench.ConnectSilent(ctx, p.Addr, conns, wanted)
			if err != nil {
				return err
			}
		}
		if err := proc.Sleep(ctx, bench.SettleTime); err != nil {
			return err
		}
		if err := b.idleCell(ctx, p, &cell); err != nil {
			return err
		}
		b.Results.Idle = append(b.Results.Idle, cell)
		if cell.Short != "" {
			break
		}
	}
	return p.Failure()
}

// idleCell measures what the server uses within Plan.Idle.
func (b *run) idleCell(ctx context.Context, p *proc.Process, cell *results.IdleCell) error {
	m, err := p.Meter(ctx, b.Results.Plan.Idle)
	if err != nil {
		return err
	}
	cell.Resources = m.Used
	cell.Steal, cell.Others = m.Besides(p.Pins)
	return nil
}

func idleDigest(cells []results.IdleCell) string {
	if len(cells) == 0 {
		return "not known"
	}
	last := cells[len(cells)-1]
	text := fmt.Sprintf("%s connections, %s MiB, %s of a core", format.Thousands(float64(last.Connections)), format.Mebibytes(last.Resources.RSS), format.Percent(last.CoreShare()))
	if last.Short != "" {
		text += ": " + last.Short
	}
	return text
}

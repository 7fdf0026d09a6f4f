package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// idleSteps is with how many silent connections a server is measured, one after
// the other.
func idleSteps() []int { return []int{0, 100, 1_000, 10_000} }

const (
	acceptTimeout = time.Second // for a server to accept one more connection
	acceptPoll    = 5 * time.Millisecond
	// acceptLooks is how often the lab must have looked meanwhile: if the lab hardly
	// runs, the server hardly runs either, and may take longer.
	acceptLooks  = 40
	connectBatch = 500
	settleTime   = 50 * time.Millisecond // for a server to be done with accepting
)

// idle measures what silent connections cost: CPU time and memory.
func (b *run) idle(ctx context.Context) error {
	plan := b.results.Plan
	if !plan.has(Idle) {
		return nil
	}
	if _, err := processMemory(os.Getpid()); err != nil {
		b.results.skip("silent connections: the lab cannot tell here what another process uses")
		return nil
	}
	return b.eachServer(ctx, "idle", func(s *Server) time.Duration { return idleTime(plan, s) }, func(s *Server, p *process) (string, error) {
		first := len(b.results.Idle)
		err := b.idleLadder(ctx, s, p)
		return fmt.Sprintf("%s: idle: %s", s.Name, idleDigest(b.results.Idle[first:])), err
	})
}

// idleLadder measures a server with each number of connections. Where it serves
// one client at a time, with none and one: the others would be the kernel's.
func (b *run) idleLadder(ctx context.Context, s *Server, p *process) error {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			abort(c)
		}
	}()
	for _, wanted := range b.results.Plan.IdleConnections {
		if s.OneAtATime {
			wanted = min(wanted, 1)
		}
		if wanted > 0 && wanted == len(conns) {
			break
		}
		cell := IdleCell{Server: s.Name, Wanted: wanted}
		if len(conns) < wanted {
			var err error
			conns, cell.Connections, cell.Short, err = connectSilent(ctx, p.addr, conns, wanted)
			if err != nil {
				return err
			}
		}
		if err := sleep(ctx, settleTime); err != nil {
			return err
		}
		if err := b.idleCell(ctx, p, &cell); err != nil {
			return err
		}
		b.results.Idle = append(b.results.Idle, cell)
		if cell.Short != "" {
			break
		}
	}
	return p.failure()
}

// connectSilent opens connections until there are as many as wanted, and waits
// until the server has accepted them. It returns all of them, how many the
// server holds, and why there are no more.
func connectSilent(ctx context.Context, addr string, conns []net.Conn, wanted int) (all []net.Conn, held int, short string, err error) {
	dialer := net.Dialer{Timeout: startTimeout}
	for len(conns) < wanted && short == "" {
		// No more at a time than the listen queue takes: what does not fit
		// comes again after a second.
		for range min(connectBatch, wanted-len(conns)) {
			c, err := dialer.DialContext(ctx, "tcp", addr)
			if ctx.Err() != nil {
				return conns, held, short, ctx.Err()
			}
			if err != nil {
				short = err.Error()
				break
			}
			conns = append(conns, c)
		}
		if held, err = waitForConnections(ctx, addr, len(conns)); err != nil {
			return conns, held, short, err
		}
		if held < len(conns) && short == "" {
			short = fmt.Sprintf("the server holds %d of %d", held, wanted)
		}
	}
	return conns, held, short, nil
}

// idleCell measures what the server uses in a while.
func (b *run) idleCell(ctx context.Context, p *process, cell *IdleCell) error {
	m, err := p.meter(ctx, b.results.Plan.Idle)
	if err != nil {
		return err
	}
	cell.Resources = m.used
	cell.Steal, cell.Others = m.besides(p.pins)
	return nil
}

// meter measures what a process uses in a while.
func (p *process) meter(ctx context.Context, while time.Duration) (*meter, error) {
	m, err := newMeter(p.pid)
	if err == nil {
		err = m.begin()
	}
	if err != nil {
		return nil, errors.Join(p.failure(), err)
	}
	if err := sleep(ctx, while); err != nil {
		return nil, err
	}
	if err := m.end(); err != nil {
		return nil, errors.Join(p.failure(), err)
	}
	return m, nil
}

// waitForConnections waits until the server at the address holds the
// connections, or accepts no more of them. It returns how many it holds.
func waitForConnections(ctx context.Context, addr string, wanted int) (int, error) {
	best, progress, looks := -1, time.Now(), 0
	for {
		n, err := heldConnections(addr)
		if errors.Is(err, errors.ErrUnsupported) {
			return wanted, nil // nobody can tell
		}
		if err != nil {
			return 0, fmt.Errorf("count the connections that the server holds: %w", err)
		}
		if n > best {
			best, progress, looks = n, time.Now(), 0
		}
		if looks++; n >= wanted || looks > acceptLooks && time.Since(progress) > acceptTimeout {
			return n, nil
		}
		if err := sleep(ctx, acceptPoll); err != nil {
			return 0, err
		}
	}
}

// abort closes a connection with a reset, which leaves no port in TIME_WAIT.
func abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

// share is how large a part of a core the server used.
func (c IdleCell) share() float64 {
	share, _ := c.Resources.Share()
	return share
}

// wanted is the share of a core that the server used, or was ready to use and waited
// for because other programs had it. Its threads may wait for one core at the same
// time; that counts once.
func (c IdleCell) wanted() float64 {
	wanted, _ := c.Resources.Wanted()
	return wanted
}

func idleDigest(cells []IdleCell) string {
	if len(cells) == 0 {
		return "not known"
	}
	last := cells[len(cells)-1]
	text := fmt.Sprintf("%s connections, %s MiB, %s of a core", thousands(float64(last.Connections)), mebibytes(last.Resources.RSS), percent(last.share()))
	if last.Short != "" {
		text += ": " + last.Short
	}
	return text
}

// IdleShare returns the share of a core that a server used with a few silent
// connections: the first of the plan's numbers that is not 0, or one where
// clients are served one at a time. known is false if that was not measured.
func (r *Results) IdleShare(server string) (share float64, known bool) {
	for _, c := range r.Idle {
		if c.Server == server && c.Connections > 0 && c.Resources != nil {
			return c.share(), true
		}
	}
	return 0, false
}

// PerConnection returns how many bytes of a server's memory (RSS) a silent
// connection makes, by the most that there were. known is false if there were
// few.
func (r *Results) PerConnection(server string) (bytes float64, known bool) {
	var first, last *IdleCell
	for i, c := range r.Idle {
		if c.Server == server && c.Resources != nil {
			if first == nil {
				first = &r.Idle[i]
			}
			last = &r.Idle[i]
		}
	}
	if last == nil || last.Connections-first.Connections < 10 {
		return 0, false
	}
	return float64(last.Resources.RSS-first.Resources.RSS) / float64(last.Connections-first.Connections), true
}

// idleCosts is the table of silent connections.
func idleCosts(r *Results) *grid {
	g := &grid{caption: "What silent connections cost", columns: []column{{"", "MODEL"}}}
	steps := r.Plan.IdleConnections
	for _, group := range []string{"CPU with so many silent", "RSS in MiB with as many"} {
		for _, n := range steps {
			g.columns = append(g.columns, column{group, thousands(float64(n))})
		}
	}
	g.columns = append(g.columns, column{"", "KiB/CONN"})
	for _, s := range r.Servers {
		cpu, rss := make([]string, len(steps)), make([]string, len(steps))
		for i, n := range steps {
			cpu[i], rss[i] = absent, absent
			for _, c := range r.Idle {
				if c.Server != s.Name || c.Resources == nil || c.Wanted != n && !(s.OneAtATime && i == 1 && c.Wanted == 1) {
					continue
				}
				at := ""
				if c.Connections != n {
					at = " at " + thousands(float64(c.Connections))
				}
				cpu[i], rss[i] = percent(c.share()), mebibytes(c.Resources.RSS)+at
			}
		}
		if rss[0] == absent {
			continue
		}
		each := absent
		if bytes, known := r.PerConnection(s.Name); known {
			each = threeDigits(bytes / (1 << 10))
		}
		g.rows = append(g.rows, row{cells: append(append(append([]string{s.Name}, cpu...), rss...), each)})
	}
	return g
}

// idleNotes explains the table of silent connections.
func idleNotes(r *Results) []string {
	if len(r.Idle) == 0 {
		return nil
	}
	notes := []string{"KiB/CONN is what the last of them makes of each connection, in the server's own memory; the kernel's buffers are not in it. " +
		"Measured once. Who serves one client at a time holds one connection."}
	for _, c := range r.Idle {
		if c.Short != "" {
			notes = append(notes, fmt.Sprintf("NOT MEASURED: %s with %s connections: %s.", c.Server, thousands(float64(c.Wanted)), c.Short))
		}
	}
	return notes
}

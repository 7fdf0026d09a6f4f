package lab

import (
	"context"
	"fmt"
	"net"
	"time"
)

// memorySteps is how many silent connections a server's memory is measured
// with, one after the other.
func memorySteps() []int { return []int{100, 1_000, 10_000} }

const (
	acceptTimeout = 3 * time.Second // for a server to accept a step's connections
	acceptPoll    = 5 * time.Millisecond
	memoryTime    = 2 * time.Second // what all steps take, about
	// ownDescriptors is how many a server may open that are no connections, and
	// how exact the count of those that are is therefore.
	ownDescriptors = 8
)

// MemoryCell is a server's memory with silent connections.
type MemoryCell struct {
	Server string `json:"server"`
	// Connections is how many the server held, Wanted how many there should
	// have been, and Short why there were fewer.
	Connections int    `json:"connections"`
	Wanted      int    `json:"wanted"`
	Short       string `json:"short,omitempty"`
	RSS         int64  `json:"rss_bytes"`
}

// memory fills a server with silent connections, step by step. It comes last in
// a process, for what a server has once used it may keep. A server that serves
// one client at a time has one connection, and the kernel the others.
//
// fresh is how many descriptors the process had before it had any client.
func (b *bench) memory(ctx context.Context, s *Server, p *process, fresh int) error {
	if s.OneAtATime {
		return nil
	}
	// The last workload's connections may not be closed yet; what the server
	// has opened for itself meanwhile is not much.
	descriptors, err := waitForDescriptors(ctx, p, func(n int) bool { return n <= fresh+ownDescriptors })
	if err != nil {
		return err
	}
	before, err := processUsage(p.pid)
	if err != nil {
		return p.failure()
	}
	b.results.Memory = append(b.results.Memory, MemoryCell{Server: s.Name, RSS: before.rss})
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			abort(c)
		}
	}()
	dialer := net.Dialer{Timeout: startTimeout}
	for _, wanted := range b.results.Plan.Memory {
		cell := MemoryCell{Server: s.Name, Wanted: wanted}
		for len(conns) < wanted && cell.Short == "" {
			c, err := dialer.DialContext(ctx, "tcp", p.addr)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				cell.Short = err.Error()
			default:
				conns = append(conns, c)
			}
		}
		held, err := waitForDescriptors(ctx, p, func(n int) bool { return n+ownDescriptors >= descriptors+len(conns) })
		if err != nil {
			return err
		}
		cell.Connections = len(conns)
		if held+ownDescriptors < descriptors+len(conns) {
			cell.Connections = held - descriptors
			cell.Short = fmt.Sprintf("the server holds %d of %d", cell.Connections, len(conns))
		}
		usage, err := processUsage(p.pid)
		if err != nil {
			return p.failure()
		}
		cell.RSS = usage.rss
		b.results.Memory = append(b.results.Memory, cell)
		if cell.Short != "" {
			break
		}
	}
	return p.failure()
}

// waitForDescriptors waits until the process has as many descriptors as it
// should, for a while, and returns how many it has.
func waitForDescriptors(ctx context.Context, p *process, enough func(n int) bool) (int, error) {
	for deadline := time.Now().Add(acceptTimeout); ; {
		n, err := openDescriptors(p.pid)
		if err != nil {
			return 0, fmt.Errorf("count its descriptors: %w", err)
		}
		if enough(n) || time.Now().After(deadline) {
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

// memories is the table of memory with silent connections.
func (r *Results) memories() *grid {
	const group = "RSS in MiB, with so many silent connections"
	g := &grid{caption: "What silent connections cost", columns: []column{{"", "MODEL"}, {group, "0"}}}
	for _, n := range r.Plan.Memory {
		g.columns = append(g.columns, column{group, thousands(float64(n))})
	}
	g.columns = append(g.columns, column{"", "KiB/CONN"})
	for _, s := range r.Servers {
		var cells []string
		var first, last MemoryCell
		for _, c := range r.Memory {
			if c.Server != s.Name {
				continue
			}
			if cells == nil {
				first = c
			}
			last = c
			text := mebibytes(c.RSS)
			if c.Short != "" {
				text += " at " + thousands(float64(c.Connections))
			}
			cells = append(cells, text)
		}
		if cells == nil {
			continue
		}
		for len(cells) < len(r.Plan.Memory)+1 {
			cells = append(cells, absent)
		}
		each := absent
		if last.Connections > 0 {
			each = threeDigits(float64(last.RSS-first.RSS) / float64(last.Connections) / (1 << 10))
		}
		g.rows = append(g.rows, row{cells: append(append([]string{s.Name}, cells...), each)})
	}
	return g
}

// memoryNotes explains the table of memory.
func (r *Results) memoryNotes() []string {
	if len(r.Memory) == 0 {
		return nil
	}
	notes := []string{"KiB/CONN is what the last of them makes of each connection, in the server's own memory; the kernel's buffers are not in it. " +
		"Measured once, in the first round. Who serves one client at a time holds one connection, and is left out."}
	for _, c := range r.Memory {
		if c.Short != "" {
			notes = append(notes, fmt.Sprintf("NOT MEASURED: %s with %s connections: %s.", c.Server, thousands(float64(c.Wanted)), c.Short))
		}
	}
	return notes
}

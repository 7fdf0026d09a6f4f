package load

import (
	"context"
	"net"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// connect opens one more connection and begins to watch it.
func (g *generator) connect(ctx context.Context, d *dataset) error {
	dialer := net.Dialer{Timeout: g.cfg.ConnectTimeout}
	nc, err := dialer.DialContext(ctx, "tcp", g.cfg.Addr)
	if err != nil {
		return err
	}
	fd, err := descriptor(nc)
	if err != nil {
		return err
	}
	if err := g.poller.Add(fd, poller.Readable); err != nil {
		_ = sock.System.Close(fd)
		return err
	}
	c := &conn{pipeline: newPipeline(d, g.cfg.Depth), fd: fd}
	g.conns = append(g.conns, c)
	for len(g.byFD) <= fd {
		g.byFD = append(g.byFD, nil)
	}
	g.byFD[fd] = c
	g.open++
	return nil
}

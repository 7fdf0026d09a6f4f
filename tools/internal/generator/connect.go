package generator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
)

// connectAll opens the connections, all at once or evenly over the ramp.
func (g *generator) connectAll(ctx context.Context, codec wire.Codec) error {
	began := time.Now()
	for i := range g.cfg.Connections {
		due := rampOf(g.cfg.Ramp, i, g.cfg.Connections)
		if wait := due - time.Since(began); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return fmt.Errorf("load: %w", ctx.Err())
			}
		}
		if err := g.connect(ctx, codec); err != nil {
			if g.cfg.Connections > 1 {
				err = fmt.Errorf("connection %d of %d: %w", i+1, g.cfg.Connections, err)
			}
			return fmt.Errorf("load: %w", err)
		}
	}
	return nil
}

// rampOf returns when connection i, counted from 0, is opened. It computes in
// floats, because the product of the largest time and the largest count would
// overflow.
func rampOf(ramp time.Duration, i, of int) time.Duration {
	return time.Duration(float64(ramp) * float64(i) / float64(of))
}

// overslept is a delay of a timeout that occurs only if this program did not
// run.
const overslept = 100 * time.Millisecond

// dial opens a connection. If this program was stopped, the timeout may have
// expired whatever the server did; then dial tries once more.
func dial(timeout time.Duration, now func() time.Time, open func() (net.Conn, error)) (net.Conn, error) {
	began := now()
	c, err := open()
	var failed net.Error
	if errors.As(err, &failed) && failed.Timeout() && now().Sub(began) > timeout+overslept {
		return open()
	}
	return c, err
}

// connect opens one more connection and begins to watch it.
func (g *generator) connect(ctx context.Context, codec wire.Codec) error {
	dialer := net.Dialer{Timeout: g.cfg.ConnectTimeout}
	nc, err := dial(g.cfg.ConnectTimeout, time.Now, func() (net.Conn, error) { return dialer.DialContext(ctx, "tcp", g.cfg.Addr) })
	if err != nil {
		return err
	}
	fd, err := descriptor(nc)
	if err != nil {
		return err
	}
	if err := g.poller.Add(fd, session.Read); err != nil {
		_ = sock.System.Close(fd)
		return err
	}
	c := &conn{pipeline: newPipeline(codec, g.cfg.Depth), fd: fd}
	g.conns = append(g.conns, c)
	for len(g.byFD) <= fd {
		g.byFD = append(g.byFD, nil)
	}
	g.byFD[fd] = c
	g.open++
	return nil
}

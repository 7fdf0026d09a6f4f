package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/proc"
)

// ConnectSilent adds connections to conns until there are as many as wanted, and waits
// until the server has accepted them. It returns all connections, how many of them the
// server holds, and, if there are fewer than wanted, why.
func ConnectSilent(ctx context.Context, addr string, conns []net.Conn, wanted int) (all []net.Conn, held int, short string, err error) {
	dialer := net.Dialer{Timeout: proc.StartTimeout}
	for len(conns) < wanted && short == "" {
		// No more at a time than the listen queue takes, because the kernel tries a
		// connection that does not fit again only after a second.
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

// waitForConnections waits until the server at the address holds the
// connections, or accepts no more of them. It returns how many it holds.
func waitForConnections(ctx context.Context, addr string, wanted int) (int, error) {
	best, progress, looks := -1, time.Now(), 0
	for {
		n, err := proc.HeldConnections(addr)
		if errors.Is(err, errors.ErrUnsupported) {
			return wanted, nil // this system does not tell
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
		if err := proc.Sleep(ctx, acceptPoll); err != nil {
			return 0, err
		}
	}
}

// Abort closes a connection with a reset, which leaves no port in TIME_WAIT.
func Abort(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	c.Close()
}

const (
	acceptTimeout = time.Second // for a server to accept one more connection
	acceptPoll    = 5 * time.Millisecond
	// acceptLooks is how often the lab must have looked within acceptTimeout. If the lab
	// hardly runs, the server hardly runs either, and may take longer.
	acceptLooks  = 40
	connectBatch = 500
	// SettleTime is the time for a server to finish accepting.
	SettleTime = 50 * time.Millisecond
)

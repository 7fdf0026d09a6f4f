package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
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
		accepted, err := waitForAccept(ctx, addr)
		if err != nil {
			return conns, held, short, err
		}
		if accepted && short == "" && len(conns) < wanted && silent(conns[len(conns)-1]) {
			continue // to count takes as long as to connect a thousand
		}
		if held, err = countHeld(ctx, addr, len(conns)); err != nil {
			return conns, held, short, err
		}
		if held < len(conns) && short == "" {
			short = fmt.Sprintf("the server holds %d of %d", held, wanted)
		}
	}
	return conns, held, short, nil
}

// silent reports whether the server says nothing to a connection at first, as one that
// refuses it does.
func silent(c net.Conn) bool {
	if c.SetReadDeadline(time.Now().Add(refusalTime)) != nil {
		return false
	}
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded) && c.SetReadDeadline(time.Time{}) == nil
}

// countHeld returns how many connections the server at the address holds. If they are fewer
// than wanted it looks again, as long as they become more: on a busy machine the kernel may
// not have handed over the last ones yet.
func countHeld(ctx context.Context, addr string, wanted int) (held int, err error) {
	for looks := 0; ; looks++ {
		n, err := proc.HeldConnections(addr)
		if errors.Is(err, errors.ErrUnsupported) {
			return wanted, nil // this system does not tell
		}
		if err != nil {
			return 0, fmt.Errorf("count the connections that the server holds: %w", err)
		}
		if n > held {
			held, looks = n, 0
		}
		if n >= wanted || looks >= recounts {
			return n, nil
		}
		if err := proc.Sleep(ctx, SettleTime); err != nil {
			return 0, err
		}
	}
}

// waitForAccept waits until the server at the address has accepted all connections, and
// reports true, or until it accepts no more of them.
func waitForAccept(ctx context.Context, addr string) (all bool, err error) {
	least, progress, looks := math.MaxInt, time.Now(), 0
	for {
		n, err := proc.AcceptQueue(addr)
		if n == 0 || err != nil {
			if errors.Is(err, errors.ErrUnsupported) {
				err = nil // this system does not tell
			}
			return true, err
		}
		if n < least {
			least, progress, looks = n, time.Now(), 0
		}
		if looks++; looks > acceptLooks && time.Since(progress) > acceptTimeout {
			return false, nil
		}
		if err := proc.Sleep(ctx, acceptPoll); err != nil {
			return false, err
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
	recounts     = 3
	// refusalTime is what a server takes to refuse a connection that it has accepted. A
	// refusal that comes later is noticed later.
	refusalTime = 5 * time.Millisecond
	// SettleTime is the time for a server to finish accepting.
	SettleTime = 50 * time.Millisecond
)

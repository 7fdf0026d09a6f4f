package netfault

import (
	"net"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// options are the socket options with which a connection notices that its
// peer is gone.
type options struct {
	KeepAlive      int // on or off
	Idle, Interval int // seconds until the first probe, and between probes
	Probes         int
	UserTimeout    int // milliseconds that data may stay unacknowledged
	NoDelay        int // not needed here, but set in the same place
}

// wanted are the options that the servers promise: 15 s and three probes 15 s
// apart, or 30 s after the first byte that is not acknowledged.
var wanted = options{KeepAlive: 1, Idle: 15, Interval: 15, Probes: 3, UserTimeout: 30_000, NoDelay: 1}

// Every connection has the options, whatever accepted it and however early
// its client connected: a restarted server has waiting clients.
func TestOptions(t *testing.T) {
	for _, v := range variants {
		for _, early := range []bool{false, true} {
			name := v.name
			if early {
				name += ", a client before Serve"
			}
			t.Run(name, func(t *testing.T) {
				ln, err := net.Listen("tcp4", "127.0.0.1:0")
				require.NoError(t, err)
				if !early {
					v.serve(t, ln, nil)
					first, err := net.Dial("tcp4", ln.Addr().String())
					require.NoError(t, err)
					exchange(t, first, probe.Get("absent"), probe.Absent("absent"))
					first.Close()
				}
				conn, err := net.Dial("tcp4", ln.Addr().String())
				require.NoError(t, err)
				defer conn.Close()
				if early {
					v.serve(t, ln, nil)
				}
				exchange(t, conn, probe.Get("absent"), probe.Absent("absent"))
				assert.Equal(t, wanted, acceptedFrom(t, conn.LocalAddr()))
			})
		}
	}
}

// acceptedFrom returns the options of this process's socket whose peer is
// client. It searches all descriptors, because every package's sockets have
// one.
func acceptedFrom(t *testing.T, client net.Addr) (o options) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		require.NoError(t, err)
		peer, err := unix.Getpeername(fd)
		if err != nil || !isAddr(peer, client.(*net.TCPAddr)) {
			continue
		}
		for _, option := range []struct {
			level, name int
			to          *int
		}{
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, &o.KeepAlive},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, &o.Idle},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, &o.Interval},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, &o.Probes},
			{unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, &o.UserTimeout},
			{unix.IPPROTO_TCP, unix.TCP_NODELAY, &o.NoDelay},
		} {
			*option.to, err = unix.GetsockoptInt(fd, option.level, option.name)
			require.NoError(t, err)
		}
		return o
	}
	t.Fatalf("no socket is connected to %v", client)
	return o
}

func isAddr(sa unix.Sockaddr, addr *net.TCPAddr) bool {
	in, ok := sa.(*unix.SockaddrInet4)
	return ok && in.Port == addr.Port && net.IP(in.Addr[:]).Equal(addr.IP)
}

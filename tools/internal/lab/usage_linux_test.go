package lab

import (
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcUsageFromFiles(t *testing.T) {
	fs, err := procfs.NewFS("testdata/proc")
	require.NoError(t, err)
	u, err := procUsage(fs, 4711)
	require.NoError(t, err)
	assert.Equal(t, usage{
		cpu:         1230 * time.Millisecond,
		user:        time.Second, // 100 ticks
		system:      230 * time.Millisecond,
		voluntary:   1000 + 234,
		involuntary: 50 + 6,
		threads:     2,
		runQueue:    2001 + 2002,
		rss:         14_336 << 10,
		pss:         12_000 << 10,
		sockets:     int64(3 * os.Getpagesize()),
	}, u)
	_, err = procUsage(fs, 1)
	require.Error(t, err)
}

// The process's clock counts what the threads' schedstat files count.
func TestProcessClock(t *testing.T) {
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
	}
	before := sumSchedstat(t)
	cpu, err := processClock(os.Getpid())
	require.NoError(t, err)
	assert.Positive(t, before)
	// A running thread's file is up to a tick behind, and threads may have ended.
	assert.GreaterOrEqual(t, cpu, before)

	u, err := processUsage(os.Getpid())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, u.cpu, cpu)
	assert.Positive(t, u.threads)
	assert.Positive(t, u.rss)
	_, err = processClock(1 << 22) // no process has so large a number
	require.Error(t, err)
}

// What a server has opened or closed for itself meanwhile is not in it, nor is
// what still waits in the listen queue. (Descriptors were counted once: the one
// of the client that had asked whether the server is ready made 19 of 20.)
func TestConnectionsAreCountedNotDescriptors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	var accepted []net.Conn
	for i := range 5 {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		if i < 3 {
			a, err := l.Accept()
			require.NoError(t, err)
			defer a.Close()
			accepted = append(accepted, a)
		}
	}
	held, err := heldConnections(l.Addr().String())
	require.NoError(t, err)
	assert.Equal(t, 3, held)
	accepted[0].Close()
	held, err = heldConnections(l.Addr().String())
	require.NoError(t, err)
	assert.Equal(t, 2, held)
}

func sumSchedstat(t *testing.T) (sum time.Duration) {
	t.Helper()
	threads, err := procfs.AllThreads(os.Getpid())
	require.NoError(t, err)
	for _, thread := range threads {
		if s, err := thread.Schedstat(); err == nil {
			sum += time.Duration(s.RunningNanoseconds)
		}
	}
	return sum
}

func TestPinning(t *testing.T) {
	pins, undo, err := pinSelf()
	require.NoError(t, err)
	defer undo()
	if !pins.on {
		t.Skip("one core: there is nothing to pin")
	}
	assert.NotEqual(t, pins.server, pins.load)
	all := ""
	for _, core := range pins.all {
		all += strconv.Itoa(core)
	}
	one := strconv.Itoa(pins.server)
	// The thread's own cores are back in between.
	for i, test := range []struct {
		pins pinning
		want string
	}{{pins, one}, {pins, one}, {pins.everywhere(), all}, {pins, one}} {
		p, err := startProcess(t.Context(), testSubject(t, "right"), test.pins)
		require.NoError(t, err, i)
		assert.Equal(t, test.want, allowedCores(t, p.pid), i)
		assert.Equal(t, strconv.Itoa(pins.load), allowedCores(t, os.Getpid()))
		require.NoError(t, p.stop(t.Context()))
	}
	before := allowedCores(t, os.Getpid())
	undo()
	assert.NotEqual(t, before, allowedCores(t, os.Getpid()))
	assert.Equal(t, all, allowedCores(t, os.Getpid()))
}

func allowedCores(t *testing.T, pid int) string {
	t.Helper()
	p, err := procfs.NewProc(pid)
	require.NoError(t, err)
	status, err := p.NewStatus()
	require.NoError(t, err)
	text := ""
	for _, core := range status.CpusAllowedList {
		text += strconv.FormatUint(core, 10)
	}
	return text
}

func TestDisturbed(t *testing.T) {
	var e Environment
	e.disturbed(clocks{total: 100, busy: 10, stolen: 1, ours: 5}, clocks{total: 200, busy: 60, stolen: 3, ours: 25})
	assert.InDelta(t, 0.02, *e.Steal, 1e-9)
	assert.InDelta(t, 0.3, *e.Others, 1e-9)
	e = Environment{}
	e.disturbed(clocks{total: 100}, clocks{total: 100})
	assert.Nil(t, e.Steal)

	c, known := readClocks()
	require.True(t, known)
	assert.Greater(t, c.total, c.busy)
	assert.Positive(t, c.ours)
}

package proc

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestProcUsageFromFiles(t *testing.T) {
	fs, err := procfs.NewFS("testdata/proc")
	require.NoError(t, err)
	u, err := procUsage(fs, 4711)
	require.NoError(t, err)
	assert.Equal(t, usage{
		user:    time.Second, // 100 ticks
		system:  230 * time.Millisecond,
		tasks:   map[int]taskUsage{4711: {1000, 50, 2001}, 4712: {234, 6, 2002}},
		queued:  true,
		memory:  MemoryUsage{RSS: 14_336 << 10, pss: 12_000 << 10, Sockets: int64(3 * os.Getpagesize())},
		allowed: 1,
	}, u)
	_, err = procUsage(fs, 1)
	require.Error(t, err)
}

// A kernel without schedstats, or a kernel that does not count, reports no wait.
// That is not a wait of 0.
func TestARunQueueThatIsNotCountedIsNotKnown(t *testing.T) {
	for name, text := range map[string]string{"no file": "", "zeros": "0 0 0\n", "counted": "100 0 7\n"} {
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/proc")))
		for _, file := range []string{"/4711/schedstat", "/4711/task/4711/schedstat", "/4711/task/4712/schedstat"} {
			_ = os.Remove(dir + file)
			if text != "" {
				require.NoError(t, os.WriteFile(dir+file, []byte(text), 0o600))
			}
		}
		fs, err := procfs.NewFS(dir)
		require.NoError(t, err)
		u, err := procUsage(fs, 4711)
		require.NoError(t, err)
		assert.Equal(t, name == "counted", u.queued, name)
		assert.Equal(t, name == "counted", u.since(u, time.Second).RunQueue != nil, name)
	}
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

	m, err := NewMeter(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, m.Begin())
	assert.GreaterOrEqual(t, m.before.cpu.used, cpu)
	assert.NotEmpty(t, m.before.usage.tasks)
	require.NoError(t, m.End())
	assert.Positive(t, m.Used.RSS)
	assert.Positive(t, m.Used.Window)
	assert.Equal(t, m.before.usage.allowed, m.Used.Cores)
	_, err = processClock(1 << 22) // no process has so large a number
	require.Error(t, err)
	m, err = NewMeter(1 << 22)
	require.NoError(t, err)
	require.Error(t, m.Begin())
}

// A process that does nothing but count has its core or waits for it, however busy
// the machine is. It cannot have more.
func TestAProcessHasNoMoreThanItsCore(t *testing.T) {
	pins, undo, err := PinSelf()
	require.NoError(t, err)
	defer undo()
	if !pins.On {
		t.Skip("one core: there is nothing to pin")
	}
	p, err := Start(t.Context(), labtest.Target(t, "spins"), pins)
	require.NoError(t, err)
	defer p.Kill()
	const windows = 5
	for ran, defects := 0, 0; ran < windows; { // on a busy machine it may not run at all for a while
		m, err := p.Meter(t.Context(), 20*time.Millisecond)
		require.NoError(t, err)
		r := m.Used
		assert.Equal(t, 1, r.Cores)
		share, known := r.Share()
		assert.True(t, known)
		if r.Excess() > 0 { // a host that keeps the core for long can cause it
			defects++
			require.LessOrEqual(t, defects, windows, "%+v", r)
			continue
		}
		assert.LessOrEqual(t, share, 1.0)
		if share > 0 {
			ran++
		}
		if waited, known := r.Waited(); known {
			assert.LessOrEqual(t, waited, float64(r.Threads))
		}
	}
}

// When a thread ends, its counts are not subtracted from those of the other threads,
// nor from those of the next thread with its number. The CPU time is the process's,
// whichever threads still run.
func TestThreadsThatEndTakeNothingAlong(t *testing.T) {
	before := usage{queued: true, tasks: map[int]taskUsage{1: {10, 1, 100}, 2: {9000, 900, 90_000}, 3: {5, 5, 500}}}
	after := usage{queued: true, tasks: map[int]taskUsage{1: {12, 4, 400}, 3: {6, 2, 50}, 4: {100, 10, 1000}}}
	r := after.since(before, time.Second)
	assert.EqualValues(t, 2+6+100, r.Voluntary)
	assert.EqualValues(t, 3+2+10, r.Involuntary)
	assert.EqualValues(t, 300+50+1000, *r.RunQueue)
	assert.Equal(t, 3, r.Threads)

	ready, end := make(chan thread), make(chan struct{})
	go threadOfItsOwn(ready, end)
	doomed := <-ready
	m, err := NewMeter(os.Getpid())
	require.NoError(t, err)
	require.NoError(t, m.Begin())
	require.GreaterOrEqual(t, m.before.usage.tasks[doomed.id].voluntary, int64(waits))
	close(end)
	for gone := fmt.Sprintf("/proc/self/task/%d", doomed.id); t.Context().Err() == nil; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(gone); err != nil {
			break
		}
	}
	now, err := m.files()
	require.NoError(t, err)
	assert.NotContains(t, now.tasks, doomed.id)
	cpu, err := processClock(os.Getpid())
	require.NoError(t, err)
	assert.GreaterOrEqual(t, cpu, doomed.cpu, "it has ended, and its CPU time has not")
	require.NoError(t, m.End())
	r = m.Used
	assert.GreaterOrEqual(t, r.Voluntary, int64(0))
	assert.GreaterOrEqual(t, *r.RunQueue, time.Duration(0))
	assert.GreaterOrEqual(t, r.CPU, time.Duration(0))
}

// thread is a thread that has waited waits times, with the CPU time that it has
// used.
type thread struct {
	id  int
	cpu time.Duration
}

const waits = 1000

// threadOfItsOwn is a goroutine whose thread ends with it. The process's first
// thread never ends so.
func threadOfItsOwn(ready chan<- thread, end <-chan struct{}) {
	runtime.LockOSThread()
	if unix.Gettid() == os.Getpid() {
		go threadOfItsOwn(ready, end)
		<-end
		runtime.UnlockOSThread()
		return
	}
	for range waits {
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1}, nil)
	}
	var used unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &used)
	ready <- thread{unix.Gettid(), time.Duration(used.Nano())}
	<-end
}

// Descriptors that a server opens or closes for itself do not count, nor do
// connections in the listen queue. (Once descriptors were counted: the descriptor of
// the client that had asked whether the server was ready made 19 of 20.)
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
	held, err := HeldConnections(l.Addr().String())
	require.NoError(t, err)
	assert.Equal(t, 3, held)
	waiting, err := AcceptQueue(l.Addr().String())
	require.NoError(t, err)
	assert.Equal(t, 2, waiting)
	accepted[0].Close()
	held, err = HeldConnections(l.Addr().String())
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
	pins, undo, err := PinSelf()
	require.NoError(t, err)
	defer undo()
	if !pins.On {
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
		pins Pinning
		want string
	}{{pins, one}, {pins, one}, {pins.Everywhere(), all}, {pins, one}} {
		p, err := Start(t.Context(), labtest.Target(t, "right"), test.pins)
		require.NoError(t, err, i)
		assert.Equal(t, test.want, allowedCores(t, p.PID), i)
		assert.Equal(t, strconv.Itoa(pins.load), allowedCores(t, os.Getpid()))
		require.NoError(t, p.Stop(t.Context()))
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
	var e results.Environment
	NoteDisturbance(&e, Clocks{total: 100, busy: 10, stolen: 1, ours: 5}, Clocks{total: 200, busy: 60, stolen: 3, ours: 25})
	assert.InDelta(t, 0.0199, *e.Steal, 1e-9, "a tick less")
	assert.InDelta(t, 0.3, *e.Others, 1e-9)
	e = results.Environment{}
	NoteDisturbance(&e, Clocks{total: 100}, Clocks{total: 100})
	assert.Nil(t, e.Steal)

	// One tick in 250 ms of two cores is 2 %, or nothing.
	assert.InDelta(t, 0, *Clocks{total: 10.5, stolen: 1.01}.stealSince(Clocks{total: 10, stolen: 1}), 1e-9)

	c, known := ReadClocks()
	require.True(t, known)
	assert.Greater(t, c.total, c.busy)
	assert.Positive(t, c.ours)
}

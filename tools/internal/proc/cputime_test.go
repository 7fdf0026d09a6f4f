package proc

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const testTick = 4 * time.Millisecond

// fakeKernel tells a process's CPU time as Linux does: the time that a running
// thread has used since its core's last tick is not in it.
type fakeKernel struct {
	at    time.Duration // true time
	look  time.Duration // how long it takes to read the CPU time
	sleep time.Duration // when the process stops, for good; 0: it runs on
	phase time.Duration // of the ticks
	err   error
}

func (k *fakeKernel) now() time.Time { return time.Unix(0, 0).Add(k.at) }

// used is the CPU time that the process has truly used.
func (k *fakeKernel) used(at time.Duration) time.Duration {
	if k.sleep > 0 {
		return min(at, k.sleep)
	}
	return at
}

func (k *fakeKernel) read() (time.Duration, error) {
	k.at += k.look
	if k.sleep > 0 && k.at >= k.sleep {
		return k.sleep, k.err
	}
	return k.used(k.at - (k.at-k.phase)%testTick), k.err
}

func (k *fakeKernel) clock() cpuClock {
	return cpuClock{read: k.read, now: k.now, tick: testTick, cores: 1}
}

// meter measures the process, on a machine of two cores where nothing else runs.
func (k *fakeKernel) meter() *Meter {
	return &Meter{
		clock: k.clock(),
		files: func() (usage, error) { return usage{allowed: 1}, nil },
		machine: func() (Clocks, bool) {
			all := k.at.Seconds()
			return Clocks{total: 2 * all, busy: all, cores: map[int]coreClock{0: {total: all, busy: all}, 1: {total: all}}}, true
		},
	}
}

// A process that polls uses all of its core, whenever it is looked at. (By the
// clock as it stands it had used 102 % at one time and 98.8 % at another.)
func TestAServerThatPollsUsesOneCore(t *testing.T) {
	const window = 100 * time.Millisecond
	naive := map[bool]int{}
	for phase := time.Duration(0); phase < testTick; phase += 300 * time.Microsecond {
		for _, length := range []time.Duration{window, window + time.Millisecond, window + 3*time.Millisecond} {
			k := &fakeKernel{at: 10 * time.Second, look: 500 * time.Nanosecond, phase: phase}
			m := k.meter()
			require.NoError(t, m.Begin())
			k.at += length
			require.NoError(t, m.End())
			r := m.Used
			assert.InDelta(t, 1, r.CPU.Seconds()/r.Window.Seconds(), 1e-4, "phase %v, window %v", phase, length)
			assert.Less(t, r.Uncertainty, 10*time.Microsecond)
			assert.Zero(t, r.Excess())
			share, known := r.Share()
			assert.True(t, known)
			assert.LessOrEqual(t, share, 1.0)
			assert.InDelta(t, length.Seconds(), r.Window.Seconds(), 1e-4, "begin and end are not in it")

			k = &fakeKernel{at: 10*time.Second + 3*time.Millisecond, phase: phase}
			before, _ := k.read()
			k.at += length
			after, _ := k.read()
			naive[after-before > length]++
		}
	}
	assert.NotZero(t, naive[true], "the fake is as wrong as Linux is")
}

// The CPU time at the first moment is known, although the clock shows it only later.
func TestTheClockIsReadBackToTheFirstMoment(t *testing.T) {
	const look = 100 * time.Nanosecond
	for name, k := range map[string]*fakeKernel{
		"runs on":                          {at: 103 * time.Millisecond, look: look},
		"stops soon":                       {at: 103 * time.Millisecond, look: look, sleep: 103*time.Millisecond + 50*time.Microsecond},
		"has stopped":                      {at: 103 * time.Millisecond, look: look, sleep: 90 * time.Millisecond},
		"has its tick as it is looked at":  {at: 104 * time.Millisecond, look: look},
		"has had it just before":           {at: 104*time.Millisecond + 1, look: look},
		"stops as it would have its tick":  {at: 103 * time.Millisecond, look: look, sleep: 104 * time.Millisecond},
		"has its tick at an uneven moment": {at: 103 * time.Millisecond, look: look, phase: 1234567},
	} {
		first, last, err := k.clock().settle()
		require.NoError(t, err, name)
		for _, c := range []cpuTime{first, last} {
			truth := k.used(c.at.Sub(time.Unix(0, 0)))
			assert.InDelta(t, truth.Seconds(), c.used.Seconds(), c.slack.Seconds(), name)
		}
		assert.Less(t, first.slack, time.Microsecond, name)
		assert.LessOrEqual(t, last.at.Sub(first.at), 2*testTick, name)
	}
	_, _, err := (&fakeKernel{err: errors.New("gone")}).clock().settle()
	require.Error(t, err)
}

// The lab may lose its own core while it reads the clock. Then the figure is less
// certain, and says so.
func TestALateLookIsLessCertain(t *testing.T) {
	k := &fakeKernel{at: 103 * time.Millisecond, look: 100 * time.Nanosecond}
	clock, asked := k.clock(), 0
	clock.read = func() (time.Duration, error) {
		if asked++; asked == 3 {
			k.at += 700 * time.Microsecond
		}
		return k.read()
	}
	first, _, err := clock.settle()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, first.slack, 100*time.Nanosecond)
	k = &fakeKernel{at: 103*time.Millisecond + 500*time.Microsecond, look: 100 * time.Nanosecond}
	clock, asked = k.clock(), 0
	clock.read = func() (time.Duration, error) {
		if asked++; asked == 3 {
			k.at += 700 * time.Microsecond // and the tick comes meanwhile
		}
		return k.read()
	}
	first, _, err = clock.settle()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, first.slack, 700*time.Microsecond)
	assert.InDelta(t, k.used(first.at.Sub(time.Unix(0, 0))).Seconds(), first.used.Seconds(), first.slack.Seconds())
}

// Of several cores, each may be a tick behind, except the core whose tick has just
// come.
func TestSeveralCoresAreLessCertain(t *testing.T) {
	clock := (&fakeKernel{at: time.Second, look: time.Microsecond}).clock()
	clock.cores = 3
	first, last, err := clock.settle()
	require.NoError(t, err)
	assert.GreaterOrEqual(t, first.slack, 2*testTick)
	assert.GreaterOrEqual(t, last.slack, 2*testTick)
}

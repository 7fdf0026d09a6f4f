package proc

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMeterTellsWhatIsWrong(t *testing.T) {
	k, oh := &fakeKernel{look: time.Microsecond}, errors.New("oh")
	m := k.meter()
	m.files = func() (usage, error) { return usage{}, oh }
	require.ErrorIs(t, m.Begin(), oh)
	m.files = func() (usage, error) { return usage{queued: true, allowed: 1}, nil }
	require.NoError(t, m.Begin())
	k.at += time.Second
	require.NoError(t, m.End())
	assert.NotNil(t, m.Used.RunQueue)
	m.files = func() (usage, error) { return usage{allowed: 1}, nil }
	require.NoError(t, m.End())
	assert.Nil(t, m.Used.RunQueue)
	k.err = oh
	require.ErrorIs(t, m.End(), oh)
}

// The server's work while the meter waits for the clock is in neither figure: a
// server that polls, on a machine where nothing else runs, has no others beside it.
func TestAServerThatPollsIsNotTheOthers(t *testing.T) {
	k := &fakeKernel{at: 10 * time.Second, look: time.Microsecond, phase: 1234567}
	m := k.meter()
	pins := Pinning{On: true, server: 0, load: 1}
	steal, others := m.Besides(pins)
	assert.Nil(t, steal)
	assert.Nil(t, others)
	require.NoError(t, m.Begin())
	k.at += 100 * time.Millisecond
	require.NoError(t, m.End())
	steal, others = m.Besides(pins)
	require.NotNil(t, steal)
	require.NotNil(t, others)
	assert.Zero(t, *steal)
	assert.InDelta(t, 0, *others, 1e-4)
}

// The kernel counts a wait when it ends. One that began long before the window is
// no longer than the window.
func TestAThreadWaitsNoLongerThanTheWindow(t *testing.T) {
	before := usage{queued: true, tasks: map[int]taskUsage{1: {}, 2: {}}}
	after := usage{queued: true, tasks: map[int]taskUsage{1: {runQueue: 278 * time.Millisecond}, 2: {runQueue: 5 * time.Millisecond}}}
	waited, known := after.since(before, 20*time.Millisecond).Waited()
	assert.True(t, known)
	assert.InDelta(t, 1.25, waited, 1e-9)
}

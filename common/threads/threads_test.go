package threads

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeProcess is a process that has some threads of the runtime's, and may have
// more.
type fakeProcess struct{ own, most int }

func (p *fakeProcess) budget() *Budget {
	return &Budget{now: time.Now, look: func() state { return state{p.own, p.most - p.own, "a limit"} }}
}

// Far from the limit one reading serves for several threads, but not for long.
// Near the limit it serves for one.
func TestALookServesForSomeThreadsFarFromTheLimit(t *testing.T) {
	looks, left, now := 0, 10_000, time.Now()
	b := &Budget{
		look: func() state { looks++; return state{6, left, "a limit"} },
		now:  func() time.Time { return now },
	}
	for range 1 + credit {
		require.Empty(t, b.Take())
	}
	assert.Equal(t, 1, looks)
	require.Empty(t, b.Take())
	assert.Equal(t, 2, looks, "after as many as that")
	now = now.Add(lookTime)
	left = far
	require.Empty(t, b.Take())
	assert.Equal(t, 3, looks, "after as long as that")
	for range 3 {
		require.Empty(t, b.Take())
	}
	assert.Equal(t, 6, looks, "near to the limit")
}

// Threads that the runtime needs are never given away, whether or not it has
// them already. Nor are threads that were taken and have not started.
func TestThreadsAreLeftForTheRuntime(t *testing.T) {
	const base, clients = 6, 10
	need := runtimes + runtime.GOMAXPROCS(0)
	p := &fakeProcess{own: base, most: need + clients}
	b := p.budget()
	for range clients {
		require.Empty(t, b.Take())
	}
	assert.Equal(t, "no thread is left (a limit)", b.Take())
	for range clients {
		p.own++
		b.Started()
		require.NotEmpty(t, b.Take())
	}
	for p.own < p.most { // the runtime takes its reserve
		p.own++
		require.NotEmpty(t, b.Take())
	}
}

// A client leaves, and another one comes before the first one's thread has
// ended. The slack covers this.
func TestAThreadThatEndsIsTheNextClients(t *testing.T) {
	p := &fakeProcess{own: 6, most: runtimes + runtime.GOMAXPROCS(0) + 10}
	b := p.budget()
	for b.Take() == "" {
		p.own++
		b.Started()
	}
	for range 100 {
		b.Ended()
		require.Empty(t, b.Take())
		p.own++
		b.Started()
		require.NotEmpty(t, b.Take())
		p.own-- // the thread of the client that left
	}
}

// Other processes may take everything but the slack, and more.
func TestThreadsThatOthersTakeAreNotThere(t *testing.T) {
	p := &fakeProcess{own: 1000, most: 1000 + slack + 1}
	b := p.budget()
	assert.Empty(t, b.Take())
	assert.NotEmpty(t, b.Take())
	p.most -= 100
	assert.NotEmpty(t, b.Take())
}

// Go's own limit exists on every system.
func TestTheProcessHasALimit(t *testing.T) {
	s := look()
	assert.Positive(t, s.own)
	assert.Less(t, s.left, goLimit)
	assert.NotEmpty(t, s.limit)
}

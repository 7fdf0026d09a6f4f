package advise

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A machine that is too slow for the connections, or has no room for them, is not
// the server's fault; a server that has its core and does not accept them is.
func TestWhoseFaultMissingConnectionsAre(t *testing.T) {
	const short = "the server holds 500 of 900"
	busy := 0.6
	starved := results.Besides{Server: &results.Resources{Window: 2 * time.Second, RunQueue: new(time.Second)}, Others: &busy}
	stolen := results.Besides{Server: &results.Resources{}, Steal: &busy}
	idle := 0.0
	waits := results.Besides{Server: &results.Resources{Window: 2 * time.Second, RunQueue: new(time.Second)}, Others: &idle}

	assert.Equal(t, short+": the server waited for a core for 50.0 % of the time, and other programs used 60.0 % of one", takenFrom(short, false, starved))
	assert.Contains(t, takenFrom(short, false, stolen), "the host had the cores for 60.0 % of the time")
	assert.Empty(t, takenFrom(short, true, starved), "it says no, and so it had the time to")
	assert.Empty(t, takenFrom(short, false, waits), "its threads wait for each other")
	assert.Empty(t, takenFrom(short, false, results.Besides{}), "nothing is known")
	full := &net.OpError{Op: "dial", Err: syscall.EADDRNOTAVAIL}
	assert.Contains(t, takenFrom(full.Error(), false, waits), "the lab can open no more connections")
}

// On a busy machine a server that sleeps waits for its core when it wakes, and
// burns nothing all the same.
func TestWhoBurnsACore(t *testing.T) {
	const ms = time.Millisecond
	share := func(cpu, waited time.Duration) float64 {
		share, known := idleShareOf(&results.Resources{CPU: cpu, RunQueue: &waited, Window: 100 * ms})
		assert.True(t, known)
		return share
	}
	assert.InDelta(t, 0.002, share(ms/5, 80*ms), 1e-9)
	assert.InDelta(t, 1, share(30*ms, 75*ms), 1e-9, "it spins whenever it has the core")
	assert.InDelta(t, 0.3, share(30*ms, 0), 1e-9)
}

func TestRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	var conns, theirs []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		conns = append(conns, c)
		other, err := ln.Accept()
		require.NoError(t, err)
		defer other.Close()
		theirs = append(theirs, other)
	}
	assert.False(t, refused(nil))
	assert.False(t, refused(conns), "nothing is said on them")
	theirs[2].Close()
	require.Eventually(t, func() bool { return refused(conns) }, time.Minute, time.Millisecond)
}

// A sample that the machine spoilt does not count, is repeated, and is named.
func TestAdviceOnAMachineThatIsTooSlow(t *testing.T) {
	const why = "the server holds 500 of 900: the server waited for a core for 50.0 % of the time"
	taken := func(s *Sample) {
		*s = Sample{Model: s.Model, Repeat: s.Repeat, Short: "the server holds 500 of 900", Taken: why}
	}
	loop := constructed{model: "eventloop", p99: time.Millisecond, cpu: flat(0.1), alter: taken}
	a := testAdvice(t, testProfile(), loop, constructed{model: "multiblocking", p99: time.Millisecond, cpu: flat(0.3)})
	o := a.option("eventloop")
	assert.Equal(t, "not known: "+why, o.Reason)
	assert.Zero(t, o.Missed)
	assert.Equal(t, "multiblocking", a.Recommended)
	assert.Contains(t, a.Sentence, "PROVISIONAL, because nothing is known of eventloop")

	s := loop.samples(testProfile())[0]
	assert.False(t, s.hopeless(&s), "it is measured again")
	assert.Equal(t, "not judged: "+why, s.digest())
	s.Error = "storing the keys takes more than 30s"
	r, _ := s.within(testProfile())
	assert.Equal(t, unknown, r)
}

package term

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

func TestProgressLines(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out)
	now := time.Unix(1e9, 0)
	p.Now = func() time.Time { return now }
	p.Start(80 * time.Second)
	p.Doing("one", "nothing that shows")
	now = now.Add(40 * time.Second)
	p.Finished(20*time.Second, "one is done")
	p.Finished(20*time.Second, "")
	now = now.Add(40 * time.Second)
	p.Finished(40*time.Second, "so is another")
	p.Finished(time.Second, "and a measurement that was not planned")
	p.End()
	assert.Equal(t, strings.Join([]string{
		"about 80 s",
		// without the plan's eighth it would be 80 s
		"one is done (about 1 min 40 s left; longer than planned, because everything takes 2.0 times as long)",
		"so is another (about 0 s left)",
		"and a measurement that was not planned (about 0 s left)",
		"",
	}, "\n"), out.String())
}

// Where nothing but lines can be written, a long run writes about six a minute.
func TestSparseProgress(t *testing.T) {
	var out strings.Builder
	p := NewSparseProgress(&out)
	now := time.Unix(1e9, 0)
	p.Now = func() time.Time { return now }
	p.Start(40 * time.Second)
	for i := range 10 {
		p.Doing("one", fmt.Sprintf("measurement %d", i))
		now = now.Add(4 * time.Second)
		p.Finished(4*time.Second, "a measurement is done")
	}
	p.Doing("two", "slow")
	now = now.Add(time.Minute)
	p.Finished(time.Second, "")
	assert.Equal(t, strings.Join([]string{
		"about 40 s",
		" 30 %  about 28 s left  one · measurement 3",
		" 60 %  about 16 s left  one · measurement 6",
		" 90 %  about 4 s left  one · measurement 9",
		"longer than planned, because two · slow took 60 s, not 1 s",
		"",
	}, "\n"), out.String())
}

// An estimate that grows says why.
func TestProgressSaysWhyItTakesLonger(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out)
	now := time.Unix(1e9, 0)
	p.Now = func() time.Time { return now }
	p.Start(99 * time.Second)
	step := func(took time.Duration, line string) {
		now = now.Add(took)
		p.Finished(11*time.Second, line)
	}
	step(12*time.Second, "as planned")
	step(3*time.Minute, "slow")
	step(3*time.Minute, "slow again")
	step(time.Second, "quick")
	p.Extend(30*time.Second, "a is measured again")
	assert.Equal(t, strings.Join([]string{
		"about 99 s",
		"as planned (about 92 s left)",
		"slow (about 7 min 40 s left; longer than planned, because this took 3 min 0 s, not 11 s)",
		"slow again (about 9 min 20 s left; longer than planned, because this took 3 min 0 s, not 11 s)",
		"quick (about 6 min 20 s left)",
		"about 30 s more, because a is measured again",
		"",
	}, "\n"), out.String())

	live := NewLiveProgress(&out, func() (int, int) { return 200, 24 })
	live.Now = p.Now
	live.Start(99 * time.Second)
	live.Doing("iouring", "50 conns")
	now = now.Add(5 * time.Minute)
	live.Finished(10*time.Second, "")
	out.Reset()
	live.Doing("eventloop", "50 conns")
	assert.Contains(t, out.String(), "eventloop · 50 conns · longer than planned, because iouring · 50 conns took 5 min 0 s, not 10 s")
}

func TestProgressLeft(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := NewProgress(nil)
	p.total, p.began, p.at = 80*time.Second, now, now
	assert.Equal(t, 80*time.Second, p.left(now), "the plan, before the first measurement")
	assert.Equal(t, 70*time.Second, p.left(now.Add(10*time.Second)), "the running measurement takes its time")
	assert.Zero(t, p.left(now.Add(time.Hour)))
	p.done, p.at = 30*time.Second, now.Add(30*time.Second)
	assert.Equal(t, 50*time.Second, p.left(p.at))
	p.at = now.Add(70 * time.Second)
	assert.Equal(t, 100*time.Second, p.left(p.at), "twice as slow, and a quarter of that is the plan's")
	p.done = 81 * time.Second
	assert.Zero(t, p.left(p.at))
	assert.Zero(t, new(Progress).left(now))
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0 s",
		499 * time.Millisecond:  "0 s",
		1500 * time.Millisecond: "2 s",
		99 * time.Second:        "99 s",
		100 * time.Second:       "1 min 40 s",
		119 * time.Second:       "2 min 0 s",
		14*time.Minute + 1:      "14 min 0 s",
	} {
		assert.Equal(t, want, format.Roughly(d))
	}
}

// The zero value asks for no clock and keeps no figures, so code without an observer
// needs no condition.
func TestTheZeroProgressDoesNothing(t *testing.T) {
	var p Progress
	p.Start(time.Second)
	p.Tell("line")
	p.Doing("server", "what")
	p.Extend(time.Second, "why")
	p.Finished(time.Second, "line")
	p.End()
	assert.Equal(t, Progress{}, p)
}

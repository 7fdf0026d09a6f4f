package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgressLines(t *testing.T) {
	var out strings.Builder
	p := NewProgress(&out)
	now := time.Unix(1e9, 0)
	p.now = func() time.Time { return now }
	p.start(&Results{}, 80*time.Second)
	p.doing("one", "nothing that shows")
	now = now.Add(40 * time.Second)
	p.finished(20*time.Second, "one is done")
	p.finished(20*time.Second, "")
	now = now.Add(40 * time.Second)
	p.finished(40*time.Second, "so is another")
	p.finished(time.Second, "and what nobody had planned")
	p.end()
	assert.Equal(t, strings.Join([]string{
		"about 80 s",
		"one is done (about 1 min 40 s left)", // 80 s, had the plan no say
		"so is another (about 0 s left)",
		"and what nobody had planned (about 0 s left)",
		"",
	}, "\n"), out.String())
}

func TestProgressLeft(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := NewProgress(nil)
	p.total, p.began, p.at = 80*time.Second, now, now
	assert.Equal(t, 80*time.Second, p.left(now), "the plan, as long as there is nothing else")
	assert.Equal(t, 70*time.Second, p.left(now.Add(10*time.Second)), "what is being done takes its time")
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
		assert.Equal(t, want, roughly(d))
	}
}

func TestProgressSilent(t *testing.T) {
	p := new(Progress)
	p.start(nil, time.Second)
	p.doing("x", "y")
	p.finished(time.Second, "x")
	p.end()
}

package proc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A server that has no core may take three times as long to start and to end.
func TestALimitIsExtendedOnce(t *testing.T) {
	used := func(waited time.Duration) usage {
		return usage{at: time.Unix(0, 0).Add(10 * waited), queued: true, tasks: map[int]taskUsage{1: {runQueue: waited}}}
	}
	l := &limit{timer: time.NewTimer(time.Hour), length: time.Minute, known: true, before: used(time.Second)}
	defer l.timer.Stop()
	assert.False(t, l.extend(used(2*time.Second)), "it had its core")
	assert.Equal(t, time.Minute, l.length)
	assert.True(t, l.extend(used(8*time.Second)))
	assert.Equal(t, 3*time.Minute, l.length)
	assert.True(t, l.over(), "once is enough")
	assert.True(t, new(limit).over(), "nobody knows")
}

package generator

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of nested groups, only the most throttled one counts.
func TestThrottlingIsThatOfTheWindow(t *testing.T) {
	const stat = "sys/fs/cgroup/app/cpu.stat"
	root := fstest.MapFS{
		"proc/self/cgroup":       {Data: []byte("0::/app\n")},
		"proc/self/mountinfo":    {Data: []byte("30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n")},
		stat:                     {Data: []byte("nr_throttled 5\nthrottled_usec 100\n")},
		"sys/fs/cgroup/cpu.stat": {Data: []byte("nr_throttled 50\nthrottled_usec 999999999\n")},
	}
	g := &generator{root: root, window: newWindow(time.Second), open: 1, cfg: Config{Duration: time.Hour, Begin: func() {}, End: func() {}}}
	g.clock = time.Now()
	g.resume()
	g.advance(1)
	require.Equal(t, measuring, g.phase)
	root[stat].Data = []byte("nr_throttled 8\nthrottled_usec 250100\n")
	g.endWindow(time.Second)
	r, err := g.result()
	require.NoError(t, err)
	assert.EqualValues(t, 3, r.Generator.Throttlings)
	assert.Equal(t, 250*time.Millisecond, r.Generator.Throttled)
}

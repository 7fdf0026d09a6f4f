package load

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	mountV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	mountV1 = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"33 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n" +
		"34 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	// In a container without a cgroup namespace of its own.
	mountPart = "40 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
)

// fakeRoot is a file system with the given files.
func fakeRoot(files ...string) fstest.MapFS {
	root := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		root[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return root
}

func TestThrottlingIsReadFromTheCgroup(t *testing.T) {
	for name, c := range map[string]struct {
		root fstest.MapFS
		want map[string]throttling
	}{
		"version 2, with the group above": {
			fakeRoot("proc/self/cgroup", "0::/pod/app\n", "proc/self/mountinfo", mountV2,
				"sys/fs/cgroup/pod/app/cpu.stat", "usage_usec 900\nnr_periods 12\nnr_throttled 3\nthrottled_usec 2500\n",
				"sys/fs/cgroup/pod/cpu.stat", "nr_throttled 7\nthrottled_usec 9000\n",
				"sys/fs/cgroup/cpu.stat", "usage_usec 1\n"),
			map[string]throttling{
				"sys/fs/cgroup/pod/app": {3, 2500 * time.Microsecond}, "sys/fs/cgroup/pod": {7, 9 * time.Millisecond}, "sys/fs/cgroup": {},
			},
		},
		"version 1": {
			fakeRoot("proc/self/cgroup", "9:cpuset:/other\n2:cpu,cpuacct:/app\n0::/\n", "proc/self/mountinfo", mountV1,
				"sys/fs/cgroup/cpu,cpuacct/app/cpu.stat", "nr_periods 12\nnr_throttled 4\nthrottled_time 5000000\n",
				"sys/fs/cgroup/cpuset/other/cpu.stat", "nr_throttled 99\n"),
			map[string]throttling{"sys/fs/cgroup/cpu,cpuacct/app": {4, 5 * time.Millisecond}},
		},
		"a part of the hierarchy is mounted": {
			fakeRoot("proc/self/cgroup", "2:cpu:/docker/abc/app\n", "proc/self/mountinfo", mountPart,
				"sys/fs/cgroup/cpu/app/cpu.stat", "nr_throttled 4\nthrottled_time 5\n", "sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 2\n"),
			map[string]throttling{"sys/fs/cgroup/cpu/app": {4, 5}, "sys/fs/cgroup/cpu": {1, 2}},
		},
		"outside of what is mounted": {
			fakeRoot("proc/self/cgroup", "2:cpu:/elsewhere\n", "proc/self/mountinfo", mountPart, "sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 2\n"),
			map[string]throttling{"sys/fs/cgroup/cpu": {1, 2}},
		},
		"no cgroups":     {fakeRoot(), map[string]throttling{}},
		"no mounts":      {fakeRoot("proc/self/cgroup", "0::/\n"), map[string]throttling{}},
		"other contents": {fakeRoot("proc/self/cgroup", "x\n\n::\n", "proc/self/mountinfo", "x - y\n\n"+mountV2, "sys/fs/cgroup/cpu.stat", "nr_throttled many\n"), map[string]throttling{"sys/fs/cgroup": {}}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, readThrottling(c.root)) })
	}
}

// Of nested groups, only the most throttled one counts.
func TestThrottlingIsThatOfTheWindow(t *testing.T) {
	const stat = "sys/fs/cgroup/app/cpu.stat"
	root := fakeRoot("proc/self/cgroup", "0::/app\n", "proc/self/mountinfo", mountV2,
		stat, "nr_throttled 5\nthrottled_usec 100\n", "sys/fs/cgroup/cpu.stat", "nr_throttled 50\nthrottled_usec 999999999\n")
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

// A generator whose CPU quota was used up says so, in both kinds of load.
func TestAThrottledGeneratorVoidsItsRun(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		r := believable()
		r.Workload.Rate = rate
		assert.Empty(t, r.Remarks())
		r.Generator.Throttlings, r.Generator.Throttled = 2, 50*time.Millisecond
		assert.Empty(t, r.judge(), "at the limit")
		assert.Contains(t, r.Remarks()[0], "used up its CPU quota 2 times, and was throttled for 50ms of 1s")
		r.Generator.Throttled++
		r.Void = r.judge()
		require.Len(t, r.Void, 1)
		assert.Contains(t, r.Void[0], "the generator's cgroup used up its CPU quota 2 times")
		assert.Len(t, r.Remarks(), 1, "it is said once")
	}
}

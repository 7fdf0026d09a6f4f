package meter

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
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
		want map[string]Throttling
	}{
		"version 2, with the group above": {
			fakeRoot("proc/self/cgroup", "0::/pod/app\n", "proc/self/mountinfo", mountV2,
				"sys/fs/cgroup/pod/app/cpu.stat", "usage_usec 900\nnr_periods 12\nnr_throttled 3\nthrottled_usec 2500\n",
				"sys/fs/cgroup/pod/cpu.stat", "nr_throttled 7\nthrottled_usec 9000\n",
				"sys/fs/cgroup/cpu.stat", "usage_usec 1\n"),
			map[string]Throttling{
				"sys/fs/cgroup/pod/app": {3, 2500 * time.Microsecond}, "sys/fs/cgroup/pod": {7, 9 * time.Millisecond}, "sys/fs/cgroup": {},
			},
		},
		"version 1": {
			fakeRoot("proc/self/cgroup", "9:cpuset:/other\n2:cpu,cpuacct:/app\n0::/\n", "proc/self/mountinfo", mountV1,
				"sys/fs/cgroup/cpu,cpuacct/app/cpu.stat", "nr_periods 12\nnr_throttled 4\nthrottled_time 5000000\n",
				"sys/fs/cgroup/cpuset/other/cpu.stat", "nr_throttled 99\n"),
			map[string]Throttling{"sys/fs/cgroup/cpu,cpuacct/app": {4, 5 * time.Millisecond}},
		},
		"a part of the hierarchy is mounted": {
			fakeRoot("proc/self/cgroup", "2:cpu:/docker/abc/app\n", "proc/self/mountinfo", mountPart,
				"sys/fs/cgroup/cpu/app/cpu.stat", "nr_throttled 4\nthrottled_time 5\n", "sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 2\n"),
			map[string]Throttling{"sys/fs/cgroup/cpu/app": {4, 5}, "sys/fs/cgroup/cpu": {1, 2}},
		},
		"outside of what is mounted": {
			fakeRoot("proc/self/cgroup", "2:cpu:/elsewhere\n", "proc/self/mountinfo", mountPart, "sys/fs/cgroup/cpu/cpu.stat", "nr_throttled 1\nthrottled_time 2\n"),
			map[string]Throttling{"sys/fs/cgroup/cpu": {1, 2}},
		},
		"no cgroups":     {fakeRoot(), map[string]Throttling{}},
		"no mounts":      {fakeRoot("proc/self/cgroup", "0::/\n"), map[string]Throttling{}},
		"other contents": {fakeRoot("proc/self/cgroup", "x\n\n::\n", "proc/self/mountinfo", "x - y\n\n"+mountV2, "sys/fs/cgroup/cpu.stat", "nr_throttled many\n"), map[string]Throttling{"sys/fs/cgroup": {}}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, ReadThrottling(c.root)) })
	}
}

package memlimit

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

// The least of the machine's memory and the limits of all groups counts.
func TestTheLeastOfMachineAndGroups(t *testing.T) {
	const (
		machine = "MemFree:  1 kB\nMemTotal:       16384 kB\n"
		unified = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
		first   = "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	)
	for what, test := range map[string]struct {
		meminfo, mounts, groups string
		files                   map[string]string // below /sys/fs/cgroup
		want                    int64
	}{
		"the machine":                   {machine, "", "", nil, 16 << 20},
		"its group, which says nothing": {machine, unified, "0::/app\n", map[string]string{"app/memory.max": "max", "app/memory.high": "max"}, 16 << 20},
		"its group":                     {machine, unified, "0::/app\n", map[string]string{"app/memory.max": "8388608"}, 8 << 20},
		"where it is held up":           {machine, unified, "0::/app\n", map[string]string{"app/memory.max": "8388608", "app/memory.high": "4194304"}, 4 << 20},
		"one that its group is in":      {machine, unified, "0::/pod/app\n", map[string]string{"pod/app/memory.max": "8388608", "pod/memory.max": "1048576"}, 1 << 20},
		"more than there is":            {machine, unified, "0::/app\n", map[string]string{"app/memory.max": "99999999999"}, 16 << 20},
		"version 1":                     {machine, first, "4:memory:/app\n", map[string]string{"memory/app/memory.limit_in_bytes": "2097152"}, 2 << 20},
		"version 1 without a limit":     {machine, first, "4:memory:/app\n", map[string]string{"memory/app/memory.limit_in_bytes": "9223372036854771712"}, 16 << 20},
		"nothing is known":              {"", "", "", nil, 0},
	} {
		t.Run(what, func(t *testing.T) {
			root := fstest.MapFS{
				"proc/meminfo":        {Data: []byte(test.meminfo)},
				"proc/self/mountinfo": {Data: []byte(test.mounts)},
				"proc/self/cgroup":    {Data: []byte(test.groups)},
			}
			for name, text := range test.files {
				root["sys/fs/cgroup/"+name] = &fstest.MapFile{Data: []byte(text + "\n")}
			}
			assert.Equal(t, test.want, lookIn(root))
		})
	}
}

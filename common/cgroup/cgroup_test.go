package cgroup_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/cgroup"
)

func TestGroups(t *testing.T) {
	const (
		unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
		first   = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
			"32 31 0:29 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n" +
			"33 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n" +
			"34 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
		part = "40 31 0:29 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	)
	for what, test := range map[string]struct {
		mounts, own string
		want        []cgroup.Group
	}{
		"version 2": {unified, "0::/pod/app\n", []cgroup.Group{
			{"sys/fs/cgroup/pod/app", "/pod/app"}, {"sys/fs/cgroup/pod", "/pod"}, {"sys/fs/cgroup", "/"},
		}},
		"version 1, and the other beside it": {first, "9:cpuset:/other\n2:hugetlb,memory:/app\n0::/\n", []cgroup.Group{
			{"sys/fs/cgroup/memory/app", "/app"}, {"sys/fs/cgroup/memory", "/"}, {"sys/fs/cgroup/unified", "/"},
		}},
		"a part of the hierarchy is mounted": {part, "2:memory:/docker/1/app\n", []cgroup.Group{
			{"sys/fs/cgroup/memory/app", "/app"}, {"sys/fs/cgroup/memory", "/"},
		}},
		"its namespace hides the path":  {part, "2:memory:/\n", []cgroup.Group{{"sys/fs/cgroup/memory", "/"}}},
		"outside of the mount":          {part, "2:memory:/elsewhere\n", []cgroup.Group{{"sys/fs/cgroup/memory", "/"}}},
		"outside of its namespace":      {part, "2:memory:/../docker/1\n", []cgroup.Group{{"sys/fs/cgroup/memory", "/"}}},
		"the controller is not mounted": {"33 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n", "2:memory:/app\n", nil},
		"no mounts":                     {"", "0::/\n", nil},
		"no groups":                     {unified, "", nil},
		"lines of another form":         {"x - y\n\n" + unified, "x\n\n::\n", []cgroup.Group{{"sys/fs/cgroup", "/"}}},
	} {
		t.Run(what, func(t *testing.T) {
			root := fstest.MapFS{"proc/self/mountinfo": {Data: []byte(test.mounts)}, "proc/self/cgroup": {Data: []byte(test.own)}}
			assert.Equal(t, test.want, cgroup.New(root, "memory").Groups())
		})
	}
	assert.Empty(t, cgroup.New(fstest.MapFS{}, "memory").Groups(), "another system")
}

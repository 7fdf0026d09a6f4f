package threads

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fake is a system without limits. The process has number 7 and 10 threads; the
// user's other processes have 5 threads, and another user's have 100.
func fake(t *testing.T, uid int, limit uint64) *source {
	s := newSource(t.TempDir(), func() uint64 { return limit })
	status := func(id string, uid, threads int, privileges uint64) {
		write(t, s, "proc/"+id+"/status", fmt.Sprintf("Name:\tx\nUid:\t%d\t0\t0\t0\nThreads:\t%d\nCapEff:\t%016x\n", uid, threads, privileges))
	}
	status("self", uid, 10, 0)
	status("7", uid, 10, 0)
	status("8", uid, 2, 0)
	status("9", uid, 3, 0)
	status("10", uid+1, 100, 0)
	write(t, s, "proc/self/stat", "7 (a name) S 1")
	write(t, s, "proc/meminfo", "")
	write(t, s, "proc/self/uid_map", "         0          0 4294967295\n")
	write(t, s, "proc/loadavg", "0.20 0.18 0.12 1/180 11206\n")
	write(t, s, "proc/self/cgroup", "0::/\n")
	return s
}

func write(t *testing.T, s *source, name, text string) {
	name = filepath.Join(s.root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}

func (s *source) left() (int, string) {
	l := state{left: math.MaxInt}
	s.bound(&l)
	return l.left, l.limit
}

func TestAUsersThreads(t *testing.T) {
	for what, test := range map[string]struct {
		uid   int
		limit uint64
		with  func(s *source)
		left  int
	}{
		"all of the user's processes count": {1000, 40, nil, 25},
		"no limit":                          {1000, unix.RLIM_INFINITY, nil, math.MaxInt},
		"root has none":                     {0, 40, nil, math.MaxInt},
		"root of a user namespace has": {0, 40, func(s *source) {
			write(t, s, "proc/self/uid_map", "0 1000 1\n")
		}, 25},
		"a process that may exceed limits has none": {1000, 40, func(s *source) {
			write(t, s, "proc/self/status", fmt.Sprintf("Uid:\t1000\t0\nThreads:\t10\nCapEff:\t%x\n", 1<<unix.CAP_SYS_RESOURCE))
		}, math.MaxInt},
		"there may be too many already": {1000, 12, nil, -3},
	} {
		t.Run(what, func(t *testing.T) {
			s := fake(t, test.uid, test.limit)
			if test.with != nil {
				test.with(s)
			}
			n, _ := s.left()
			assert.Equal(t, test.left, n)
		})
	}
}

func TestTheSystemsThreads(t *testing.T) {
	s := fake(t, 0, unix.RLIM_INFINITY)
	write(t, s, "proc/sys/kernel/pid_max", "4194304\n")
	write(t, s, "proc/sys/kernel/threads-max", "200\n")
	n, limit := s.left()
	assert.Equal(t, 20, n)
	assert.Equal(t, "kernel.threads-max", limit)
	write(t, s, "proc/sys/kernel/pid_max", "190\n")
	n, limit = s.left()
	assert.Equal(t, 10, n)
	assert.Equal(t, "kernel.pid_max", limit)
}

// A group's limit applies to everything in the group, so the tightest limit
// counts.
func TestControlGroups(t *testing.T) {
	const unified = "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	const second = "40 31 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	for what, test := range map[string]struct {
		mounts, groups string
		files          map[string]string // below /sys/fs/cgroup
		left           int
		group          string
	}{
		"its own": {unified, "0::/a/b\n", map[string]string{
			"a/b/pids.max": "30", "a/b/pids.current": "10", "a/pids.max": "max", "a/pids.current": "50",
		}, 20, "/a/b"},
		"one that it is in": {unified, "0::/a/b\n", map[string]string{
			"a/b/pids.max": "30", "a/b/pids.current": "10", "a/pids.max": "55", "a/pids.current": "50",
		}, 5, "/a"},
		"a container's": {unified, "0::/\n", map[string]string{
			"pids.max": "100", "pids.current": "99",
		}, 1, "/"},
		"none": {unified, "0::/a\n", map[string]string{"a/pids.max": "max", "a/pids.current": "5"}, math.MaxInt, ""},
		"version 1": {
			"39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n" + second,
			"9:name=systemd:/x\n8:pids:/docker/1\n0::/\n",
			map[string]string{"pids/docker/1/pids.max": "64", "pids/docker/1/pids.current": "60"}, 4, "/docker/1",
		},
		"version 1 in a container": {
			"39 31 0:36 /docker/1 /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n" + second,
			"8:pids:/docker/1\n0::/\n",
			map[string]string{"pids/pids.max": "64", "pids/pids.current": "61"}, 3, "/",
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := fake(t, 0, unix.RLIM_INFINITY)
			write(t, s, "proc/self/mountinfo", "21 20 0:5 / /proc rw - proc proc rw\n"+test.mounts)
			write(t, s, "proc/self/cgroup", test.groups)
			for name, text := range test.files {
				write(t, s, "sys/fs/cgroup/"+name, text+"\n")
			}
			n, limit := s.left()
			assert.Equal(t, test.left, n)
			if test.group != "" {
				assert.Equal(t, "pids.max of the control group "+test.group, limit)
			}
		})
	}
}

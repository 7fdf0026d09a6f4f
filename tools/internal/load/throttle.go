package load

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/cgroup"
)

// throttling is how often a cgroup used up its CPU quota, and for how long its
// threads were kept from running, summed over the cores.
type throttling struct {
	times int64
	total time.Duration
}

// readThrottling returns the throttling of this process's cgroup and of all above it,
// by directory, because each may have a quota. root is the file system "/". The map
// is empty if the system has no cgroups.
func readThrottling(root fs.FS) map[string]throttling {
	all := make(map[string]throttling)
	for _, g := range cgroup.New(root, "cpu").Groups() {
		if text, err := fs.ReadFile(root, path.Join(g.Dir, "cpu.stat")); err == nil {
			all[g.Dir] = parseThrottling(string(text))
		}
	}
	return all
}

// throttledSince returns the difference of the most throttled cgroup. It does not add
// the others, because a throttled group also stops the groups below it.
func throttledSince(before, after map[string]throttling) (most throttling) {
	for dir, now := range after {
		then, ok := before[dir]
		if grown := now.total - then.total; ok && grown > most.total {
			most = throttling{now.times - then.times, grown}
		}
	}
	return most
}

// parseThrottling reads a cpu.stat, of version 1 (ns) or 2 (µs).
func parseThrottling(text string) (t throttling) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "nr_throttled":
			t.times = n
		case "throttled_usec":
			t.total = time.Duration(n) * time.Microsecond
		case "throttled_time":
			t.total = time.Duration(n)
		}
	}
	return t
}

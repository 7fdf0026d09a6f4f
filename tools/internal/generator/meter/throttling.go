package meter

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/cgroup"
)

// Throttling is how often a cgroup used up its CPU quota, and for how long its
// threads were kept from running, summed over the cores.
type Throttling struct {
	Count int64
	Total time.Duration
}

// ReadThrottling returns the throttling of this process's cgroup and of all above it,
// by directory, because each may have a quota. root is the file system "/". The map
// is empty if the system has no cgroups.
func ReadThrottling(root fs.FS) map[string]Throttling {
	all := make(map[string]Throttling)
	for _, g := range cgroup.New(root, "cpu").Groups() {
		if text, err := fs.ReadFile(root, path.Join(g.Dir, "cpu.stat")); err == nil {
			all[g.Dir] = parseCPUStat(string(text))
		}
	}
	return all
}

// ThrottledSince returns the difference of the most throttled cgroup. It does not add
// the others, because a throttled group also stops the groups below it.
func ThrottledSince(before, after map[string]Throttling) (most Throttling) {
	for dir, now := range after {
		then, ok := before[dir]
		if grown := now.Total - then.Total; ok && grown > most.Total {
			most = Throttling{now.Count - then.Count, grown}
		}
	}
	return most
}

// parseCPUStat reads a cpu.stat, of version 1 (ns) or 2 (µs).
func parseCPUStat(text string) (t Throttling) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "nr_throttled":
			t.Count = n
		case "throttled_usec":
			t.Total = time.Duration(n) * time.Microsecond
		case "throttled_time":
			t.Total = time.Duration(n)
		}
	}
	return t
}

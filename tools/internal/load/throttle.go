package load

import (
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// throttling is how often a cgroup had used up its CPU quota, and for how long its
// threads were kept from running then, summed over the cores.
type throttling struct {
	times int64
	total time.Duration
}

// readThrottling returns the throttling of this process's cgroup and of all above it,
// by their directories, because each may have a quota. root is the file system, "/".
// The map is empty where the system has no cgroups.
func readThrottling(root fs.FS) map[string]throttling {
	all := make(map[string]throttling)
	for _, dir := range cpuGroups(root) {
		if text, err := fs.ReadFile(root, path.Join(dir, "cpu.stat")); err == nil {
			all[dir] = parseThrottling(string(text))
		}
	}
	return all
}

// throttledSince returns the difference of the cgroup that was throttled most. Others
// are not added, because a throttled group stops those below it, too.
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

// cpuGroups returns the directories of this process's cgroups with a CPU
// controller, each followed by those above it.
func cpuGroups(root fs.FS) (dirs []string) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	mounts, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(groups)) {
		// hierarchy:controllers:path; version 2 names no controllers.
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		if !ok || controllers != "" && !has(controllers, "cpu") {
			continue
		}
		for mount := range strings.Lines(string(mounts)) {
			dirs = append(dirs, upFrom(mount, group, controllers == "")...)
		}
	}
	return dirs
}

// upFrom returns the directories of a cgroup and those above it, if the line of
// mountinfo is of its hierarchy:
//
//	id parent device root point options [optional…] - type source super-options
func upFrom(line, group string, unified bool) (dirs []string) {
	mount, kind, _ := strings.Cut(line, " - ")
	of, as := strings.Fields(mount), strings.Fields(kind)
	if len(of) < 5 || len(as) < 3 {
		return nil
	}
	if unified && as[0] != "cgroup2" || !unified && (as[0] != "cgroup" || !has(as[2], "cpu")) {
		return nil
	}
	// In a container the mount may be of the container's own group, and what is
	// beyond it cannot be seen.
	point, inside := of[4], path.Clean("/"+group)
	if from := of[3]; from != "/" {
		below, ok := strings.CutPrefix(inside, from)
		if !ok || strings.HasPrefix(group, "/..") {
			below = ""
		}
		inside = path.Clean("/" + below)
	}
	for {
		dirs = append(dirs, strings.TrimPrefix(path.Join(point, inside), "/"))
		if inside == "/" {
			return dirs
		}
		inside = path.Dir(inside)
	}
}

// has reports whether a list with commas has a word.
func has(list, word string) bool { return strings.Contains(","+list+",", ","+word+",") }

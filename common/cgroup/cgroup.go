// Package cgroup finds the control groups of this process. On Linux their limits apply
// besides those of the machine and the user. On systems without control groups it finds
// none.
package cgroup

import (
	"io/fs"
	"path"
	"strings"
)

// Group is a control group.
type Group struct {
	Dir  string // directory of its files, as a path in the file system that was searched
	Name string // its name as this process sees it, such as "/system.slice/kv.service"
}

// Finder knows where the groups of one controller, such as "memory", are mounted.
type Finder struct {
	root       fs.FS
	controller string
	mounts     []mount
}

// mount is a mounted hierarchy of groups.
type mount struct {
	at, from string // the directory, and the group that it shows
	unified  bool   // version 2
}

// New returns a Finder for the present mounts. root is the file system "/" (os.DirFS).
func New(root fs.FS, controller string) *Finder {
	f := &Finder{root: root, controller: controller}
	mounts, err := fs.ReadFile(root, "proc/self/mountinfo")
	if err != nil {
		return f
	}
	for line := range strings.Lines(string(mounts)) {
		// 36 35 98:0 /root /at options - type source options: see proc(5)
		before, after, _ := strings.Cut(line, " - ")
		where, kind := strings.Fields(before), strings.Fields(after)
		if len(where) < 5 || len(kind) < 3 {
			continue
		}
		unified := kind[0] == "cgroup2"
		if unified || kind[0] == "cgroup" && has(kind[2], controller) {
			f.mounts = append(f.mounts, mount{where[4], where[3], unified})
		}
	}
	return f
}

// Groups returns the process's group and all groups around it, innermost first. The
// limits of all of them apply. It looks each time, because a process may be moved.
func (f *Finder) Groups() (groups []Group) {
	if len(f.mounts) == 0 {
		return nil
	}
	own, err := fs.ReadFile(f.root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(own)) {
		// hierarchy:controllers:group; version 2 names no controllers.
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		if unified := controllers == ""; ok && (unified || has(controllers, f.controller)) {
			for _, m := range f.mounts {
				if m.unified == unified {
					groups = append(groups, m.groups(group)...)
				}
			}
		}
	}
	return groups
}

func (m mount) groups(group string) (groups []Group) {
	// A container may see only its own part of the hierarchy, while its group is named
	// by the whole path. Groups outside that part are not visible.
	name := path.Clean("/" + group)
	if m.from != "/" {
		below, ok := strings.CutPrefix(name, m.from)
		if !ok || strings.HasPrefix(group, "/..") {
			below = ""
		}
		name = path.Clean("/" + below)
	}
	for ; ; name = path.Dir(name) {
		groups = append(groups, Group{Dir: strings.TrimPrefix(path.Join(m.at, name), "/"), Name: name})
		if name == "/" {
			return groups
		}
	}
}

// has reports whether a comma-separated list contains a word.
func has(list, word string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item == word {
			return true
		}
	}
	return false
}

// Package timesplit says where a server's CPU time goes. It divides a CPU profile among
// activities, and says in words why one server costs more than another.
//
// A sample of a profile is a stack of functions. Its leaf is the function that ran; the
// others called it. The sample belongs to one activity, by these rules:
//
//   - The garbage collector's work is the collector's, wherever it is done. A goroutine
//     that allocates fast does a part of it.
//   - If the leaf is a system call, its name decides, whoever makes it: the netpoller's
//     epoll_wait is a wait, like an event loop's own. So models compare by what the
//     kernel does for them. Calls by which Go's scheduler puts its threads to sleep and
//     wakes them (futex) are the scheduler's. io_uring_enter is an activity of its own,
//     because the kernel writes, reads and waits within one call.
//   - Otherwise the function decides that is nearest to the leaf and that a rule knows:
//     one of this project's packages, or of Go's scheduler and netpoller. So the runtime's
//     services, such as copying and allocating memory, belong to the code that asked for
//     them.
//   - A stack of the runtime alone is the scheduler's.
//
// The kernel's work that is no system call (page faults, interrupts) belongs to the code
// that it interrupted. Over loopback, the kernel's work for the receiver of a reply is a
// part of write.
package timesplit

import (
	"errors"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Split divides the samples of a CPU profile. It returns their number, and the CPU time
// that they stand for.
func Split(p *profile.Profile) (samples int64, spent map[results.Activity]time.Duration, err error) {
	count, nanos := -1, -1
	for i, t := range p.SampleType {
		switch {
		case t.Type == "samples":
			count = i
		case t.Type == "cpu" && t.Unit == "nanoseconds":
			nanos = i
		}
	}
	if count < 0 || nanos < 0 {
		return 0, nil, errors.New("not a CPU profile of a Go program")
	}
	spent = make(map[results.Activity]time.Duration)
	for _, s := range p.Sample {
		samples += s.Value[count]
		spent[activity(stack(s))] += time.Duration(s.Value[nanos])
	}
	return samples, spent, nil
}

// function is a function's name in two parts: the path of its package, and the rest.
type function struct{ pkg, name string }

// parse splits a name as the runtime writes it: path/of/package.(*Type).Method.
func parse(full string) function {
	path, _, _ := strings.Cut(full, "[") // a type argument has a path of its own
	slash := strings.LastIndexByte(path, '/') + 1
	dot := strings.IndexByte(full[slash:], '.')
	if dot < 0 {
		return function{name: full}
	}
	return function{full[:slash+dot], full[slash+dot+1:]}
}

// stack returns the functions of a sample, the leaf first, with those that were inlined.
func stack(s *profile.Sample) (all []function) {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if line.Function != nil {
				all = append(all, parse(line.Function.Name))
			}
		}
	}
	return all
}

func activity(stack []function) results.Activity {
	for _, f := range stack {
		if f.pkg == "runtime" && hasPrefix(f.name, collector) {
			return results.TimeCollector
		}
	}
	if len(stack) > 0 && inKernel(stack[0]) {
		return systemCall(stack)
	}
	runtimeOnly := len(stack) > 0
	for _, f := range stack {
		if a := ofFunction(f); a != "" {
			return a
		}
		runtimeOnly = runtimeOnly && ofRuntime(f.pkg)
	}
	if runtimeOnly && !hasPrefix(stack[0].name, unknown) {
		return results.TimeScheduler
	}
	return results.TimeOther
}

// ofFunction returns the activity that a function decides; "": it decides none.
func ofFunction(f function) results.Activity {
	if f.pkg == "runtime" && hasPrefix(f.name, scheduler) || netpoller[f.pkg] {
		return results.TimeScheduler
	}
	path, ours := strings.CutPrefix(f.pkg, project)
	if !ours {
		return ""
	}
	for _, row := range packages {
		if path == row.path || strings.HasPrefix(path, row.path+"/") {
			return row.activity
		}
	}
	return results.TimeLoop // a model, or what only models import
}

// systemCall is for a stack whose leaf is in the kernel. Only functions that make system
// calls for others decide, so that a setsockopt within a method Read is not a read.
func systemCall(stack []function) results.Activity {
	for _, f := range stack {
		if f.pkg == project+"iouring/ring" {
			return results.TimeRing
		}
		if !callers[f.pkg] {
			break
		}
		name := f.name[strings.LastIndexByte(f.name, '.')+1:]
		for _, row := range calls {
			if hasPrefix(strings.ToLower(name), row.prefixes) {
				return row.activity
			}
		}
	}
	return results.TimeKernel
}

// inKernel reports whether a leaf is a system call. Packages of system calls do next to
// nothing else.
func inKernel(leaf function) bool {
	return kernel[leaf.pkg] || leaf.pkg == "runtime" && hasPrefix(leaf.name, memoryCalls)
}

func ofRuntime(pkg string) bool {
	return pkg == "" || pkg == "runtime" || strings.HasPrefix(pkg, "runtime/internal/") || strings.HasPrefix(pkg, "internal/runtime/")
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

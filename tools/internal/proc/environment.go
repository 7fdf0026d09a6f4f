package proc

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const (
	pauseLeast = 10 * time.Microsecond
	pauseTime  = 500 * time.Millisecond // how long the clock is read
)

// MeasurePauses reads the clock again and again on the load's core, and reports the
// gaps: something else ran there.
func MeasurePauses() results.Pauses {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all []time.Duration
	var sum time.Duration
	began := time.Now()
	last := began
	for last.Sub(began) < pauseTime {
		now := time.Now()
		if d := now.Sub(last); d >= pauseLeast {
			all = append(all, d)
			sum += d
		}
		last = now
	}
	if len(all) == 0 {
		return results.Pauses{}
	}
	total := last.Sub(began).Seconds()
	return results.Pauses{PerSecond: float64(len(all)) / total, Share: sum.Seconds() / total, Median: results.Median(all), Longest: slices.Max(all)}
}

// Clocks are the CPU times of all cores together, in seconds since a fixed moment.
type Clocks struct {
	total  float64
	busy   float64
	stolen float64 // by the host
	ours   float64 // the lab's, and that of its servers that have ended
	cores  map[int]coreClock
}

// coreClock is the CPU time of one core, in seconds.
type coreClock struct{ total, busy float64 }

// othersSince returns Cell.Others for the time since before, in which a server on the
// cores in pins used the CPU time server; nil: not known.
func (after Clocks) othersSince(before Clocks, pins Pinning, server time.Duration) *float64 {
	all := coreClock{after.total - before.total, after.busy - before.busy}
	ours := after.ours - before.ours
	if !pins.On || len(pins.More) > 0 {
		return all.beyond(ours + server.Seconds())
	}
	core := func(n int) coreClock {
		return coreClock{after.cores[n].total - before.cores[n].total, after.cores[n].busy - before.cores[n].busy}
	}
	others := core(pins.server).beyond(server.Seconds())
	if load := core(pins.load).beyond(ours); others == nil || load != nil && *load > *others {
		others = load
	}
	return others
}

// beyond returns the share of the time that was used in addition to used seconds; nil
// if no time has passed. The core's time comes in ticks and used is exact, so a
// negative difference becomes 0.
func (c coreClock) beyond(used float64) *float64 {
	if c.total <= 0 {
		return nil
	}
	share := max(0, c.busy-used) / c.total
	return &share
}

// NoteDisturbance notes what the machine did between two readings besides the lab's
// work.
func NoteDisturbance(e *results.Environment, before, after Clocks) {
	total := after.total - before.total
	if total <= 0 {
		return
	}
	e.Steal = after.stealSince(before)
	e.Others = coreClock{total, after.busy - before.busy}.beyond(after.ours - before.ours)
}

// stealSince returns the least share of the time that the host gave to others; nil if
// no time has passed. The kernel counts whole ticks, so the last one may be too much,
// and a tick is a large part of a short time.
func (after Clocks) stealSince(before Clocks) *float64 {
	total := after.total - before.total
	if total <= 0 {
		return nil
	}
	return new(max(0, after.stolen-before.stolen-results.UserTick.Seconds()) / total)
}

// Environment describes this machine. The lab may have pinned itself to one core by
// now, so procs is the GOMAXPROCS from before.
func Environment(procs int, pins Pinning) results.Environment {
	e := results.Environment{
		OS:          runtime.GOOS,
		Arch:        runtime.GOARCH,
		Kernel:      kernel(),
		CPU:         cpuModel(),
		Cores:       runtime.NumCPU(),
		Pinned:      pins.On,
		ServerCore:  pins.server,
		LoadCore:    pins.load,
		ServerProcs: procs,
		Go:          runtime.Version(),
	}
	if pins.On && os.Getenv("GOMAXPROCS") == "" {
		e.ServerProcs = 1 // a pinned Go server counts one core
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Revision = revision(info.Settings)
	}
	return e
}

func revision(settings []debug.BuildSetting) string {
	var hash, changed string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			hash = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if hash == "" {
		return ""
	}
	return hash + changed
}

// HashOf returns the SHA-256 of a program's file in hex, "" if the file cannot be
// read.
func HashOf(program string) string {
	name, err := exec.LookPath(program)
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

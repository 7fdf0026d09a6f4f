package proc

import (
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

func kernel() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// cpuModel returns the processor's name. ARM processors have only numbers.
func cpuModel() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 {
		return ""
	}
	return cpus[0].ModelName
}

// ReadClocks reads the machine's CPU times since its start.
func ReadClocks() (c Clocks, known bool) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return Clocks{}, false
	}
	stat, err := fs.Stat()
	if err != nil {
		return Clocks{}, false
	}
	clockOf := func(cpu procfs.CPUStat) coreClock { // user time includes guest time
		busy := cpu.User + cpu.Nice + cpu.System + cpu.IRQ + cpu.SoftIRQ
		return coreClock{busy + cpu.Steal + cpu.Idle + cpu.Iowait, busy}
	}
	all := clockOf(stat.CPUTotal)
	c.busy, c.total, c.stolen = all.busy, all.total, stat.CPUTotal.Steal
	c.cores = make(map[int]coreClock, len(stat.CPU))
	for n, cpu := range stat.CPU {
		c.cores[int(n)] = clockOf(cpu)
	}
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			return Clocks{}, false
		}
		c.ours += float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	return c, true
}

package proc

import "time"

// cpuTime is a process's CPU time at a moment.
type cpuTime struct {
	used time.Duration // since it began
	at   time.Time
	// slack is the largest error of used, in either direction.
	slack time.Duration
}

// cpuClock is a process's CPU time as the kernel reports it to other processes. The
// kernel adds a thread's time when the thread loses its core and, while it runs, only
// at the timer ticks of that core. In between the clock stands still, and shows up to
// a tick too little for a thread that runs.
type cpuClock struct {
	read func() (time.Duration, error)
	now  func() time.Time
	tick time.Duration
	// cores is the number of cores on which the process may run.
	cores int
}

// settle waits for a tick or two, until the clock is right. It returns the CPU time
// at the call, and at the return.
//
// The clock is right just after it has moved. Until then the process has run all the
// time, because the clock would have moved when it stopped. So its CPU time at the
// call is the new one less the time since, and at least what the clock showed then.
// If the clock does not move for a tick, nothing ran, and it was right all the time.
// This holds for one thread at a time. If the process may run on several cores, the
// clock moves at the first core's tick, and each of the others may be a tick behind.
func (c cpuClock) settle() (first, last cpuTime, err error) {
	before := c.now()
	told, err := c.read()
	if err != nil {
		return cpuTime{}, cpuTime{}, err
	}
	began := c.now()
	others := time.Duration(max(0, c.cores-1)) * c.tick
	for looked := began; ; {
		used, err := c.read()
		if err != nil {
			return cpuTime{}, cpuTime{}, err
		}
		now := c.now()
		switch {
		case used != told:
			unsure := now.Sub(looked) + others
			first = cpuTime{max(told, used-now.Sub(began)), began, unsure + began.Sub(before)}
			return first, cpuTime{used, now, unsure}, nil
		case now.Sub(began) > c.tick+c.tick/2: // which may come late
			// The clock does not show a thread that began to run after its core's
			// last tick.
			return cpuTime{told, began, began.Sub(before)}, cpuTime{told, now, c.tick}, nil
		}
		looked = now
	}
}

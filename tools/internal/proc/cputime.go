package proc

import "time"

// cpuTime is the CPU time that a process had used at a moment.
type cpuTime struct {
	used time.Duration // since it began
	at   time.Time
	// slack is by how much used may be more or less than it was then.
	slack time.Duration
}

// cpuClock is a process's CPU time as the kernel tells it to other processes.
// What a thread has used is added when it loses its core, and while it runs only
// at the ticks of that core's timer: in between the clock stands still, and what
// it tells of a process that runs is too little by up to a tick.
type cpuClock struct {
	read func() (time.Duration, error)
	now  func() time.Time
	tick time.Duration
	// cores is how many the process may run on.
	cores int
}

// settle waits until the clock is right, for a tick or two. It returns the CPU time
// at the moment when settle was called, and at the moment when it returns.
//
// The clock is right when it has just moved. Until then the process has run all
// the time, or else the clock would have moved when it stopped; so what it had
// used in the beginning is that less the time since, and no less than the clock
// told. A clock that does not move for a tick was right all the time: nothing
// ran. That holds for one thread at a time. Where the process may run on several
// cores, the clock moves when the first of them has its tick, and each of the
// others may be a tick behind.
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
			// A thread that has begun to run since its core's tick would not show.
			return cpuTime{told, began, began.Sub(before)}, cpuTime{told, now, c.tick}, nil
		}
		looked = now
	}
}

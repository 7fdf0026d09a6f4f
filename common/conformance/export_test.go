package conformance

import "time"

// OnMachine returns options for a check on a simulated machine: busy says for
// each try of a rule, counted from 1, whether the machine was busy.
func OnMachine(o Options, busy func(try int) bool) Options {
	try := 0
	o.watch = func(int) func() strain {
		return func() strain {
			try++
			s := strain{lasted: time.Second, idle: 1}
			if busy(try) {
				s.checker = time.Second / 2
			}
			return s
		}
	}
	return o
}

// StoodStill returns options for a check whose process stands still for that
// long in each try.
func StoodStill(o Options, longest time.Duration) Options {
	o.watch = func(int) func() strain {
		return func() strain { return strain{lasted: time.Second, longest: longest} }
	}
	return o
}

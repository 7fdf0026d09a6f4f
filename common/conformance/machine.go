package conformance

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A rule may fail because its time was over, or because a timeout of the server
// expired. That is the server's fault only if the machine let the checker and the
// server run. Three sources tell whether it did:
//
//   - a heartbeat: a goroutine that sleeps for heartbeat and measures how late it
//     wakes. It works on every system;
//   - the kernel's own count of how long threads were ready to run and had no core
//     (schedstat, in Linux' /proc): the checker's threads and, if Options.Process is known, the server's;
//   - the time of all cores (/proc/stat): how much the host took (steal), and, if the
//     server's threads are unknown, how much other programs used while no core was
//     idle.
const (
	heartbeat = 10 * time.Millisecond
	// wakeup is how late a sleeping goroutine may wake on an idle machine.
	wakeup = 2 * time.Millisecond
	// busyShare is the share of the time from which the machine counts as busy.
	busyShare = 0.1
	// noIdle is the share of all cores' time below which no core counts as idle.
	noIdle = 0.05
)

// strain is the load on the machine while a rule was tried.
type strain struct {
	lasted time.Duration
	// late adds up how late the heartbeat woke, beyond wakeup; longest is the
	// longest of these delays.
	late, longest time.Duration
	// checker and server are how long their threads were ready to run and had no
	// core; 0 if unknown.
	checker, server time.Duration
	// known: the times of the server's threads are known.
	known bool
	// Shares of all cores' time, 0 to 1; all 0 if unknown. others is the share
	// that neither the checker nor, if known, the server used.
	steal, others, idle float64
}

// failed describes a failure of a rule.
type failed struct {
	timedOut bool // the rule's time was over
	ended    bool // the server ended a connection
	// shortest is the server's shortest timeout. The server may have ended a
	// connection by it because the checker, or the server itself, had no core.
	shortest time.Duration
}

// excuse returns why the rule may have failed without the server's fault; "" if
// there is no reason.
func (s strain) excuse(f failed) string {
	share := func(d time.Duration) float64 { return d.Seconds() / max(s.lasted, time.Millisecond).Seconds() }
	percent := func(x float64) string { return fmt.Sprintf("%.0f %% of the time", 100*x) }
	switch {
	case f.ended && s.longest > f.shortest/2:
		return fmt.Sprintf("the checker stood still for %v, and a timeout of the server may be as short as %v", s.longest.Round(time.Millisecond), f.shortest)
	case !f.timedOut && !(f.ended && s.lasted > f.shortest):
		return ""
	case share(s.checker) > busyShare:
		return "the checker waited for a core for " + percent(share(s.checker))
	case share(s.server) > busyShare:
		return "the server waited for a core for " + percent(share(s.server))
	case share(s.late) > busyShare:
		return "the checker woke late: its delays add up to " + percent(share(s.late))
	case s.steal > busyShare:
		return "the host took the cores for " + percent(s.steal) + " (steal)"
	case !s.known && s.others > busyShare && s.idle < noIdle:
		return "other programs used the cores for " + percent(s.others) + ", and none was idle"
	}
	return ""
}

// watchMachine begins to watch the machine that the checker runs on. stop ends the
// watch, and returns the load during it. process is the server's process ID, 0 if
// unknown.
func watchMachine(process int) (stop func() strain) {
	began, before := time.Now(), readMachine(process)
	quit, beats := make(chan struct{}), make(chan strain)
	go func() {
		var s strain
		timer := time.NewTimer(heartbeat)
		defer timer.Stop()
		for {
			due := time.Now().Add(heartbeat)
			timer.Reset(heartbeat)
			select {
			case <-timer.C:
				if late := time.Since(due) - wakeup; late > 0 {
					s.late, s.longest = s.late+late, max(s.longest, late)
				}
			case <-quit:
				beats <- s
				return
			}
		}
	}()
	return func() strain {
		close(quit)
		s := <-beats
		s.lasted = time.Since(began)
		readMachine(process).since(before, &s)
		return s
	}
}

// machine is the kernel's counters at a moment. Times are sums over threads, or
// over cores.
type machine struct {
	checker, server    threads
	total, idle, steal time.Duration // of all cores; 0 if unknown
}

// threads is the time for which the threads of a process ran, and the time for which
// they were ready to run and had no core.
type threads struct{ ran, waited time.Duration }

func readMachine(process int) (m machine) {
	m.checker = readThreads("/proc/self/task")
	if process > 0 {
		m.server = readThreads(fmt.Sprintf("/proc/%d/task", process))
	}
	if text, err := os.ReadFile("/proc/stat"); err == nil {
		m.total, m.idle, m.steal = parseStat(string(text))
	}
	return m
}

// since adds to s the differences from before. The counters of an ended thread are
// gone, so a sum may decrease; then it says nothing.
func (m machine) since(before machine, s *strain) {
	s.known = before.server.ran > 0 && m.server.ran > 0
	s.checker = max(0, m.checker.waited-before.checker.waited)
	s.server = max(0, m.server.waited-before.server.waited)
	total := (m.total - before.total).Seconds()
	if total <= 0 {
		return
	}
	s.steal = (m.steal - before.steal).Seconds() / total
	s.idle = (m.idle - before.idle).Seconds() / total
	ours := max(0, m.checker.ran-before.checker.ran) + max(0, m.server.ran-before.server.ran)
	s.others = max(0, 1-s.steal-s.idle-ours.Seconds()/total)
}

// readThreads adds up the threads of a process, read from its task folder in
// /proc.
func readThreads(dir string) (sum threads) {
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return threads{}
	}
	for _, task := range tasks {
		if text, err := os.ReadFile(dir + "/" + task.Name() + "/schedstat"); err == nil {
			ran, waited := parseSchedstat(string(text))
			sum.ran, sum.waited = sum.ran+ran, sum.waited+waited
		}
	}
	return sum
}

// parseSchedstat reads a thread's time on a core and its time in the run
// queue, both in ns.
func parseSchedstat(text string) (ran, waited time.Duration) {
	if f := fields(text); len(f) >= 2 {
		ran, waited = time.Duration(f[0]), time.Duration(f[1])
	}
	return ran, waited
}

// parseStat reads the first line of /proc/stat: cpu, and then ticks for user,
// nice, system, idle, iowait, irq, softirq and steal, over all cores.
func parseStat(text string) (total, idle, steal time.Duration) {
	line, _, _ := strings.Cut(text, "\n")
	f := fields(strings.TrimPrefix(line, "cpu "))
	if len(f) < 8 {
		return 0, 0, 0
	}
	const tick = time.Second / 100 // USER_HZ, on every architecture that Go supports
	for _, ticks := range f[:8] {  // guest time follows, but is part of user time
		total += time.Duration(ticks) * tick
	}
	return total, time.Duration(f[3]+f[4]) * tick, time.Duration(f[7]) * tick
}

// fields parses numbers up to the first word that is not a number.
func fields(text string) (numbers []int64) {
	for _, word := range strings.Fields(text) {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
	}
	return numbers
}

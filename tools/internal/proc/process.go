// Package proc starts one server as a process on a core of its own, stops it, and
// measures what it uses: CPU time, memory, switches and system calls. It reports what
// the kernel counts; package lab draws the conclusions.
package proc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const (
	// A process that had no core when it wanted one gets three times as long.
	StartTimeout = 10 * time.Second // from a process's start until it listens
	stopTimeout  = 3 * time.Second  // from SIGTERM to SIGKILL
	pipeTimeout  = 500 * time.Millisecond
	dyingTime    = time.Second

	// Starved is the largest share of the time for which a server may wait for its
	// core. A server that polls waits for some percent even on a quiet machine.
	Starved = 0.1
)

// Process is a running server.
type Process struct {
	Addr   string
	Debug  string  // the URL of its debug server; "": it has none, or did not log it
	PID    int     // 0: of another machine, or not known (At)
	Pins   Pinning // the cores on which it runs
	cmd    *exec.Cmd
	log    *childLog
	exited chan struct{} // closed at the process's end
	err    error         // the process's end; valid after exited
}

// Start starts the target on the cores in pins, and waits until it listens. The
// server ends with this process at the latest.
func Start(ctx context.Context, s results.Target, pins Pinning) (*Process, error) {
	command := s.Command
	p := &Process{Pins: pins, log: newChildLog(), exited: make(chan struct{})}
	if s.Foreign {
		var err error
		if p.Addr, err = freeAddress(); err != nil {
			return nil, err
		}
		command = s.At(p.Addr)
	}
	p.cmd = exec.Command(command[0], command[1:]...)
	p.cmd.Stderr = p.log
	if s.Foreign {
		p.cmd.Stdout = p.log
	}
	p.cmd.WaitDelay = pipeTimeout // a grandchild may hold the pipe
	ownGroup(p.cmd)

	started := make(chan error)
	go func() {
		// Pdeathsig: the kernel kills the child when the thread that started it ends,
		// so the thread stays until the child is gone. The child also inherits that
		// thread's cores.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := pins.start(p.cmd); err != nil {
			started <- err
			return
		}
		started <- nil
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", command[0], err)
	}
	p.PID = p.cmd.Process.Pid
	if err := p.waitUntilListening(ctx, s); err != nil {
		p.Kill()
		return nil, err
	}
	return p, nil
}

// At returns a server that runs already, of which no more than its address is known. It
// never fails, and must not be stopped.
func At(addr string) *Process { return &Process{Addr: addr} }

// waitUntilListening waits for the log line of one of our servers, or until another
// server's port accepts connections.
func (p *Process) waitUntilListening(ctx context.Context, s results.Target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := p.limit(StartTimeout)
	defer limit.timer.Stop()
	accepts := make(chan struct{})
	if s.Foreign {
		go func() {
			if dialUntilAccepted(ctx, p.Addr) {
				close(accepts)
			}
		}()
	}
	for {
		select {
		case at := <-p.log.listening:
			p.Addr, p.Debug = at.addr, at.debug
			return nil
		case <-accepts:
			return nil
		case <-p.exited:
			return p.Failure()
		case <-ctx.Done():
			return p.log.explain(context.Cause(ctx))
		case <-limit.timer.C:
			if limit.over() {
				return p.log.explain(fmt.Errorf("does not listen after %v", limit.length))
			}
		}
	}
}

// limit is a time limit for a process. It is extended once if the process had no core
// when it wanted one.
type limit struct {
	timer  *time.Timer
	length time.Duration

	process  *Process
	before   usage
	known    bool
	extended bool
}

func (p *Process) limit(length time.Duration) *limit {
	before, err := processUsage(p.PID)
	return &limit{timer: time.NewTimer(length), length: length, process: p, before: before, known: err == nil}
}

// over reports, after the timer has fired, whether the time is up.
func (l *limit) over() bool {
	if l.extended || !l.known {
		return true
	}
	after, err := processUsage(l.process.PID)
	return err != nil || !l.extend(after)
}

// extend gives the process three times as much time if it waited for a core until
// now, and reports whether it did.
func (l *limit) extend(after usage) bool {
	if waited, known := after.waitedSince(l.before); !known || waited <= time.Duration(Starved*float64(l.length)) {
		return false
	}
	l.timer.Reset(2 * l.length)
	l.length, l.extended = 3*l.length, true
	return true
}

// Failure returns an error if the process has ended, with its last words. The error
// is an UnavailableError if this system cannot run the server, and a UsageError if the
// server refuses its command line.
func (p *Process) Failure() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	err := errors.New("it ended by itself, without an error")
	if p.err != nil {
		if reason, yes := Unavailable(p.err, p.log.text()); yes {
			return &UnavailableError{reason}
		}
		err = fmt.Errorf("it ended: %w", p.err)
	}
	return asUsage(p.err, p.log.explain(err), p.log.text())
}

// MayBeDying gives a process whose connections broke a moment to end, so that Failure
// knows the reason.
func (p *Process) MayBeDying() {
	if p.PID == 0 {
		return // it will not tell
	}
	limit := p.limit(dyingTime)
	defer limit.timer.Stop()
	for {
		select {
		case <-p.exited:
			return
		case <-limit.timer.C:
			if limit.over() {
				return
			}
		}
	}
}

// Stop asks the process to end, and kills it if it does not. It returns when the
// process is gone. An error means that it did not end by itself.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.Failure(); err != nil {
		return err
	}
	terminate(p.cmd)
	limit := p.limit(stopTimeout)
	defer limit.timer.Stop()
	for {
		select {
		case <-p.exited:
			return nil
		case <-ctx.Done():
			p.Kill()
			return ctx.Err()
		case <-limit.timer.C:
			if !limit.over() {
				continue
			}
			p.Kill()
			return p.log.explain(fmt.Errorf("did not end within %v of SIGTERM", limit.length))
		}
	}
}

// Kill ends the process at once, and returns when it is gone.
func (p *Process) Kill() {
	kill(p.cmd)
	<-p.exited
}

// freeAddress returns a local address on which nothing listened a moment ago.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

func dialUntilAccepted(ctx context.Context, addr string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		if c, err := dialer.DialContext(ctx, "tcp", addr); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-retry.C:
		}
	}
}

// Serves returns when a server that was just started has answered a request, or has
// had enough time for that; an error if it has ended instead. That a server listens
// does not show that it will serve: some servers listen first, and then find out that
// they cannot.
func (p *Process) Serves(ctx context.Context, s results.Target, w load.Workload) error {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	w = s.Told(w).Least()
	if generator.Preload(ctx, generator.Config{Addr: p.Addr, Workload: w}) != nil {
		// Its connections may break a moment before it ends.
		select {
		case <-p.exited:
		case <-ctx.Done():
		case <-time.After(stopTimeout):
		}
	}
	return p.Failure()
}

// WatchAttack watches the machine during an attack on the server. end notes in the
// attack what the machine did.
func (p *Process) WatchAttack() (end func(*results.Attack)) {
	before, err := processUsage(p.PID)
	clocksBefore, known := ReadClocks()
	return func(a *results.Attack) {
		if after, afterErr := processUsage(p.PID); err == nil && afterErr == nil {
			a.Waited, _ = after.waitedSince(before)
		}
		if clocksAfter, knownAfter := ReadClocks(); known && knownAfter {
			a.Steal = clocksAfter.stealSince(clocksBefore)
		}
	}
}

// Meter measures what the process uses for a while.
func (p *Process) Meter(ctx context.Context, while time.Duration) (*Meter, error) {
	m, err := NewMeter(p.PID)
	if err == nil {
		err = m.Begin()
	}
	if err != nil {
		return nil, errors.Join(p.Failure(), err)
	}
	if err := Sleep(ctx, while); err != nil {
		return nil, err
	}
	if err := m.End(); err != nil {
		return nil, errors.Join(p.Failure(), err)
	}
	return m, nil
}

// Pause stops a process for length, after a time.
func Pause(ctx context.Context, p *Process, after, length time.Duration) error {
	if err := Sleep(ctx, after); err != nil {
		return err
	}
	if err := halt(p.cmd); err != nil {
		return err
	}
	return errors.Join(Sleep(ctx, length), resume(p.cmd))
}

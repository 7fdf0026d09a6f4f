package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const (
	// Three times as long, if the process has no core when it wants one.
	startTimeout = 10 * time.Second // from a process's start until it listens
	stopTimeout  = 3 * time.Second  // from SIGTERM to SIGKILL
	pipeTimeout  = 500 * time.Millisecond
	dyingTime    = 200 * time.Millisecond

	// starved is the share of the time that the server may wait for its core: one
	// that polls, and never rests, does so for some percent even on a quiet machine.
	starved = 0.1
)

// process is a server that runs.
type process struct {
	addr   string
	pid    int
	pins   pinning // where it runs
	cmd    *exec.Cmd
	log    *childLog
	exited chan struct{} // closed when it has ended
	err    error         // how, valid then
}

// startProcess starts the subject, where the pins have it if there are any, and
// waits until it listens. It does not outlive this process, nor its stop.
func startProcess(ctx context.Context, s results.Subject, pins pinning) (*process, error) {
	command := s.Command
	p := &process{pins: pins, log: newChildLog(), exited: make(chan struct{})}
	if s.Foreign {
		var err error
		if p.addr, err = freeAddress(); err != nil {
			return nil, err
		}
		command = s.At(p.addr)
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
		// The kernel takes this thread's end for the parent's, and the
		// thread's core for the child's: it stays until the child is gone.
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
	p.pid = p.cmd.Process.Pid
	if err := p.waitUntilListening(ctx, s); err != nil {
		p.kill()
		return nil, err
	}
	return p, nil
}

// waitUntilListening waits for our servers' log line, and for another's port.
func (p *process) waitUntilListening(ctx context.Context, s results.Subject) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	limit := p.limit(startTimeout)
	defer limit.timer.Stop()
	accepts := make(chan struct{})
	if s.Foreign {
		go func() {
			if dialUntilAccepted(ctx, p.addr) {
				close(accepts)
			}
		}()
	}
	for {
		select {
		case p.addr = <-p.log.listening:
			return nil
		case <-accepts:
			return nil
		case <-p.exited:
			return p.failure()
		case <-ctx.Done():
			return p.log.explain(context.Cause(ctx))
		case <-limit.timer.C:
			if limit.over() {
				return p.log.explain(fmt.Errorf("does not listen after %v", limit.length))
			}
		}
	}
}

// limit is a time limit for a process, which is extended once if the process had
// no core when it wanted one.
type limit struct {
	timer  *time.Timer
	length time.Duration

	process  *process
	before   usage
	known    bool
	extended bool
}

func (p *process) limit(length time.Duration) *limit {
	before, err := processUsage(p.pid)
	return &limit{timer: time.NewTimer(length), length: length, process: p, before: before, known: err == nil}
}

// over reports, when the timer has fired, whether there is no more time.
func (l *limit) over() bool {
	if l.extended || !l.known {
		return true
	}
	after, err := processUsage(l.process.pid)
	return err != nil || !l.extend(after)
}

// extend gives the process three times as much time, and reports whether it did, by
// what it has used until now.
func (l *limit) extend(after usage) bool {
	if waited, known := after.waitedSince(l.before); !known || waited <= time.Duration(starved*float64(l.length)) {
		return false
	}
	l.timer.Reset(2 * l.length)
	l.length, l.extended = 3*l.length, true
	return true
}

// failure returns an error if the process has ended, with what it said; an
// unavailableError if it said that this system cannot run it.
func (p *process) failure() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	err := errors.New("it ended by itself, without an error")
	if p.err != nil {
		if reason, yes := Unavailable(p.err, p.log.text()); yes {
			return &unavailableError{reason}
		}
		err = fmt.Errorf("it ended: %w", p.err)
	}
	return p.log.explain(err)
}

// mayBeDying waits a little for the process to end, where its connections broke:
// then failure knows the reason.
func (p *process) mayBeDying() {
	select {
	case <-p.exited:
	case <-time.After(dyingTime):
	}
}

// stop asks the process to end, and makes it. It returns when the process is
// gone; an error if that was not by its own will.
func (p *process) stop(ctx context.Context) error {
	if err := p.failure(); err != nil {
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
			p.kill()
			return ctx.Err()
		case <-limit.timer.C:
			if !limit.over() {
				continue
			}
			p.kill()
			return p.log.explain(fmt.Errorf("did not end within %v of SIGTERM", limit.length))
		}
	}
}

func (p *process) kill() {
	kill(p.cmd)
	<-p.exited
}

// freeAddress returns a local address that nobody listened on a moment ago.
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

// serves returns when a server that was just started has answered a request, or
// else has had time for it; an error if it has ended instead. Where a server
// listens is no sign that it will serve: some listen first, and then find out
// that they cannot.
func (p *process) serves(ctx context.Context, s results.Subject, w load.Workload) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	w = s.Told(w)
	w.Keys = 1
	if load.Preload(ctx, load.Config{Addr: p.addr, Workload: w}) != nil {
		// Its connections may have broken a moment before it is gone.
		select {
		case <-p.exited:
		case <-ctx.Done():
		case <-time.After(stopTimeout):
		}
	}
	return p.failure()
}

// watchAttack begins to watch the machine during an attack on the server. end
// notes in the attack what it did.
func (p *process) watchAttack() (end func(*results.Attack)) {
	before, err := processUsage(p.pid)
	clocksBefore, known := readClocks()
	return func(a *results.Attack) {
		if after, afterErr := processUsage(p.pid); err == nil && afterErr == nil {
			a.Waited, _ = after.waitedSince(before)
		}
		if clocksAfter, knownAfter := readClocks(); known && knownAfter {
			a.Steal = clocksAfter.stealSince(clocksBefore)
		}
	}
}

// meter measures what a process uses in a while.
func (p *process) meter(ctx context.Context, while time.Duration) (*meter, error) {
	m, err := newMeter(p.pid)
	if err == nil {
		err = m.begin()
	}
	if err != nil {
		return nil, errors.Join(p.failure(), err)
	}
	if err := sleep(ctx, while); err != nil {
		return nil, err
	}
	if err := m.end(); err != nil {
		return nil, errors.Join(p.failure(), err)
	}
	return m, nil
}

// pause stops a process after a time, and for a time.
func pause(ctx context.Context, p *process, after, length time.Duration) error {
	if err := sleep(ctx, after); err != nil {
		return err
	}
	if err := halt(p.cmd); err != nil {
		return err
	}
	return errors.Join(sleep(ctx, length), resume(p.cmd))
}

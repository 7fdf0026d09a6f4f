package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
)

// reach returns an error if no server listens at addr, because then all
// rules would fail.
func reach(ctx context.Context, addr string) error {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return explainDial(addr, err)
	}
	return conn.Close()
}

// startTimeout is how long a command may take until its server listens,
// compilation included.
const startTimeout = 60 * time.Second

// dyingTime is how long a server without an answer may take to end by
// itself, because its connections break a moment before it ends.
const dyingTime = time.Second

// checkedServer is the server under check. With a command, the check starts
// it, at an address of the check's choice if the user gave none.
type checkedServer struct {
	addr     string // "" before the start, if the check chooses it
	command  []string
	restarts int
	answers  func(ctx context.Context, addr string) bool

	chosen  bool     // the check chose addr
	process *process // nil without a command
}

// process is one run of a command.
type process struct {
	cmd    *exec.Cmd
	said   tail
	exited chan struct{} // closed when it has ended
	err    error         // the error of its end; valid after exited
}

// start returns when the server listens at the address.
func (s *checkedServer) start(ctx context.Context) error {
	if s.chosen || s.addr == "" {
		// A new address for each start, because the last one may stay in use for a
		// while.
		s.chosen = true
		var err error
		if s.addr, err = freeAddress(); err != nil {
			return err
		}
	}
	if len(s.command) == 0 {
		return reach(ctx, s.addr)
	}
	var err error
	s.process, err = startProcess(fill(s.command, s.addr))
	if err != nil {
		return err
	}
	if err := s.process.waitUntilListening(ctx, s.addr); err != nil {
		s.process.stop()
		return err
	}
	return nil
}

// revive starts the server again if it has ended.
func (s *checkedServer) revive(ctx context.Context) error {
	if s.process == nil || !s.process.hasEnded() || ctx.Err() != nil {
		return nil
	}
	s.stop() // its children may still run
	if err := s.start(ctx); err != nil {
		s.process = nil // no process runs that a rule could kill
		return fmt.Errorf("the server could not be started again: %w", err)
	}
	s.restarts++
	return nil
}

// unavailable returns an error if the server that was just started has ended
// and says that this system cannot run it. A server may listen before it finds
// that out, so a running server first gets a request.
func (s *checkedServer) unavailable() error {
	p := s.process
	if p == nil {
		return nil
	}
	if !p.hasEnded() {
		s.mayBeDying()
	}
	if !p.hasEnded() {
		return nil
	}
	if why, yes := proc.Unavailable(p.err, p.said.String()); yes {
		return &exitError{servercmd.ExitUnavailable, "the server is " + server.ErrUnavailable.Error() + ": " + why}
	}
	return nil
}

// pid returns the ID of the command's process, 0 without a command.
func (s *checkedServer) pid() int {
	if s.process == nil {
		return 0
	}
	return s.process.cmd.Process.Pid
}

// ended says how the server has ended, "" if it has not. With twice, after a
// rule that did not pass, it looks a second time, because an ending server may
// still run at the first.
func (s *checkedServer) ended(twice bool) string {
	p := s.process
	if p == nil {
		return ""
	}
	if !p.hasEnded() && twice {
		s.mayBeDying()
	}
	if !p.hasEnded() {
		return ""
	}
	return fmt.Sprintf("the server ended: %v%s", p.cmd.ProcessState, p.said.quote())
}

// end returns a function that asks the process to end, as SIGTERM does, and waits for
// that; nil without a command, or if this system has no SIGTERM.
func (s *checkedServer) end() func(context.Context) error {
	p := s.process
	if p == nil || !terminates {
		return nil
	}
	return func(ctx context.Context) error {
		terminate(p.cmd)
		select {
		case <-p.exited:
			return nil
		case <-ctx.Done():
			return errors.New("it was still running when the time was up")
		}
	}
}

// stop ends the server, if the check started it.
func (s *checkedServer) stop() {
	if s.process != nil {
		s.process.stop()
	}
}

func startProcess(command []string) (*process, error) {
	p := &process{cmd: exec.Command(command[0], command[1:]...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.WaitDelay = time.Second // a grandchild may hold the pipes
	ownGroup(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) hasEnded() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// mayBeDying returns when the process has ended, has answered, or has had
// time for either.
func (s *checkedServer) mayBeDying() {
	ctx, cancel := context.WithTimeout(context.Background(), dyingTime)
	defer cancel()
	answered := make(chan struct{})
	addr := s.addr // the server may be started elsewhere before this goroutine has ended
	go func() {
		if s.answers(ctx, addr) {
			close(answered)
		}
	}()
	select {
	case <-answered:
	case <-s.process.exited:
	case <-ctx.Done():
	}
}

func (p *process) waitUntilListening(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("it does not listen at %s after %v", addr, startTimeout))
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for reach(ctx, addr) != nil {
		select {
		case <-retry.C:
		case <-p.exited:
			return fmt.Errorf("the server has ended: %v%s", p.cmd.ProcessState, p.said.quote())
		case <-ctx.Done():
			return fmt.Errorf("the server: %w%s", context.Cause(ctx), p.said.quote())
		}
	}
	return nil
}

// stop ends the server and its children.
func (p *process) stop() {
	terminate(p.cmd)
	select {
	case <-p.exited:
	case <-time.After(3 * time.Second):
	}
	kill(p.cmd)
	<-p.exited
}

// tail keeps the last bytes that are written to it.
type tail struct {
	mu   sync.Mutex
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	const kept = 4 << 10 // enough for the trace of a panic
	t.data = append(t.data, p...)
	t.data = t.data[max(0, len(t.data)-kept):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return printable.Text(string(t.data))
}

// quote returns the last line, or the line with the reason of a Go program's
// crash, for the end of a message.
func (t *tail) quote() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := ""
	for line := range bytes.Lines(bytes.TrimSpace(t.data)) {
		last = string(bytes.TrimSpace(line))
		if bytes.HasPrefix(line, []byte("panic: ")) || bytes.HasPrefix(line, []byte("fatal error: ")) {
			break
		}
	}
	if last == "" {
		return ""
	}
	return "; its last words: " + printable.Line(last)
}

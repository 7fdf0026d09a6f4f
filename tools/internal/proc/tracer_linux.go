package proc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Tracers returns the tracers to try, the better one first.
func Tracers() []Tracer { return []Tracer{perf{}, strace{}} }

// hasRings reports whether this kernel knows io_uring. perf refuses a name that the
// kernel does not know, and then counts nothing. Kernels before 6.6 do not tell;
// there the calls are counted among the others.
func hasRings() bool {
	_, err := os.Stat("/proc/sys/kernel/io_uring_disabled")
	return err == nil
}

// tracerTimeout is how long a tracer may take to answer.
const tracerTimeout = 5 * time.Second

// child is a tracer's process.
type child struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

// startChild starts a tracer. When ctx is done, the tracer gets SIGINT.
func startChild(ctx context.Context, files []*os.File, name string, args ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, name, args...)}
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGINT) }
	c.cmd.WaitDelay = tracerTimeout
	c.cmd.ExtraFiles = files
	c.cmd.Stderr = &c.stderr
	c.cmd.Env = append(os.Environ(), "LC_ALL=C")
	ownGroup(c.cmd)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

// end ends the tracer with SIGINT, and returns its output. An end by SIGINT is no
// error.
func (c *child) end() (string, error) {
	if err := c.cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return "", err
	}
	err := c.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGINT {
			err = nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(firstLine(c.stderr.String())))
	}
	return c.stderr.String(), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// perf counts with the kernel's tracepoints (perf-stat(1)), between two commands.
type perf struct{}

func (perf) Name() string { return "perf" }

func (perf) Watch(ctx context.Context, pid int, names []string) Watch {
	return &perfWatch{ctx: ctx, pid: pid, names: names}
}

type perfWatch struct {
	ctx           context.Context
	pid           int
	names         []string // of the calls to count by name
	child         *child
	control, acks *os.File // the pipes for commands, and for their acknowledgements
	said          string
	err           error
}

// Begin attaches, which takes a while, and then counts.
func (w *perfWatch) Begin() {
	commands, control, err := os.Pipe()
	if err != nil {
		w.err = err
		return
	}
	defer commands.Close()
	acks, acknowledge, err := os.Pipe()
	if err != nil {
		control.Close()
		w.err = err
		return
	}
	defer acknowledge.Close()
	w.control, w.acks = control, acks
	// The pipes are the child's descriptors 3 and 4.
	w.child, w.err = startChild(w.ctx, []*os.File{commands, acknowledge}, "perf", slices.Concat([]string{"stat", "--no-big-num", "--field-separator", ",",
		"--delay=-1", "--control", "fd:3,4", "--pid", strconv.Itoa(w.pid)}, perfEvents(w.names))...)
	w.say("enable")
}

func (w *perfWatch) End() {
	w.say("disable")
	if w.child != nil {
		said, err := w.child.end()
		w.said = said
		if err != nil { // more telling than a broken pipe
			w.err = err
		}
	}
	if w.control != nil {
		w.control.Close()
		w.acks.Close()
	}
}

// say gives perf a command, and waits until perf has carried it out.
func (w *perfWatch) say(command string) {
	if w.err != nil {
		return
	}
	if _, w.err = io.WriteString(w.control, command+"\n"); w.err != nil {
		return
	}
	if w.err = w.acks.SetReadDeadline(time.Now().Add(tracerTimeout)); w.err != nil {
		return
	}
	_, w.err = bufio.NewReader(w.acks).ReadString('\n')
}

func (w *perfWatch) Counts() (map[string]int64, error) {
	if w.err != nil {
		return nil, w.err
	}
	return parsePerf(w.said, w.names)
}

// anyCall is the tracepoint of all calls. One that is attached with many filters is
// attached once: 60 ms for twelve, where twelve tracepoints took 450 ms.
const anyCall = "raw_syscalls:sys_enter"

// perfEvents returns perf's arguments to count all calls, and then those of each name.
func perfEvents(names []string) []string {
	args := []string{"--event", anyCall}
	for _, name := range names {
		if number, known := callNumbers[name]; known {
			args = append(args, "--event", anyCall, "--filter", fmt.Sprintf("id==%d", number))
		} else {
			args = append(args, "--event", "syscalls:sys_enter_"+name)
		}
	}
	return args
}

// callNumbers are the numbers of the calls that every architecture has.
var callNumbers = map[string]int{
	"read": unix.SYS_READ, "readv": unix.SYS_READV, "recvfrom": unix.SYS_RECVFROM, "recvmsg": unix.SYS_RECVMSG,
	"write": unix.SYS_WRITE, "writev": unix.SYS_WRITEV, "sendto": unix.SYS_SENDTO, "sendmsg": unix.SYS_SENDMSG,
	"epoll_pwait": unix.SYS_EPOLL_PWAIT, "epoll_ctl": unix.SYS_EPOLL_CTL, "accept4": unix.SYS_ACCEPT4,
	"futex": unix.SYS_FUTEX, "nanosleep": unix.SYS_NANOSLEEP, "sched_yield": unix.SYS_SCHED_YIELD,
	results.RingCall: unix.SYS_IO_URING_ENTER,
}

// parsePerf parses lines of count, unit, event and more, which are in the order of
// perfEvents. Calls without a counter of their own are "others".
func parsePerf(text string, names []string) (map[string]int64, error) {
	calls := make(map[string]int64)
	total, at := int64(-1), 0
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) < 3 || !strings.Contains(fields[2], "sys_enter") || at > len(names) {
			continue
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		switch {
		case err != nil: // "<not supported>", or no count at all
		case at == 0:
			total = n
		case n > 0:
			calls[names[at-1]] = n
		}
		at++
	}
	if total < 0 {
		return nil, fmt.Errorf("no figures: %s", firstLine(text))
	}
	for _, n := range calls {
		total -= n
	}
	if total > 0 {
		calls[results.OtherCalls] = total
	}
	return calls, nil
}

// strace stops the server at each call (strace(1)), which makes the server much
// slower.
type strace struct{}

func (strace) Name() string { return "strace" }

func (strace) Watch(ctx context.Context, pid int, _ []string) Watch {
	return &straceWatch{ctx: ctx, pid: pid}
}

type straceWatch struct {
	ctx   context.Context
	pid   int
	child *child
	said  string
	err   error
}

func (w *straceWatch) Begin() {
	w.child, w.err = startChild(w.ctx, nil, "strace", "-f", "-c", "-U", "calls,name", "-p", strconv.Itoa(w.pid))
	for deadline := time.Now().Add(tracerTimeout); w.err == nil && !traced(w.pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.err = errors.New("it does not attach")
		}
	}
}

// traced reports whether all threads of the process have a tracer.
func traced(pid int) bool {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return false
	}
	for _, name := range tasks {
		status, err := os.ReadFile(name)
		if err == nil && bytes.Contains(status, []byte("TracerPid:\t0\n")) {
			return false // a thread without a file has just ended
		}
	}
	return len(tasks) > 0
}

func (w *straceWatch) End() {
	if w.child != nil {
		said, err := w.child.end()
		w.said, w.err = said, errors.Join(w.err, err)
	}
}

func (w *straceWatch) Counts() (map[string]int64, error) {
	if w.err != nil {
		return nil, w.err
	}
	return parseStrace(w.said)
}

// parseStrace parses lines of count and name, between rules of dashes.
func parseStrace(text string) (map[string]int64, error) {
	calls := make(map[string]int64)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[1] == "total" {
			continue
		}
		if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			calls[fields[1]] = n
		}
	}
	if len(calls) == 0 {
		return nil, fmt.Errorf("no figures: %s", firstLine(text))
	}
	return calls, nil
}

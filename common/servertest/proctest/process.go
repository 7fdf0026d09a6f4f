package proctest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// How long a test waits before it has failed.
const (
	patience = time.Minute      // for one event
	whole    = 10 * time.Minute // for all the events of a test with one process
)

// process is a program that a test started. It does not outlive the test.
type process struct {
	*os.Process
	transcript
	t      *testing.T
	exited chan struct{} // closed when it has ended
	code   int           // its exit code, -1 if a signal ended it; valid after exited
}

// spawn starts this program in another role.
func spawn(t *testing.T, role string, environment []string, args ...string) *process {
	t.Helper()
	return spawnTo(t, nil, role, environment, args...)
}

// spawnTo starts this program in another role, with a pipe for its output. nil:
// its transcript.
func spawnTo(t *testing.T, log *logPipe, role string, environment []string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{t: t, exited: make(chan struct{})}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(os.Environ(), roleVariable+"="+role), environment...)
	cmd.Stdout, cmd.Stderr = &p.transcript, &p.transcript
	if log != nil {
		w := log.open(&p.transcript)
		defer w.Close() // the process has its own copy
		cmd.Stdout, cmd.Stderr = w, w
	}
	dieWithParent(cmd)

	started := make(chan error)
	go func() {
		// The kernel kills the child when this thread ends (dieWithParent), so the
		// thread stays until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait()
		p.code = cmd.ProcessState.ExitCode()
		close(p.exited)
	}()
	require.NoError(t, <-started)
	p.Process = cmd.Process
	t.Cleanup(p.end)
	return p
}

// end kills the process if it still runs, and checks its output.
func (p *process) end() {
	_ = p.Kill()
	<-p.exited
	said := p.String()
	assert.NotContains(p.t, said, "DATA RACE")
	assert.NotContains(p.t, said, "goroutine ", "a panic")
	if p.t.Failed() {
		p.t.Logf("process %d said:\n%s", p.Pid, said)
	}
}

// wantExit waits until the process ends by itself.
func (p *process) wantExit(code int) {
	p.t.Helper()
	select {
	case <-p.exited:
		require.Equal(p.t, code, p.code, "exit code")
	case <-time.After(patience):
		p.t.Fatal("the process has not ended")
	}
}

// wantLog waits for a log entry with this message and returns its fields.
func (p *process) wantLog(msg string) (fields map[string]any) {
	p.t.Helper()
	p.eventually("it logs "+msg, func() (ok bool) {
		fields, ok = p.logged(msg)
		return ok
	})
	return fields
}

// eventually waits until ok returns true. After the process has ended, it
// calls ok once more.
func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	over := false
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if over || time.Now().After(end) {
			p.t.Fatalf("expected that %s; it did not happen in time, or the process has ended", what)
		}
		select {
		case <-p.exited:
			over = true
		default:
		}
	}
}

// suspend stops the process, and returns when the process has stopped.
func (p *process) suspend() {
	p.t.Helper()
	require.NoError(p.t, suspend(p.Process))
	if system >= procFiles {
		p.eventually("the process is stopped", func() bool { return p.usage().stopped })
	}
}

// resume continues a stopped process.
func (p *process) resume() {
	p.t.Helper()
	require.NoError(p.t, resume(p.Process))
}

// terminate asks the process to end.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, terminate(p.Process))
}

// usage returns the resources that the process uses.
func (p *process) usage() usage {
	p.t.Helper()
	u, err := processUsage(p.Pid)
	require.NoError(p.t, err)
	return u
}

// transcript is the output of a process so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer, for exec.Cmd.
func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// logged returns the fields of the first log entry with this message; ok is
// false if there is none.
func (tr *transcript) logged(msg string) (fields map[string]any, ok bool) {
	for line := range bytes.Lines([]byte(tr.String())) {
		fields = nil
		if json.Unmarshal(line, &fields) == nil && fields["msg"] == msg {
			return fields, true
		}
	}
	return nil, false
}

// usage is a process's use of resources.
type usage struct {
	cpu         time.Duration // since it began, user and system, all threads
	rss, peak   int64         // bytes; peak since resetPeak
	descriptors int
	stopped     bool // by a signal
	asleep      bool // every thread waits for something
}

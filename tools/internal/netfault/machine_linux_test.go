package netfault

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// machine is another machine on a cable to this one: a network namespace at the
// end of a pair of devices. A thread of its own does its work, because a
// namespace belongs to a thread; a socket stays in the namespace in which it
// was made.
type machine struct {
	tasks chan func()
}

// The addresses at the two ends of the cable.
const (
	ourAddr   = "10.77.0.1"
	theirAddr = "10.77.0.2"
)

func newMachine(t *testing.T) *machine {
	m := &machine{tasks: make(chan func())}
	ready := make(chan error)
	thread := 0
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // never unlocked: when the goroutine ends, so does the thread, and the namespace with it
		thread = unix.Gettid()
		ready <- unix.Unshare(unix.CLONE_NEWNET)
		for task := range m.tasks {
			task()
		}
	}()
	t.Cleanup(func() { close(m.tasks); <-ended })
	require.NoError(t, <-ready)

	command(t, "ip", "link", "add", "netfault0", "type", "veth", "peer", "name", "netfault1")
	// Deleting it also deletes the other device. Otherwise it would outlive the
	// test for as long as the namespace exists.
	t.Cleanup(func() { command(t, "ip", "link", "delete", "netfault0") })
	command(t, "ip", "link", "set", "netfault1", "netns", fmt.Sprint(thread))
	command(t, "ip", "address", "add", ourAddr+"/24", "dev", "netfault0")
	command(t, "ip", "link", "set", "netfault0", "up")
	m.command(t, "ip", "address", "add", theirAddr+"/24", "dev", "netfault1")
	m.command(t, "ip", "link", "set", "netfault1", "up")
	return m
}

// do runs f on the machine.
func (m *machine) do(f func()) {
	done := make(chan struct{})
	m.tasks <- func() {
		defer close(done)
		f()
	}
	<-done
}

// command runs a program on the machine.
func (m *machine) command(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := []byte(nil), error(nil)
	m.do(func() { out, err = run(name, args...) })
	require.NoError(t, err, "%s %q: %s", name, args, out)
}

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
// was made, and a process in the one of the thread that started it.
type machine struct {
	tasks  chan func()
	thread int
}

// The addresses at the two ends of the cable.
const (
	ourAddr   = "10.77.0.1"
	theirAddr = "10.77.0.2"
)

// cable is the device of a machine.
const cable = "cable"

// newMachine returns a machine whose cable leads to us.
func newMachine(t *testing.T) *machine {
	m := unplugged(t)
	m.plug(t, "netfault0", theirAddr)
	command(t, "ip", "address", "add", ourAddr+"/24", "dev", "netfault0")
	return m
}

// newLAN returns machines with these addresses on one switch, which we are not on.
func newLAN(t *testing.T, addrs ...string) (machines []*machine) {
	const bridge = "netfaultlan"
	command(t, "ip", "link", "add", bridge, "type", "bridge")
	t.Cleanup(func() { command(t, "ip", "link", "delete", bridge) })
	command(t, "ip", "link", "set", bridge, "up")
	for i, addr := range addrs {
		m := unplugged(t)
		device := fmt.Sprintf("netfaultlan%d", i)
		m.plug(t, device, addr)
		command(t, "ip", "link", "set", device, "master", bridge)
		machines = append(machines, m)
	}
	return machines
}

// unplugged returns a machine without a cable.
func unplugged(t *testing.T) *machine {
	m := &machine{tasks: make(chan func())}
	ready := make(chan error)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // never unlocked: when the goroutine ends, so does the thread, and the namespace with it
		m.thread = unix.Gettid()
		ready <- unix.Unshare(unix.CLONE_NEWNET)
		for task := range m.tasks {
			task()
		}
	}()
	t.Cleanup(func() { close(m.tasks); <-ended })
	require.NoError(t, <-ready)
	return m
}

// plug lays a cable from the machine, which has the address there, to a device here.
func (m *machine) plug(t *testing.T, device, addr string) {
	t.Helper()
	command(t, "ip", "link", "add", device, "type", "veth", "peer", "name", device+"x")
	// Deleting it also deletes the other device. Otherwise it would outlive the
	// test for as long as the namespace exists.
	t.Cleanup(func() { command(t, "ip", "link", "delete", device) })
	command(t, "ip", "link", "set", device+"x", "netns", fmt.Sprint(m.thread), "name", cable)
	command(t, "ip", "link", "set", device, "up")
	m.command(t, "ip", "address", "add", addr+"/24", "dev", cable)
	m.command(t, "ip", "link", "set", cable, "up")
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

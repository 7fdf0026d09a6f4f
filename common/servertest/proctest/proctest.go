// Package proctest tests servers as processes: the real command, with flags,
// signals, system limits and an exit code. It covers what a test inside the
// process cannot show: the server's use of memory and descriptors, its
// behaviour when it is stopped, killed or out of descriptors, and the effects
// on its clients.
//
// A command's tests pass it their TestMain, so that the test's program can run
// as the command, and what the model declares, of which all variants are tested:
//
//	func TestMain(m *testing.M) { proctest.Main(m, main) }
//
//	func TestCommand(t *testing.T) { proctest.Run(t, singleblocking.Command) }
//
// Requirements are asserted. Values that should merely be small, such as times,
// are published as attributes of the test, so that nothing fails because a
// machine is slow; go test -json prints them all.
package proctest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/servertest/protocols"
)

// Main runs a package's tests. In a process that the tests started, it runs
// that process's role, usually the command. Call it from TestMain.
func Main(m *testing.M, command func()) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		servertest.VerifyNoLeaks(m)
	case serverRole:
		holdDescriptors()
		holdThreads()
		command()
	case gluttonRole:
		glut(os.Args[1])
	default:
		panic(roleVariable + "=" + role)
	}
}

// Run tests each variant of a model's command, if this system can run the model. Its
// rows have the numbers of the project's fault catalogue.
func Run(t *testing.T, c server.Command) {
	if c.Available != nil {
		if err := c.Available(); err != nil {
			t.Skip(err)
		}
	}
	for _, target := range c.Variants {
		name := "no options"
		if len(target.Args) > 0 {
			name = strings.Join(target.Args, " ")
		}
		t.Run(name, func(t *testing.T) {
			if !target.Spins { // the server waits most of the time, and so do its tests
				t.Parallel()
			}
			for _, r := range rows {
				t.Run(fmt.Sprintf("row %d: %s", r.number, r.title), func(t *testing.T) {
					if r.needs > system {
						t.Skip("needs " + r.needs.String())
					}
					r.run(t, target)
				})
			}
		})
	}
}

// row is a fault, and the test that a server withstands it.
type row struct {
	number int
	title  string
	needs  level
	run    func(*testing.T, server.Variant)
}

var rows = []row{
	{2, "10,000 frames in one write are answered in order", anySystem, testBurst},
	{6, "1000 clients claim a megabyte each", anySystem, testClaims},
	{11, "groups nested 9,999 deep cost no memory", procFiles, testDeepGroups},
	{14, "clients whose frames dribble in are closed in time", anySystem, testDribble},
	{16, "unread replies cost no memory", procFiles, testUnreadReplies},
	{17, "a client that is stopped is closed as a slow reader", unixSignals, testStoppedClient},
	{22, "clients that leave with a FIN leave nothing behind", procFiles, in(protocols.KeyValue, testFIN)},
	{22, "clients of RESP that leave with a FIN leave nothing behind", procFiles, in(protocols.RESP, testFIN)},
	{23, "a client that has sent its FIN gets 1000 pending answers", anySystem, testHalfClose},
	{24, "clients that leave with a reset leave nothing behind", procFiles, testRST},
	{29, "a client that comes when all have left is served", procFiles, testAllLeave},
	{30, "100 clients connect to a server with 64 descriptors", procFiles, testDescriptorLimit},
	{30, "100 clients connect to a server with 40 threads", procFiles, testThreadLimit},
	{30, "accept fails because no descriptor is left", procFiles, testNoDescriptors},
	{32, "5000 clients come in a storm", anySystem, testStorm},
	{33, "frames that never end stay within the memory limit", procFiles, testGrowingFrames},
	{33, "500 half frames stay within the memory limit", procFiles, in(protocols.KeyValue, testHalfFrames)},
	{33, "500 half requests in RESP stay within the memory limit", procFiles, in(protocols.RESP, testHalfFrames)},
	{33, "20 large puts beside 120 unfinished frames are answered", anySystem, testStaleHalves},
	{33, "unread values stay within the memory limit", procFiles, testUnreadValues},
	{34, "a full store says so, and keeps its values", procFiles, testFullStore},
	{36, "SIGTERM loses nothing", unixSignals, testTerminate},
	{36, "SIGTERM with 10 clients loses nothing", unixSignals, in(protocols.KeyValue, testTerminateMany)},
	{36, "SIGTERM with 10 clients of RESP loses nothing", unixSignals, in(protocols.RESP, testTerminateMany)},
	{37, "a stopped client does not outlast the drain timeout", unixSignals, testDrainTimeout},
	{37, "a second SIGTERM ends the server at once", unixSignals, testSecondSignal},
	{38, "a server killed under load starts again on the same port", unixSignals, testRestart},
	{39, "the default address is this machine's alone", anySystem, testDefaultAddress},
	{39, "an address without a host is this machine's alone", anySystem, testNoHost},
	{39, "a bad address gives one line and exit code 1 or 2", anySystem, testBadAddress},
	{40, "a server that was stopped closes no client as idle", procFiles, testStoppedIdle},
	{40, "a server that was stopped closes no client for a slow frame", procFiles, testStoppedFrame},
	{40, "a server that was stopped closes no client as a slow reader", procFiles, testStoppedWrite},
	{43, "the log's reader has gone", unixSignals, testLostLog},
	{44, "the log is not read", unixSignals, testFullLog},
	{44, "a second SIGTERM while the log is not read", unixSignals, testSecondSignalUnread},
	{47, "40 clients are served beside 110 idle HTTP connections", procFiles, testIdleBrowsers},
	{47, "an endless body over HTTP takes no memory", procFiles, testEndlessBody},
}

// in has a row's test talk the protocol, which the command must have under this name.
func in(p dialogue.Protocol, run func(*testing.T, server.Variant, dialogue.Protocol)) func(*testing.T, server.Variant) {
	return func(t *testing.T, target server.Variant) { run(t, target, p) }
}

// level is a capability that a row needs and a system has; each level
// includes the earlier ones.
type level int

const (
	anySystem   level = iota
	unixSignals       // processes can be terminated, stopped and continued
	procFiles         // /proc tells a process's use of resources
)

func (l level) String() string {
	return [...]string{"nothing", "the signals of Unix", "the /proc of Linux"}[l]
}

// brief returns the amount of work in a test: less with -short, and less
// under the race detector, which is slow and needs no more to find a race.
func brief[T any](usually, short T) T {
	if testing.Short() || raceDetector {
		return short
	}
	return usually
}

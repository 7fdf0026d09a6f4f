// Package proctest tests servers as processes: the real command, with flags,
// signals, limits of the system and an exit code. It is for what a test inside
// the process cannot show: what the server costs in memory and descriptors,
// what it does when it is stopped, killed or out of descriptors, and what a
// client sees of that.
//
// A command's tests hand it their TestMain, which lets the test's program run
// as the command, and name what is to be tested:
//
//	func TestMain(m *testing.M) { proctest.Main(m, main) }
//
//	func TestCommand(t *testing.T) {
//		proctest.Run(t, proctest.Subject{}, proctest.Subject{Args: []string{"--loops", "2"}})
//	}
//
// What has to be true is asserted. What merely ought to be small, such as a
// time, is published as an attribute of the test, so that nothing fails because
// a machine is slow; go test -json tells them all.
package proctest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ioflavors/ioflavors/common/servertest"
)

// Subject is a command to test, with some of its options.
type Subject struct {
	// Args are the options that select what is tested.
	Args []string
	// Caps is what the model can do with them.
	Caps servertest.Caps
	// Spins: it never sleeps, so it uses a core while nothing happens.
	Spins bool
}

// Main runs a package's tests, or, in a process that these have started, what
// it was started for: the command, as a rule. Call it from TestMain.
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

// Run tests each subject. Its rows bear the numbers by which the project's
// notes on faults know them.
func Run(t *testing.T, subjects ...Subject) {
	for _, s := range subjects {
		name := "no options"
		if len(s.Args) > 0 {
			name = strings.Join(s.Args, " ")
		}
		t.Run(name, func(t *testing.T) {
			if !s.Spins { // it waits most of the time, and so do its tests
				t.Parallel()
			}
			for _, r := range rows {
				t.Run(fmt.Sprintf("row %d: %s", r.number, r.title), func(t *testing.T) {
					if r.needs > system {
						t.Skip("needs " + r.needs.String())
					}
					r.run(t, s)
				})
			}
		})
	}
}

// row is a fault, and the test that a server stands it.
type row struct {
	number int
	title  string
	needs  level
	run    func(*testing.T, Subject)
}

var rows = []row{
	{2, "10,000 frames in one write are answered in order", anySystem, testBurst},
	{6, "1000 clients claim a megabyte each", anySystem, testClaims},
	{11, "groups nested 9,999 deep cost no memory", procFiles, testDeepGroups},
	{14, "frames that dribble in are given up in time", anySystem, testDribble},
	{16, "replies that nobody reads cost no memory", procFiles, testUnreadReplies},
	{17, "a client that is stopped is closed as a slow reader", unixSignals, testStoppedClient},
	{22, "clients that leave with a FIN leave nothing", procFiles, testFIN},
	{23, "a client that has sent its FIN gets 1000 pending answers", anySystem, testHalfClose},
	{24, "clients that leave with a RST leave nothing", procFiles, testRST},
	{29, "one that comes when all have left is served", procFiles, testAllLeave},
	{30, "100 clients come to 64 descriptors", procFiles, testDescriptorLimit},
	{30, "100 clients come to 40 threads", procFiles, testThreadLimit},
	{30, "no descriptor is left to accept with", procFiles, testNoDescriptors},
	{32, "5000 clients come in a storm", anySystem, testStorm},
	{33, "frames that never end stay within the memory limit", procFiles, testGrowingFrames},
	{33, "500 half frames stay within the memory limit", procFiles, testHalfFrames},
	{33, "20 large puts among 120 stale halves of frames are answered", anySystem, testStaleHalves},
	{33, "values that nobody reads stay within the memory limit", procFiles, testUnreadValues},
	{34, "a full store says so, and keeps what it has", procFiles, testFullStore},
	{36, "SIGTERM loses nothing", unixSignals, testTerminate},
	{36, "SIGTERM loses nothing of 10 clients", unixSignals, testTerminateMany},
	{37, "a stopped client does not outlast the drain timeout", unixSignals, testDrainTimeout},
	{37, "a second SIGTERM ends at once", unixSignals, testSecondSignal},
	{38, "killed under load, started again on the same port", unixSignals, testRestart},
	{39, "the default address is this machine's alone", anySystem, testDefaultAddress},
	{39, "an address without a host is this machine's alone", anySystem, testNoHost},
	{39, "a bad address is one line and exit code 1 or 2", anySystem, testBadAddress},
	{40, "a server that was stopped closes nobody as idle", procFiles, testStoppedIdle},
	{40, "a server that was stopped closes nobody for a slow frame", procFiles, testStoppedFrame},
	{40, "a server that was stopped closes nobody as a slow reader", procFiles, testStoppedWrite},
	{43, "the log's reader has gone", unixSignals, testLostLog},
	{44, "nobody reads the log", unixSignals, testFullLog},
	{44, "a second SIGTERM though nobody reads the log", unixSignals, testSecondSignalUnread},
	{47, "110 idle HTTP connections, and 40 clients are served", procFiles, testIdleBrowsers},
	{47, "an endless body over HTTP takes no memory", procFiles, testEndlessBody},
}

// level is what a row needs of the system, and what a system has: each level
// includes those before.
type level int

const (
	anySystem   level = iota
	unixSignals       // processes can be asked to end, stopped and continued
	procFiles         // /proc tells what a process uses
)

func (l level) String() string {
	return [...]string{"nothing", "signals as Unix has them", "/proc as Linux has it"}[l]
}

// brief returns how much of something a test does, which is less with -short,
// and under the race detector, which is slow and needs no more to see a race.
func brief[T any](usually, short T) T {
	if testing.Short() || raceDetector {
		return short
	}
	return usually
}

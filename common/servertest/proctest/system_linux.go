package proctest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// system is the level of this system.
const system = procFiles

// dieWithParent makes the kernel kill the child if the test is killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// limitThreads gives this process a user of its own, because root would be exempt,
// and limits that user to n threads.
func limitThreads(n int) error {
	const nproc = 6 // RLIMIT_NPROC, which package syscall does not have
	limit := syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}
	if err := syscall.Setrlimit(nproc, &limit); err != nil {
		return err
	}
	nobody := 1<<20 + os.Getpid()
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// canLimitThreads returns why limitThreads does not work here, "" if it
// does.
func canLimitThreads() (reason string) {
	if os.Getuid() != 0 {
		return "only root can start a process as a user that has no other process"
	}
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || strings.Join(strings.Fields(string(ids)), " ") != "0 0 4294967295" {
		return "in a user namespace there is no such user"
	}
	return ""
}

// ownHost is an address of this machine on which no other program listens.
// Clients use 127.0.0.1, so none of them occupies a port there that a
// restarted server needs.
func ownHost() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 128|pid>>16&0x3f, pid>>8&0xff, pid&0xff)
}

package proctest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// system is what this one has.
const system = procFiles

// dieWithParent has the kernel kill the child if the test is killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// ownHost is an address of this machine on which nobody else listens. Clients
// have 127.0.0.1, so none of them gets a port there that a server wants back.
func ownHost() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 128|pid>>16&0x3f, pid>>8&0xff, pid&0xff)
}

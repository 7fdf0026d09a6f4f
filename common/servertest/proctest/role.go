package proctest

import (
	"fmt"
	"os"
	"strconv"
)

// The test's program takes another role if its environment says so.
const (
	roleVariable = "PROCTEST_ROLE"
	serverRole   = "server"
	gluttonRole  = "glutton"
)

// The environment of a server with few descriptors: its limit, and how many
// of them are free when its command begins.
const (
	limitVariable = "PROCTEST_DESCRIPTORS"
	spareVariable = "PROCTEST_SPARE"
)

// descriptors is a server's limit, and its free descriptors.
type descriptors struct{ limit, spare int }

// environment returns them as variables for a server's process.
func (d descriptors) environment() []string {
	if d.limit == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s=%d", limitVariable, d.limit), fmt.Sprintf("%s=%d", spareVariable, d.spare)}
}

// threadsVariable is the environment of a server with few threads: the limit of its
// user.
const threadsVariable = "PROCTEST_THREADS"

// holdThreads limits the threads of the server's process, and drops its
// privileges, if the environment says so.
func holdThreads() {
	if n, err := strconv.Atoi(os.Getenv(threadsVariable)); err == nil {
		if err := limitThreads(n); err != nil {
			panic(err)
		}
	}
}

// holdDescriptors limits and takes descriptors in the server's process, if
// the environment says so.
func holdDescriptors() {
	limit, err := strconv.Atoi(os.Getenv(limitVariable))
	if err != nil {
		return
	}
	if err := limitDescriptors(limit); err != nil {
		panic(err)
	}
	if spare, err := strconv.Atoi(os.Getenv(spareVariable)); err == nil && spare > 0 {
		if err := takeDescriptors(limit - spare); err != nil {
			panic(err)
		}
	}
}

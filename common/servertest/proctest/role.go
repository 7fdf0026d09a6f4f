package proctest

import (
	"fmt"
	"os"
	"strconv"
)

// The test's program runs as something else when its environment says so.
const (
	roleVariable = "PROCTEST_ROLE"
	serverRole   = "server"
	gluttonRole  = "glutton"
)

// The environment of a server that is to be short of descriptors: how many it
// may have, and how many of these are not taken yet when its command begins.
const (
	limitVariable = "PROCTEST_DESCRIPTORS"
	spareVariable = "PROCTEST_SPARE"
)

// descriptors is what a server gets of them.
type descriptors struct{ limit, spare int }

// environment tells a server's process of it.
func (d descriptors) environment() []string {
	if d.limit == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s=%d", limitVariable, d.limit), fmt.Sprintf("%s=%d", spareVariable, d.spare)}
}

// threadsVariable is the environment of a server that must run short of threads: how
// many its user may have.
const threadsVariable = "PROCTEST_THREADS"

// holdThreads limits the threads of the server's process, and takes its privileges
// away, if the environment says so.
func holdThreads() {
	if n, err := strconv.Atoi(os.Getenv(threadsVariable)); err == nil {
		if err := limitThreads(n); err != nil {
			panic(err)
		}
	}
}

// holdDescriptors does what the environment says, in the server's process.
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

package iouring

import (
	"flag"

	"github.com/ioflavors/ioflavors/common/server"
)

// Command describes this model to the commands that run it.
var Command = server.Command{
	Model:     "iouring",
	Summary:   "Linux's io_uring: the kernel is told what to do, and tells when it is done.",
	Kind:      server.NonBlocking,
	OS:        "linux",
	Available: Available,
	Syscalls:  []string{"io_uring_enter"}, // hands operations over, and waits for completions
	Variants: []server.Variant{{
		Go: "iouring.New(iouring.Config{Config: config})", Waits: "one goroutine, io_uring", Handlers: 1,
		Complexity: 70, // a kernel that has it, and permits it
		Needs: "It needs Linux 6.1 or later, and the permission to use io_uring, which many containers do not have (seccomp, kernel.io_uring_disabled): where it is refused, the server does not start. " +
			"It handles all requests on one goroutine.",
	}},
	Flags: func(*flag.FlagSet) func(server.Config) (server.Server, error) {
		return func(cfg server.Config) (server.Server, error) { return New(Config{Config: cfg}), nil }
	},
}

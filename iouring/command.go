package iouring

import (
	"flag"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Command describes this model to the commands that run it.
var Command = kvserver.Command{
	Model:   "iouring",
	Summary: "Linux's io_uring: the kernel is told what to do, and tells when it is done.",
	Flags: func(*flag.FlagSet) func(kvserver.Config) (kvserver.Server, error) {
		return func(cfg kvserver.Config) (kvserver.Server, error) { return New(Config{Config: cfg}), nil }
	},
}

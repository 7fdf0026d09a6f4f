package main

import (
	"context"
	"os"
	"slices"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
	"github.com/ioflavors/ioflavors/tools/internal/nearest"
)

// commands are all there are. A new one is added here, and to the lab's targets.
var commands = []kvserver.Command{
	singleblocking.Command,
	multiblocking.Command,
	busywait.Command,
	eventloop.Command,
	iouring.Command,
}

type serveCmd struct {
	Args []string `arg:"" passthrough:"" name:"model" help:"The model (singleblocking, multiblocking, busywait, eventloop or iouring) and its flags; MODEL --help lists them."`
}

func (c *serveCmd) Run(ctx context.Context) error {
	name := c.Args[0]
	i := slices.IndexFunc(commands, func(m kvserver.Command) bool { return m.Model == name })
	if i < 0 {
		var names []string
		for _, m := range commands {
			names = append(names, m.Model)
		}
		return usageError(nearest.Unknown("model", name, names))
	}
	// The server has its own signal handling, flags and exit codes.
	command := withSlowKeys(withMetrics(ctx, commands[i]))
	return &exitError{code: kvcmd.Run(ctx, "ioflavors serve "+name, command, c.Args[1:], os.Stdout, os.Stderr)}
}

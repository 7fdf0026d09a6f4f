package main

import (
	"context"
	"io"
	"os"
	"slices"

	"github.com/ioflavors/ioflavors/common/kvcmd"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/nearest"
)

type serveCmd struct {
	Args []string `arg:"" passthrough:"" name:"model" help:"The model (${models}) and its flags; MODEL --help lists them."`
}

func (c *serveCmd) Run(ctx context.Context) error {
	name := c.Args[0]
	i := slices.Index(models.Names(), name)
	if i < 0 {
		return usageError(nearest.Unknown("model", name, models.Names()))
	}
	return &exitError{code: serve(ctx, models.Commands()[i], c.Args[1:], os.Stderr)}
}

// serve runs a model's server, which has its own signal handling, flags and exit codes.
func serve(ctx context.Context, model server.Command, args []string, stderr io.Writer) (code int) {
	p := kvcmd.Program("ioflavors serve "+model.Model, withMetrics(ctx, model), otherStores)
	return servercmd.Run(ctx, p, args, os.Stdout, stderr)
}

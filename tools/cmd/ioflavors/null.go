package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/ioflavors/ioflavors/common/servercmd"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/generator/nullserver"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// nullCmd is the server that shows the load generator's ceiling. It announces
// its address like the models.
type nullCmd struct {
	Addr     string        `default:"127.0.0.1:0"`
	Spin     bool          `help:"Never sleep."`
	Protocol load.Protocol `default:"kv" enum:"kv,resp,memcached"`
	Keys     int           `default:"10000" range:"1..10000000"`
	Value    sizes         `default:"64" range:"0..67108864"`

	Exchanges string
}

func (c *nullCmd) Run(ctx context.Context) error {
	w := load.DefaultWorkload()
	w.Protocol, w.Keys, w.MinValue, w.MaxValue = c.Protocol, c.Keys, c.Value.min, c.Value.max
	if c.Exchanges != "" {
		e, err := load.ReadExchanges(c.Exchanges)
		if err != nil {
			return usageError(err)
		}
		w = w.Of(e)
	}
	if err := (generator.Config{Workload: w, Duration: time.Second}).Validate(); err != nil {
		return usageError(err)
	}
	if err := servercmd.CheckAddr("--addr", c.Addr); err != nil {
		return usageError(err)
	}
	ln, err := net.Listen("tcp", servercmd.LocalByDefault(c.Addr))
	if err != nil {
		return fmt.Errorf("null-server: %w", err)
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info("listening", "addr", ln.Addr().String())
	return nullserver.Serve(ctx, ln, w, c.Spin)
}

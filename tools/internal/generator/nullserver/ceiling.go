package nullserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// MeasureCeiling returns how many requests per second the generator reaches in a
// closed loop against a null server in this process, with the workload's
// connections and depth. With spin the server never sleeps, and needs a core of
// its own.
func MeasureCeiling(ctx context.Context, w load.Workload, duration time.Duration, spin bool) (float64, error) {
	w.Rate = 0
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("load: ceiling: %w", err)
	}
	addr := ln.Addr().String()
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- Serve(serving, ln, w, spin) }()
	r, err := generator.Run(ctx, generator.Config{Addr: addr, Workload: w, Warmup: duration / 4, Duration: duration})
	stop()
	if err := errors.Join(err, <-ended, r.Errors.Err()); err != nil {
		return 0, fmt.Errorf("load: ceiling: %w", err)
	}
	if r.Requests == 0 {
		return 0, fmt.Errorf("load: ceiling: no reply within %v: this machine is too busy to measure anything", duration)
	}
	return r.Rate, nil
}

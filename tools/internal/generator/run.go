package generator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Run loads a server that is ready for the workload (see Preload) and measures its
// replies.
// A server that answers wrongly, late or not at all gives a result, with
// Errors, and no error. Run returns an error if it could not reach the server,
// or if ctx was done; in the second case the result covers the time until
// then, if Seconds is not 0. Run always returns within the sum of the
// configured times.
func Run(ctx context.Context, cfg Config) (load.Result, error) {
	if err := cfg.Validate(); err != nil {
		return load.Result{}, err
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return load.Result{}, err
	}
	codec, err := wire.New(ctx, cfg.Workload)
	if err != nil {
		return load.Result{}, err
	}
	mix, err := dataset.Mix(ctx, cfg.Workload, cfg.Seed)
	if err != nil {
		return load.Result{}, err
	}
	g, err := newGenerator(ctx, cfg, codec, mix)
	if err != nil {
		return load.Result{}, err
	}
	defer g.close()
	if err := g.waitToBegin(ctx); err != nil {
		return load.Result{}, fmt.Errorf("load: %w", err)
	}
	interrupted := g.onThread(ctx)
	if interrupted != nil && ctx.Err() == nil {
		return load.Result{}, interrupted
	}
	r, err := g.result()
	return r, errors.Join(interrupted, err)
}

// Preload keeps up to preloadDepth puts in flight, and not many more than
// preloadBytes bytes.
const (
	preloadDepth = 64
	preloadBytes = 256 << 10
)

// Preload stores every key, over one connection. If the workload has exchanges, each
// takes place once, one at a time, in their order; the first wrong reply is an error.
// Preload closes the connection afterwards, because a server that serves one client at
// a time would otherwise not serve Run. Of cfg it uses the address, the keys and the
// value sizes or the exchanges, and the timeouts.
func Preload(ctx context.Context, cfg Config) error {
	largest, err := wire.Validate(cfg.Workload)
	if err != nil {
		return err
	}
	count := cfg.Keys
	cfg.Connections, cfg.Depth = 1, max(1, min(preloadDepth, preloadBytes/max(1, largest)))
	if e := cfg.Exchanges; e != nil {
		count, cfg.Depth = len(e.All), 1
	}
	cfg.Rate, cfg.Requests, cfg.Ramp, cfg.Begin, cfg.End, cfg.Live = 0, 0, 0, nil, nil, nil
	cfg.WindowAt = time.Time{}
	if cfg, err = cfg.withDefaults(); err != nil {
		return err
	}
	cfg.Warmup = maxRun // this phase lasts until there are no more requests
	codec, err := wire.New(ctx, cfg.Workload)
	if err != nil {
		return err
	}
	g, err := newGenerator(ctx, cfg, codec, dataset.Fill(count))
	if err != nil {
		return err
	}
	defer g.close()
	if err := g.onThread(ctx); err != nil {
		return err
	}
	switch err := g.errors.Err(); {
	case err == nil:
		return nil
	case cfg.Exchanges != nil:
		return fmt.Errorf("load: the exchanges, one after the other: %s", g.errors.First)
	default:
		return fmt.Errorf("load: storing %d keys: %w", count, err)
	}
}

// onThread runs the generator on a thread of its own, so that the thread's CPU
// time is the generator's.
func (g *generator) onThread(ctx context.Context) error {
	stop := context.AfterFunc(ctx, g.poller.Wake)
	defer stop()
	var err error
	var panicked any
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		defer func() { panicked = recover() }()
		err = g.run(ctx)
	}()
	<-done
	if panicked != nil {
		panic(panicked) // here the caller can still save its results
	}
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

//go:build unix

package fakekernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// The environment variable SeedVariable makes Check try only that seed.
// SeedsVariable is the number of seeds to try.
const (
	SeedVariable  = "FAKEKERNEL_SEED"
	SeedsVariable = "FAKEKERNEL_SEEDS"
)

// Check runs servers on fake kernels, one for each of many seeds, and stops at the first
// failure. The protocols share the seeds, in a subtest each: a server cannot tell them
// apart, so a fault that all of them show need not be found by each. With
// FAKEKERNEL_SEED each protocol tries that seed.
func Check(t *testing.T, seeds int, protocols []dialogue.Protocol, serve func(*Kernel, server.Config) server.Server) {
	first := rand.Uint64()
	if n := variable(t, SeedsVariable); n != 0 {
		seeds = int(n)
	}
	seeds = (seeds + len(protocols) - 1) / len(protocols)
	if seed := variable(t, SeedVariable); seed != 0 {
		first, seeds = seed, 1
	}
	for _, p := range protocols {
		t.Run(p.Name, func(t *testing.T) { check(t, first, seeds, p, serve) })
	}
}

func check(t *testing.T, first uint64, seeds int, p dialogue.Protocol, serve func(*Kernel, server.Config) server.Server) {
	// One goroutine runs at a time, so a second processor does not help. Waking
	// it took half of the test's time.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	clients, calls, faults := 0, 0, 0
	synctest.Test(t, func(t *testing.T) {
		for seed := first; seed != first+uint64(seeds); seed++ {
			k := newKernel(seed, p)
			if k.run(serve); k.failure != "" {
				t.Fatalf("%s=%d: %s", SeedVariable, seed, k.report())
			}
			if seed == first {
				again := newKernel(seed, p)
				again.run(serve)
				require.Equal(t, k.trace.String(), again.trace.String(), "the same seed has to come to the same")
			}
			clients += k.accepted
			calls += k.steps
			faults += k.faults
		}
	})
	t.Logf("%d seeds from %d: %d clients, %d system calls, %d faults", seeds, first, clients, calls, faults)
	t.Attr("seeds", strconv.Itoa(seeds))
	t.Attr("clients", strconv.Itoa(clients))
	t.Attr("system-calls", strconv.Itoa(calls))
	t.Attr("faults", strconv.Itoa(faults))
}

func variable(t *testing.T, name string) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// run serves a kernel's clients until all have left and the server has ended.
func (k *Kernel) run(serve func(*Kernel, server.Config) server.Server) {
	k.trace.start = time.Now()
	cfg := server.Config{
		Protocol: k.protocol.New(),
		Logger:   slog.New(slog.DiscardHandler),
		Limits: server.Limits{
			IdleTimeout: 2 * time.Second, FrameTimeout: 2 * time.Second, WriteTimeout: 2 * time.Second,
			TurnLimit:   k.turn,
			OutputLimit: pick(k, 100, 10_000, 1<<20),
			MaxConns:    k.mostConns,
			MemoryLimit: k.memory,
		},
	}
	if k.perPeer {
		cfg.MaxConns, cfg.MaxConnsPerPeer = 1000, k.mostConns
	}
	srv := serve(k, cfg)
	k.stop = func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // do not wait: the server goes on when this call returns
		_ = srv.Shutdown(ctx)
	}
	end := server.ErrServerClosed
	err := srv.Serve(listener{})
	if k.failed {
		end = k.broken
	}
	if !errors.Is(err, end) {
		k.fail("Serve returned %v, not %v", err, end)
	}
	for able := k.able(); len(able) > 0; able = k.able() { // bytes on their way arrive
		able[k.rng.IntN(len(able))].act()
	}
	k.audit(srv.Stats())
}

// audit checks the final state: descriptors, counters, and each client.
func (k *Kernel) audit(s server.Stats) {
	for fd, f := range k.files {
		if f != nil {
			k.fail("descriptor %d is still open", fd)
		}
	}
	closed := int64(0)
	for _, n := range s.Closed {
		closed += n
	}
	if s.Accepted != int64(k.accepted) || closed != s.Accepted || s.Active != 0 || s.BufferBytes != 0 {
		k.fail("%d connections were accepted, and the server says %+v", k.accepted, s)
	}
	for _, c := range k.clients {
		if wrong := c.check(); wrong != "" {
			k.fail("%v: %s", c, wrong)
		}
	}
}

// report describes the failure, the kernel's settings, the clients, and the
// last calls.
func (k *Kernel) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nodds %+v, %d descriptors, %d connections, stopped: %v\n", k.failure, k.odds, k.most, k.mostConns, k.stopped)
	for _, c := range k.clients {
		fmt.Fprintln(&b, c)
	}
	b.WriteString(k.trace.String())
	return b.String()
}

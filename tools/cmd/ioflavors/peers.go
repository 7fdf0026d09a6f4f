package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// buildPeers builds the peers of the checkout that the user has named, or else of the
// one that the working directory is in. Call remove when they are not needed any more.
func buildPeers(ctx context.Context, named string) (peers []results.Target, remove func(), err error) {
	find := func() (string, error) { return models.FindPeers(".") }
	if named != "" {
		find = func() (string, error) { return models.Checkout(named) }
	}
	checkout, err := find()
	if err != nil {
		return nil, nil, fmt.Errorf("--peers: the peers are built from source, and %w", err)
	}
	bin, err := os.MkdirTemp("", "ioflavors-peers-")
	if err != nil {
		return nil, nil, fmt.Errorf("--peers: %w", err)
	}
	remove = func() { _ = os.RemoveAll(bin) }
	fmt.Fprintln(stderr(), "building the peers of", checkout)
	if said, err := models.BuildCommand(ctx, checkout, bin).CombinedOutput(); err != nil {
		remove()
		if ctx.Err() != nil {
			return nil, nil, &exitError{130, "interrupted before anything was measured"}
		}
		return nil, nil, fmt.Errorf("--peers: build %s: %w: %s", models.PeersDir, err, strings.TrimSpace(string(said)))
	}
	if peers, err = models.BuiltPeers(checkout, bin); err != nil {
		remove()
		return nil, nil, fmt.Errorf("--peers: %w", err)
	}
	return peers, remove, nil
}

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// buildPeers builds the peers of the checkout that the working directory is in.
// Call remove when they are not needed any more.
func buildPeers() (peers []lab.Subject, remove func(), err error) {
	checkout, err := lab.Checkout(".")
	if err != nil {
		return nil, nil, fmt.Errorf("--peers: the peers are built from source, and %w", err)
	}
	bin, err := os.MkdirTemp("", "ioflavors-peers-")
	if err != nil {
		return nil, nil, fmt.Errorf("--peers: %w", err)
	}
	remove = func() { _ = os.RemoveAll(bin) }
	fmt.Fprintln(os.Stderr, "building the peers")
	if said, err := lab.BuildCommand(checkout, bin).CombinedOutput(); err != nil {
		remove()
		return nil, nil, fmt.Errorf("--peers: build %s: %w: %s", lab.PeersDir, err, strings.TrimSpace(string(said)))
	}
	if peers, err = lab.BuiltPeers(checkout, bin); err != nil {
		remove()
		return nil, nil, fmt.Errorf("--peers: %w", err)
	}
	return peers, remove, nil
}

package models

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// peerPrefix begins the names of all peers: they are marked wherever they are
// named, and --models peer means them all.
const peerPrefix = "peer "

// PeersDir is the module of the peers that are built, in the checkout.
const PeersDir = "tools/peers"

// sourceModule begins the paths of all modules of a checkout.
const sourceModule = "github.com/ioflavors/ioflavors/"

// sourceDirs are folders of a checkout: the modules that a build of the peers reads.
var sourceDirs = []string{"common", PeersDir}

// Checkout returns the source checkout that dir is in: where the code of the
// models is, and that of the peers.
func Checkout(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; {
		if isCheckout(at) {
			return at, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", fmt.Errorf("%s is not within a checkout of ioflavors", dir)
		}
		at = up
	}
}

// isCheckout reports whether a folder has the workspace's file, and these modules in
// the places that they have in a checkout.
func isCheckout(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "go.work")); err != nil {
		return false
	}
	for _, module := range sourceDirs {
		text, err := os.ReadFile(filepath.Join(dir, module, "go.mod"))
		if err != nil {
			return false
		}
		if declared := moduleLine.FindSubmatch(text); declared == nil || string(declared[1]) != sourceModule+module {
			return false
		}
	}
	return true
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)"?`)

// FindPeers returns the checkout that dir is in, to build and run what is in it. The
// user need not have looked at a folder that is above this one, so that there is an
// error if another user may have put the checkout there.
func FindPeers(dir string) (checkout string, err error) {
	if checkout, err = Checkout(dir); err != nil {
		return "", err
	}
	refuse := func(err error) error {
		return fmt.Errorf("%w, who could have you run anything: if you trust the checkout, name it: --peers-from %s", err, self.Line([]string{checkout}))
	}
	for _, name := range []string{".", "go.work", "tools"} {
		if err := foreign(filepath.Join(checkout, name)); err != nil {
			return "", refuse(err)
		}
	}
	for _, module := range sourceDirs {
		err := filepath.WalkDir(filepath.Join(checkout, module), func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, foreign(name))
		})
		if err != nil {
			return "", refuse(err)
		}
	}
	return checkout, nil
}

// BuildCommand returns what builds the checkout's peers into the folder bin. It is
// killed when ctx is done.
func BuildCommand(ctx context.Context, checkout, bin string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "poll_opt", "-o", bin+string(filepath.Separator), "./cmd/...")
	cmd.Dir = filepath.Join(checkout, PeersDir)
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+cmd.Dir) // they are outside the workspace
	return cmd
}

// BuiltPeers returns the checkout's peers, whose commands are in the folder bin.
func BuiltPeers(checkout, bin string) ([]results.Target, error) {
	name := filepath.Join(checkout, PeersDir, "peers.json")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var list []struct {
		Name       string            `json:"name"` // kv-LIBRARY
		Exceptions map[string]string `json:"exceptions"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var all []results.Target
	for _, p := range list {
		if !peerName.MatchString(p.Name) {
			return nil, fmt.Errorf("%s: %q is no name of a peer's command", name, p.Name)
		}
		all = append(all, results.Target{
			Name:       peerPrefix + strings.TrimPrefix(p.Name, "kv-"),
			Command:    []string{filepath.Join(bin, p.Name), "--addr", results.AddrPlaceholder},
			Foreign:    true,
			Peer:       true,
			Exceptions: p.Exceptions,
		})
	}
	return all, nil
}

// peerName leaves no way out of the folder that the peers are built into.
var peerName = regexp.MustCompile(`^kv-[a-z0-9-]+$`)

// installed are the peers that are programs of their own, with as little beside
// the network as they can be told: nothing is written to disk.
var installed = []results.Target{
	{
		Name: "redis", Protocol: load.RESP,
		Command: []string{"redis-server", "--save", "", "--appendonly", "no", "--port", results.PortPlaceholder, "--bind", "127.0.0.1"},
	},
	{
		// One thread for requests, memory enough, no UDP, and as many
		// connections as the lab opens.
		Name: "memcached", Protocol: load.Memcached,
		Command: []string{"memcached", "-l", "127.0.0.1", "-p", results.PortPlaceholder, "-t", "1", "-m", "256", "-U", "0", "-c", "16384"},
	},
}

// InstalledPeers returns the peers that are programs on this machine, and what
// to say of those that are not.
func InstalledPeers() (there []results.Target, notMeasured []string) {
	for _, s := range installed {
		if _, err := exec.LookPath(s.Command[0]); err != nil {
			notMeasured = append(notMeasured, fmt.Sprintf("%s%s: there is no %s here", peerPrefix, s.Name, s.Command[0]))
			continue
		}
		s.Name, s.Foreign, s.Peer = peerPrefix+s.Name, true, true
		s.Command = slices.Clone(s.Command)
		if s.Protocol == load.Memcached && os.Geteuid() == 0 {
			// It refuses to run as root by accident. As another user it
			// would forget to end with the lab.
			s.Command = append(s.Command, "-u", "root")
		}
		there = append(there, s)
	}
	return there, notMeasured
}

// WithPeers returns names, as Select takes them, such that they mean the peers
// too. Names of peers mean those alone.
func WithPeers(names []string) []string {
	isPeer := func(name string) bool { return strings.HasPrefix(name+" ", peerPrefix) }
	if len(names) == 0 || slices.ContainsFunc(names, isPeer) {
		return names
	}
	return append(slices.Clone(names), strings.TrimSpace(peerPrefix))
}

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

// peerPrefix begins each peer's name, so that every table marks it; --models peer
// selects all peers.
const peerPrefix = "peer "

// PeersDir is the folder of the checkout in which the peers' module is.
const PeersDir = "tools/peers"

// sourceModule begins the import path of each module of the checkout.
const sourceModule = "github.com/ioflavors/ioflavors/"

// sourceDirs are the folders of the modules from which the peers are built.
var sourceDirs = []string{"common", PeersDir}

// Checkout returns the source checkout around dir.
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

// isCheckout reports whether a folder has the workspace's file, and the modules of
// sourceDirs in their places.
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

// FindPeers returns the checkout around dir, whose code is then built and run. It
// returns an error if another user may have written a part of it, because the user
// may not know a folder above the working directory.
func FindPeers(dir string) (checkout string, err error) {
	if checkout, err = Checkout(dir); err != nil {
		return "", err
	}
	refuse := func(err error) error {
		return fmt.Errorf("%w, who could make you run any program: if you trust the checkout, name it: --peers-from %s", err, self.Line([]string{checkout}))
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

// BuildCommand returns the command that builds the checkout's peers into the folder
// bin. When ctx is done, the command is killed.
func BuildCommand(ctx context.Context, checkout, bin string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "poll_opt", "-o", bin+string(filepath.Separator), "./cmd/...")
	cmd.Dir = filepath.Join(checkout, PeersDir)
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+cmd.Dir) // the peers are outside the workspace
	return cmd
}

// BuiltPeers returns the checkout's peers, whose programs are in the folder bin.
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

// peerName matches names that stay in the folder of the built peers.
var peerName = regexp.MustCompile(`^kv-[a-z0-9-]+$`)

// installed are the peers that are programs of their own, with flags that leave only
// the network's work: they write nothing to disk.
var installed = []results.Target{
	{
		Name: "redis", Protocol: load.RESP,
		Command: []string{"redis-server", "--save", "", "--appendonly", "no", "--port", results.PortPlaceholder, "--bind", "127.0.0.1"},
	},
	{
		// One thread for requests, enough memory, no UDP, and room for the lab's
		// connections.
		Name: "memcached", Protocol: load.Memcached,
		Command: []string{"memcached", "-l", "127.0.0.1", "-p", results.PortPlaceholder, "-t", "1", "-m", "256", "-U", "0", "-c", "16384"},
	},
}

// InstalledPeers returns the peers that are installed on this machine, and a line for
// each one that is not.
func InstalledPeers() (there []results.Target, notMeasured []string) {
	for _, s := range installed {
		if _, err := exec.LookPath(s.Command[0]); err != nil {
			notMeasured = append(notMeasured, fmt.Sprintf("%s%s: there is no %s here", peerPrefix, s.Name, s.Command[0]))
			continue
		}
		s.Name, s.Foreign, s.Peer = peerPrefix+s.Name, true, true
		s.Command = slices.Clone(s.Command)
		if s.Protocol == load.Memcached && os.Geteuid() == 0 {
			// memcached runs as root only with this flag. Under another user it would
			// not end with the lab.
			s.Command = append(s.Command, "-u", "root")
		}
		there = append(there, s)
	}
	return there, notMeasured
}

// InstalledSpeaking is InstalledPeers for the peers that speak the protocol.
func InstalledSpeaking(protocol load.Protocol) (there []results.Target, notMeasured []string) {
	there, notMeasured = InstalledPeers()
	for _, s := range installed {
		if name := peerPrefix + s.Name; s.Protocol != protocol {
			there = slices.DeleteFunc(there, func(other results.Target) bool { return other.Name == name })
			notMeasured = slices.DeleteFunc(notMeasured, func(line string) bool { return strings.HasPrefix(line, name+":") })
		}
	}
	return there, notMeasured
}

// WithPeers returns names for Select that select the peers too. If names has a peer,
// it stays as it is.
func WithPeers(names []string) []string {
	isPeer := func(name string) bool { return strings.HasPrefix(name+" ", peerPrefix) }
	if len(names) == 0 || slices.ContainsFunc(names, isPeer) {
		return names
	}
	return append(slices.Clone(names), strings.TrimSpace(peerPrefix))
}

//go:build unix

package models

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestCheckout(t *testing.T) {
	root, err := Checkout(".")
	require.NoError(t, err)
	want, err := filepath.Abs("../../..")
	require.NoError(t, err)
	assert.Equal(t, want, root)

	elsewhere := t.TempDir()
	_, err = Checkout(elsewhere)
	require.ErrorContains(t, err, "within a checkout of ioflavors")
	require.ErrorContains(t, err, elsewhere)
}

// plantCheckout makes a folder that looks like a checkout whose go.mod files declare
// these modules.
func plantCheckout(t *testing.T, common, peers string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.work"), nil, 0o666))
	for folder, module := range map[string]string{"common": common, PeersDir: peers} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, folder), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, "go.mod"), []byte("// a comment\nmodule "+module+"\n"), 0o666))
	}
	return dir
}

// Once the peers of any folder above the working directory were built and run, if it
// had a tools/peers.
func TestACheckoutIsOfThisModule(t *testing.T) {
	const common, peers = sourceModule + "common", sourceModule + PeersDir
	dir := plantCheckout(t, common, peers)
	below := filepath.Join(dir, "deep", "down")
	require.NoError(t, os.MkdirAll(below, 0o777))
	found, err := FindPeers(below)
	require.NoError(t, err)
	assert.Equal(t, dir, found)

	for _, dir := range []string{plantCheckout(t, common, "evil/"+PeersDir), plantCheckout(t, "evil", peers), plantCheckout(t, common, peers+"/more")} {
		_, err := FindPeers(dir)
		require.ErrorContains(t, err, "within a checkout")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "go.work")))
	_, err = FindPeers(below)
	require.ErrorContains(t, err, "within a checkout")
}

func TestACheckoutIsTheUsers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file to another user")
	}
	for _, name := range []string{".", "go.work", "common", "common/go.mod", "tools", PeersDir, PeersDir + "/go.mod", PeersDir + "/peers.json", PeersDir + "/cmd"} {
		dir := plantCheckout(t, sourceModule+"common", sourceModule+PeersDir)
		require.NoError(t, os.WriteFile(filepath.Join(dir, PeersDir, "peers.json"), nil, 0o666))
		require.NoError(t, os.Mkdir(filepath.Join(dir, PeersDir, "cmd"), 0o777))
		require.NoError(t, os.Lchown(filepath.Join(dir, name), 12345, -1))
		_, err := FindPeers(dir)
		require.ErrorContains(t, err, "belongs to another user (12345)", name)
		require.ErrorContains(t, err, "--peers-from "+dir, name)
		found, err := Checkout(dir)
		require.NoError(t, err, "it may be named, and read")
		assert.Equal(t, dir, found)
	}
}

// A peer's name cannot lead out of the folder of the built peers.
func TestPeersNamesLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, PeersDir), 0o777))
	for _, name := range []string{"../../bin/sh", "kv-../x", "kv-a/b", `kv-a\\b`, "kv-", "sh", "kv-\\u001b[2J", ""} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, PeersDir, "peers.json"), []byte(`[{"name": "`+name+`"}]`), 0o666))
		_, err := BuiltPeers(dir, "bin")
		require.ErrorContains(t, err, "is no name", name)
	}
}

// The lab knows the peers from their module's declarations.
func TestBuiltPeers(t *testing.T) {
	root, err := Checkout(".")
	require.NoError(t, err)
	all, err := BuiltPeers(root, "bin")
	require.NoError(t, err)
	require.NoError(t, Distinct(append(all, Models("ioflavors")...)))
	assert.Equal(t, []string{"peer net", "peer gnet", "peer netpoll", "peer nbio"}, TargetNames(all))
	known := make(map[string]bool)
	for _, r := range conformance.Rules() {
		known[r.ID] = true
	}
	for _, s := range all {
		assert.True(t, s.Peer && s.Foreign && s.Ours(), s.Name)
		assert.DirExists(t, filepath.Join(root, PeersDir, "cmd", filepath.Base(s.Command[0])))
		assert.Equal(t, "1.2.3.4:5", s.At("1.2.3.4:5")[2])
		for rule, why := range s.Exceptions {
			assert.True(t, known[rule], rule)
			assert.NotEmpty(t, why)
		}
	}
	build := BuildCommand(t.Context(), root, "bin")
	assert.Equal(t, filepath.Join(root, PeersDir), build.Dir)
	assert.Contains(t, build.Env, "GOWORK=off")

	_, err = BuiltPeers(t.TempDir(), "bin")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestInstalledPeers(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	there, missing := InstalledPeers()
	assert.Empty(t, there)
	assert.Equal(t, []string{"peer redis: there is no redis-server here", "peer memcached: there is no memcached here"}, missing)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "redis-server"), nil, 0o777))
	there, missing = InstalledPeers()
	require.Len(t, there, 1)
	assert.Len(t, missing, 1)
	s := there[0]
	assert.Equal(t, "peer redis", s.Name)
	assert.True(t, s.Peer && s.Foreign)
	assert.Equal(t, load.RESP, s.Protocol)
	assert.Equal(t, []string{"redis-server", "--save", "", "--appendonly", "no", "--port", "5", "--bind", "127.0.0.1"}, s.At("127.0.0.1:5"))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "memcached"), nil, 0o777))
	there, missing = InstalledPeers()
	require.Len(t, there, 2)
	assert.Empty(t, missing)
	assert.Equal(t, load.Memcached, there[1].Protocol)
	again, _ := InstalledPeers()
	assert.Equal(t, there, again)
}

// Names of models select the peers as well; names of peers select those only.
func TestWithPeers(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{nil, nil},
		{[]string{"eventloop"}, []string{"eventloop", "peer"}},
		{[]string{"peer"}, []string{"peer"}},
		{[]string{"peer gnet", "eventloop"}, []string{"peer gnet", "eventloop"}},
	} {
		assert.Equal(t, c.want, WithPeers(c.names))
	}
	all := append(Models("ioflavors"), results.Target{Name: "peer a"}, results.Target{Name: "peer b"})
	got, err := Select(all, WithPeers([]string{"singleblocking"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"singleblocking", "peer a", "peer b"}, TargetNames(got))
}

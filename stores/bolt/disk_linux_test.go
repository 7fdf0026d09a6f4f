package bolt_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/stores/bolt"
)

// diskVariable names the folder on which the tests' program mounts a small disk; it runs
// in namespaces of its own then.
const diskVariable = "BOLT_DISK"

// A full disk refuses puts, and loses nothing. Reads go on, and puts when there is room
// again, without another start.
func TestAFullDisk(t *testing.T) {
	if os.Getenv(diskVariable) != "" {
		fullDisk(t, os.Getenv(diskVariable))
		return
	}
	inside := exec.Command(os.Args[0], "-test.run=^TestAFullDisk$", "-test.v")
	inside.Env = append(os.Environ(), diskVariable+"="+t.TempDir())
	inside.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := inside.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Skipf("this system permits no user namespace, which a small disk needs: %v", err)
	}
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

func fullDisk(t *testing.T, folder string) {
	mount := func(flags uintptr, size string) error {
		return syscall.Mount("tmpfs", folder, "tmpfs", flags, "size="+size)
	}
	if err := mount(0, "2m"); err != nil {
		t.Skipf("this system permits no mount in a user namespace: %v", err)
	}
	s := open(t, filepath.Join(folder, "data"), bolt.Config{})
	n, err := 0, error(nil)
	for ; err == nil; n++ {
		err = s.Put([]byte(fmt.Sprint(n)), make([]byte, 10_000))
	}
	n--
	require.ErrorIs(t, err, store.ErrFull)
	require.ErrorIs(t, err, syscall.ENOSPC)
	assert.Greater(t, n, 100)
	whole := func() {
		for i := range n {
			value, found, err := s.Append(nil, []byte(fmt.Sprint(i)))
			require.NoError(t, err)
			require.True(t, found)
			require.Len(t, value, 10_000)
		}
	}
	for range 3 {
		require.ErrorIs(t, s.Put([]byte("more"), make([]byte, 100_000)), store.ErrFull)
		whole()
	}
	require.NoError(t, mount(syscall.MS_REMOUNT, "4m"))
	require.NoError(t, s.Put([]byte("more"), make([]byte, 100_000)))
	whole()
	require.NoError(t, s.Close())
	s = open(t, filepath.Join(folder, "data"), bolt.Config{})
	whole()
}

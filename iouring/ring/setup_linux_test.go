package ring

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
)

// without is the setup of a kernel that does not know some flags, or lacks some
// features.
func without(flags, features uint32) setupFunc {
	return func(entries int, p *params) (int, syscall.Errno) {
		if p.flags&flags != 0 {
			return -1, unix.EINVAL
		}
		fd, errno := setup(entries, p)
		p.features &^= features
		return fd, errno
	}
}

func failing(errno syscall.Errno) setupFunc {
	return func(int, *params) (int, syscall.Errno) { return -1, errno }
}

// In Linux 6.1 the queue is an array of indexes of operations.
func TestAnOlderKernel(t *testing.T) {
	need(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := open(small, without(setupNoSQArray, 0))
	require.NoError(t, err)
	defer r.Close()
	ours, theirs := pair(t)
	r.Recv(ours, NewToken(0, 0, Recv))
	for range 5 * small.Entries {
		write(t, theirs, "x")
		assert.Equal(t, "x", data(t, r, one(t, r)))
		r.Send(ours, []byte("y"), NewToken(0, 0, Send))
		nothing(t, r)
		var b [2]byte
		n, err := unix.Read(theirs, b[:])
		require.NoError(t, err)
		require.Equal(t, "y", string(b[:n]))
	}
}

func TestAKernelThatIsTooOld(t *testing.T) {
	need(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := openFiles(t)
	for _, flag := range []uint32{setupCQSize, setupSubmitAll, setupTaskrunFlag, setupSingleIssuer, setupDeferTaskrun} {
		_, err := open(small, without(flag, 0))
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, "Linux 6.1 or later is needed, and this is "+release())
	}
	for _, f := range features {
		_, err := open(small, without(0, f.bit))
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorContains(t, err, f.name)
	}
	assert.Equal(t, before, openFiles(t))
}

func TestWhyThereIsNone(t *testing.T) {
	for errno, why := range map[syscall.Errno]string{
		unix.ENOSYS: "seccomp",
		unix.EPERM:  "forbidden",
		unix.EACCES: "forbidden",
		unix.ENOMEM: "RLIMIT_MEMLOCK",
	} {
		_, err := open(small, failing(errno))
		require.ErrorIs(t, err, ErrUnavailable)
		require.ErrorIs(t, err, errno)
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, err, "io_uring_setup: ")
		require.NotContains(t, err.Error(), "\n")
		t.Log(err)
	}
	// EMFILE means that this process has too many open files, not that there is no io_uring.
	_, err := open(small, failing(unix.EMFILE))
	require.ErrorIs(t, err, unix.EMFILE)
	require.NotErrorIs(t, err, ErrUnavailable)
}

func TestWhoForbidsIt(t *testing.T) {
	assert.Contains(t, forbidden("2"), "kernel.io_uring_disabled = 2")
	assert.Contains(t, forbidden("1"), "kernel.io_uring_group")
	for _, other := range []string{"0", ""} {
		assert.Contains(t, forbidden(other), "seccomp")
	}
	assert.Empty(t, readSysctl("/proc/sys/kernel/there_is_none"))
	assert.NotEmpty(t, readSysctl("/proc/sys/kernel/ostype"))
}

func TestAvailableOnAnyGoroutine(t *testing.T) {
	before := openFiles(t)
	errs := make(chan error)
	for range 20 {
		go func() { errs <- Available() }()
	}
	first := <-errs
	for range 19 {
		err := <-errs
		assert.Equal(t, first == nil, err == nil)
	}
	assert.Equal(t, before, openFiles(t))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	only := rawwait.New()
	defer only.Leave()
	assert.True(t, only.Allowed())
}

// The kernel reads two halves where the ring stores one word.
func TestHalves(t *testing.T) {
	word := halves(0x1234, 0xabcd)
	assert.Equal(t, [2]uint16{0x1234, 0xabcd}, *(*[2]uint16)(unsafe.Pointer(&word)))
}

// The kernel expects these sizes and offsets.
func TestLayout(t *testing.T) {
	assert.EqualValues(t, 64, unsafe.Sizeof(sqe{}))
	assert.EqualValues(t, 32, unsafe.Offsetof(sqe{}.token))
	assert.EqualValues(t, 40, unsafe.Offsetof(sqe{}.bufferGroup))
	assert.EqualValues(t, 16, unsafe.Sizeof(Completion{}))
	assert.EqualValues(t, 120, unsafe.Sizeof(params{}))
	assert.EqualValues(t, 40, unsafe.Offsetof(params{}.sq))
	assert.EqualValues(t, 80, unsafe.Offsetof(params{}.cq))
	assert.EqualValues(t, 16, unsafe.Sizeof(bufferEntry{}))
	assert.EqualValues(t, 40, unsafe.Sizeof(bufferRing{}))
	assert.EqualValues(t, 64, unsafe.Sizeof(syncCancel{}))
	assert.EqualValues(t, enterArgSize, unsafe.Offsetof(enterArg{}.seconds))
}
